/** `wave.pusher.com/update-on-config-change`: whatever the pod template refers to. */
import { annotate, annotateTemplate, create, edit, label, remove } from '../actions.ts';
import { type Cell, casesOf, cellId, cellWords, type Row, type Table } from '../build.ts';
import type { CompatCase } from '../case.ts';
import { configMap, podUsing, secret, sourceObject, together } from '../manifest.ts';
import { PLAIN } from './groups.ts';
import { CONFIG_HASH, TRUE, UPDATE } from './names.ts';

const TABLE: Table = { tool: 'wave', group: PLAIN, form: 'wave' };

const ROLLING: readonly Cell[] = [
  ['Deployment', 'env-key', 'ConfigMap'],
  ['Deployment', 'env-key', 'Secret'],
  ['Deployment', 'env-from', 'ConfigMap'],
  ['Deployment', 'env-from', 'Secret'],
  ['Deployment', 'volume', 'ConfigMap'],
  ['Deployment', 'volume', 'Secret'],
  ['Deployment', 'volume-item', 'Secret'],
  ['Deployment', 'projected', 'ConfigMap'],
  ['Deployment', 'projected', 'Secret'],
  ['Deployment', 'init-env-from', 'ConfigMap'],
  ['Deployment', 'init-env-key', 'Secret'],
  ['Deployment', 'init-volume', 'ConfigMap'],
  ['StatefulSet', 'env-key', 'ConfigMap'],
  ['StatefulSet', 'env-from', 'Secret'],
  ['StatefulSet', 'volume', 'ConfigMap'],
  ['StatefulSet', 'projected', 'Secret'],
  ['StatefulSet', 'init-env-from', 'Secret'],
  ['DaemonSet', 'env-key', 'Secret'],
  ['DaemonSet', 'env-from', 'ConfigMap'],
  ['DaemonSet', 'volume', 'Secret'],
  ['DaemonSet', 'projected', 'ConfigMap'],
  ['DaemonSet', 'init-env-key', 'ConfigMap'],
];

const OTHER_KEY: readonly Cell[] = [
  ['Deployment', 'env-key', 'ConfigMap'],
  ['Deployment', 'volume-item', 'Secret'],
  ['Deployment', 'sub-path', 'ConfigMap'],
  ['StatefulSet', 'env-key', 'Secret'],
  ['DaemonSet', 'env-key', 'ConfigMap'],
];

const UNMANAGED: readonly (readonly [Cell, Readonly<Record<string, string>>, string])[] = [
  [['Deployment', 'env-from', 'ConfigMap'], {}, 'no annotation'],
  [['StatefulSet', 'volume', 'Secret'], {}, 'no annotation'],
  [['DaemonSet', 'env-from', 'Secret'], {}, 'no annotation'],
  [['Deployment', 'volume', 'ConfigMap'], { [UPDATE]: 'false' }, '"false"'],
  [['StatefulSet', 'env-from', 'ConfigMap'], { [UPDATE]: 'yes' }, '"yes"'],
  [['DaemonSet', 'volume', 'ConfigMap'], { [UPDATE]: 'True' }, '"True", which is not "true"'],
  [['Deployment', 'env-key', 'Secret'], { [UPDATE]: '' }, 'an empty value'],
];

const cellOf = ([kind, use, source]: Cell): Pick<Row, 'kind' | 'use' | 'source'> => ({ kind, use, source });

const MATRIX: readonly Row[] = [
  ...ROLLING.map((cell) => ({
    ...cellOf(cell),
    id: `wave-${cellId(cell)}`,
    name: `wave: a ${cellWords(cell)} rolls`,
    annotations: TRUE,
  })),
  ...OTHER_KEY.map(
    (cell): Row => ({
      ...cellOf(cell),
      id: `wave-other-key-${cellId(cell)}`,
      name: `wave: another key changes, a ${cellWords(cell)} stays`,
      annotations: TRUE,
      change: [edit(cell[2], { unused: 'two' })],
      outcome: 'stays',
      flip: { change: [edit(cell[2])] },
    }),
  ),
  ...UNMANAGED.map(
    ([cell, annotations, words], index): Row => ({
      ...cellOf(cell),
      id: `wave-unmanaged-${index}`,
      name: `wave: ${words}: a ${cellWords(cell)} stays`,
      annotations,
      unrecorded: true,
      outcome: 'stays',
      flip: { set: [annotate(cell[0], TRUE)], change: [edit(cell[2], { used: 'three' })] },
    }),
  ),
];

const optional = { optional: true } as const;

const DETAILS: readonly Row[] = [
  {
    id: 'wave-labels-only',
    name: 'wave: a change of nothing but labels of a ConfigMap stays',
    annotations: TRUE,
    change: [label('ConfigMap', { team: 'a' })],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'wave-annotations-only',
    name: 'wave: a change of nothing but annotations of a Secret stays',
    kind: 'StatefulSet',
    source: 'Secret',
    annotations: TRUE,
    change: [annotate('Secret', { note: 'new' })],
    outcome: 'stays',
    flip: { change: [edit('Secret')] },
  },
  {
    id: 'wave-unreferenced',
    name: 'wave: a Secret that the pod does not refer to may change',
    annotations: TRUE,
    sources: [configMap(), secret('stranger')],
    change: [edit('Secret', { used: 'two' }, 'stranger')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'wave-template-annotation',
    name: 'wave: the annotation on the pod template says nothing, as wave reads the metadata',
    templateAnnotations: TRUE,
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate('Deployment', TRUE)], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'wave-binary',
    name: 'wave: binaryData of a ConfigMap that changes rolls',
    use: 'volume',
    annotations: TRUE,
    change: [{ do: 'patch', kind: 'ConfigMap', name: 'source', patch: { binaryData: { file: 'dHdv' } } }],
  },
  {
    id: 'wave-together',
    name: 'wave: a ConfigMap and a Secret that change together are one rollout',
    kind: 'DaemonSet',
    annotations: TRUE,
    sources: [configMap(), secret('other')],
    parts: { pod: together(podUsing('volume', 'ConfigMap'), podUsing('env-from', 'Secret', { name: 'other' })) },
    change: [edit('ConfigMap'), edit('Secret', { used: 'two' }, 'other')],
  },
  {
    id: 'wave-two-references',
    name: 'wave: a ConfigMap that is used by key and as a whole counts as a whole',
    annotations: TRUE,
    parts: { pod: together(podUsing('env-key', 'ConfigMap'), podUsing('volume', 'ConfigMap')) },
    change: [edit('ConfigMap', { unused: 'two' })],
  },
  {
    id: 'wave-optional-comes',
    name: 'wave: an optional ConfigMap that comes rolls',
    annotations: TRUE,
    parts: { pod: podUsing('env-from', 'ConfigMap', optional) },
    sources: [],
    change: [create(configMap())],
  },
  {
    id: 'wave-optional-goes',
    name: 'wave: an optional Secret that goes rolls',
    kind: 'StatefulSet',
    source: 'Secret',
    annotations: TRUE,
    parts: { pod: podUsing('volume', 'Secret', optional) },
    change: [remove('Secret')],
  },
  {
    id: 'wave-optional-key-comes',
    name: 'wave: an optional key that comes rolls',
    annotations: TRUE,
    parts: { pod: podUsing('env-key', 'ConfigMap', optional) },
    sources: [configMap('source', { unused: 'one' })],
    change: [edit('ConfigMap', { used: 'one' })],
  },
  {
    id: 'wave-optional-other-key',
    name: 'wave: with an optional key, another key that comes does not roll',
    annotations: TRUE,
    parts: { pod: podUsing('env-key', 'Secret', optional) },
    source: 'Secret',
    change: [edit('Secret', { more: 'one' })],
    outcome: 'stays',
    flip: { change: [edit('Secret')] },
  },
  {
    id: 'wave-required-comes',
    name: 'wave: a required Secret that comes later does not roll: the pods were waiting for it',
    source: 'Secret',
    annotations: TRUE,
    sources: [],
    change: [create(sourceObject('Secret'))],
    outcome: 'stays',
    flip: { change: [edit('Secret', { used: 'three' })] },
  },
  {
    id: 'wave-required-goes',
    name: 'wave: a required ConfigMap that goes does not roll: new pods could not start',
    kind: 'DaemonSet',
    annotations: TRUE,
    change: [remove('ConfigMap')],
    outcome: 'stays',
    flip: { change: [create(configMap('source', { used: 'two' }))] },
  },
  {
    id: 'wave-required-returns',
    name: 'wave: a required Secret that returns with other content rolls',
    kind: 'StatefulSet',
    source: 'Secret',
    annotations: TRUE,
    prepare: [remove('Secret')],
    change: [create(secret('source', { used: 'two' }))],
  },
  {
    id: 'wave-hash-left',
    name: 'wave: a config-hash that wave left does not roll at first sight, and a change is one rollout',
    annotations: TRUE,
    templateAnnotations: { [CONFIG_HASH]: 'e3b0c44298fc1c14' },
    change: [],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'wave-users-rollout',
    name: 'wave: a rollout by the user with nothing else changed is one rollout',
    annotations: TRUE,
    change: [annotateTemplate('Deployment', { release: '2' })],
  },
  {
    id: 'wave-recreate-strategy',
    name: 'wave: a Deployment with strategy Recreate rolls',
    annotations: TRUE,
    parts: { spec: { strategy: { type: 'Recreate' } }, pod: podUsing('env-from', 'ConfigMap') },
  },
  {
    id: 'wave-on-delete',
    name: 'wave: a StatefulSet with strategy OnDelete is stamped: one revision, its owner deletes the pods',
    kind: 'StatefulSet',
    annotations: TRUE,
    parts: { spec: { updateStrategy: { type: 'OnDelete' } }, pod: podUsing('env-from', 'ConfigMap') },
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, [...MATRIX, ...DETAILS]);
