/** `reloader.stakater.com/auto`: whatever the pod template refers to. */
import { annotate, edit, label } from '../actions.ts';
import { type Cell, casesOf, cellId, cellWords, type Row, type Table } from '../build.ts';
import type { CompatCase } from '../case.ts';
import type { WorkloadKind } from '../kinds.ts';
import { configMap, container, podUsing, secret, together } from '../manifest.ts';
import { PLAIN } from './groups.ts';

export const AUTO = 'reloader.stakater.com/auto';
const TRUE = { [AUTO]: 'true' };

const TABLE: Table = { tool: 'reloader', group: PLAIN, form: 'auto' };

const ROLLING: readonly Cell[] = [
  ['Deployment', 'env-key', 'ConfigMap'],
  ['Deployment', 'env-key', 'Secret'],
  ['Deployment', 'env-from', 'ConfigMap'],
  ['Deployment', 'env-from', 'Secret'],
  ['Deployment', 'volume', 'ConfigMap'],
  ['Deployment', 'volume', 'Secret'],
  ['Deployment', 'volume-item', 'ConfigMap'],
  ['Deployment', 'sub-path', 'Secret'],
  ['Deployment', 'projected', 'ConfigMap'],
  ['Deployment', 'projected', 'Secret'],
  ['Deployment', 'init-env-from', 'ConfigMap'],
  ['Deployment', 'init-env-key', 'Secret'],
  ['Deployment', 'init-volume', 'Secret'],
  ['Deployment', 'sidecar-env-from', 'ConfigMap'],
  ['StatefulSet', 'env-from', 'ConfigMap'],
  ['StatefulSet', 'env-key', 'Secret'],
  ['StatefulSet', 'volume', 'Secret'],
  ['StatefulSet', 'projected', 'ConfigMap'],
  ['StatefulSet', 'init-env-from', 'Secret'],
  ['DaemonSet', 'env-from', 'Secret'],
  ['DaemonSet', 'env-key', 'ConfigMap'],
  ['DaemonSet', 'volume', 'ConfigMap'],
  ['DaemonSet', 'projected', 'Secret'],
  ['DaemonSet', 'init-volume', 'ConfigMap'],
  ['CronJob', 'env-from', 'ConfigMap'],
  ['CronJob', 'env-key', 'Secret'],
  ['CronJob', 'volume', 'Secret'],
  ['CronJob', 'projected', 'ConfigMap'],
  ['CronJob', 'init-env-from', 'Secret'],
  ['Rollout', 'env-from', 'Secret'],
  ['Rollout', 'env-key', 'ConfigMap'],
  ['Rollout', 'volume', 'ConfigMap'],
  ['Rollout', 'projected', 'Secret'],
  ['Rollout', 'init-volume', 'Secret'],
  ['DeploymentConfig', 'env-from', 'ConfigMap'],
  ['DeploymentConfig', 'volume', 'Secret'],
  ['CloneSet', 'env-from', 'Secret'],
];

/** Reloader rolls for any key of an object; restamp does not for one that nothing uses. */
const OTHER_KEY: readonly Cell[] = [
  ['Deployment', 'env-key', 'ConfigMap'],
  ['Deployment', 'volume-item', 'ConfigMap'],
  ['Deployment', 'sub-path', 'Secret'],
  ['StatefulSet', 'env-key', 'Secret'],
  ['DaemonSet', 'env-key', 'ConfigMap'],
  ['CronJob', 'env-key', 'Secret'],
  ['Rollout', 'env-key', 'ConfigMap'],
];

const SAYING_FALSE: readonly Cell[] = [
  ['Deployment', 'env-from', 'ConfigMap'],
  ['StatefulSet', 'volume', 'Secret'],
  ['DaemonSet', 'projected', 'ConfigMap'],
  ['CronJob', 'env-from', 'Secret'],
  ['Rollout', 'volume', 'ConfigMap'],
];

const SAYING_NOTHING: readonly Cell[] = [
  ['Deployment', 'volume', 'Secret'],
  ['StatefulSet', 'env-from', 'ConfigMap'],
  ['DaemonSet', 'env-key', 'Secret'],
  ['CronJob', 'projected', 'Secret'],
  ['Rollout', 'env-from', 'ConfigMap'],
  ['DeploymentConfig', 'env-from', 'Secret'],
];

const MATRIX: readonly Row[] = [
  ...ROLLING.map((cell) => ({
    ...cellOf(cell),
    id: `auto-${cellId(cell)}`,
    name: `auto "true": a ${cellWords(cell)} rolls`,
    annotations: TRUE,
  })),
  ...OTHER_KEY.map(
    (cell): Row => ({
      ...cellOf(cell),
      id: `auto-other-key-${cellId(cell)}`,
      name: `auto "true", another key changes: a ${cellWords(cell)} stays (Reloader rolls)`,
      annotations: TRUE,
      change: [edit(cell[2], { unused: 'two' })],
      outcome: 'stays',
      flip: { change: [edit(cell[2])] },
    }),
  ),
  ...SAYING_FALSE.map(
    (cell): Row => ({
      ...cellOf(cell),
      id: `auto-false-${cellId(cell)}`,
      name: `auto "false": a ${cellWords(cell)} stays`,
      annotations: { [AUTO]: 'false' },
      unrecorded: true,
      outcome: 'stays',
      flip: optIn(cell),
    }),
  ),
  ...SAYING_NOTHING.map(
    (cell): Row => ({
      ...cellOf(cell),
      id: `auto-none-${cellId(cell)}`,
      name: `no annotation: a ${cellWords(cell)} stays`,
      form: 'none',
      unrecorded: true,
      outcome: 'stays',
      flip: optIn(cell),
    }),
  ),
];

function cellOf([kind, use, source]: Cell): Pick<Row, 'kind' | 'use' | 'source'> {
  return { kind, use, source };
}

function optIn([kind, , source]: Cell): NonNullable<Row['flip']> {
  return { set: [annotate(kind, TRUE)], change: [edit(source, { used: 'three' })] };
}

const word = (text: string): string => text.toLowerCase();

const WORDS: readonly Row[] = [
  ...['1', 't', 'T', 'TRUE', 'True'].map((text, index) => ({
    id: `auto-word-true-${index}-${word(text)}`,
    name: `auto "${text}" is a yes, as Go's ParseBool has it`,
    annotations: { [AUTO]: text },
  })),
  ...['0', 'f', 'F', 'FALSE', 'False'].map(
    (text, index): Row => ({
      id: `auto-word-false-${index}-${word(text)}`,
      name: `auto "${text}" is a no, as Go's ParseBool has it`,
      annotations: { [AUTO]: text },
      unrecorded: true,
      outcome: 'stays',
      flip: optIn(['Deployment', 'env-from', 'ConfigMap']),
    }),
  ),
];

const metadataOnly = (kind: WorkloadKind, source: 'ConfigMap' | 'Secret', what: 'labels' | 'annotations'): Row => ({
  id: `auto-only-${what}-${kind.toLowerCase()}-${source.toLowerCase()}`,
  name: `auto "true": a change of nothing but ${what} of a ${source} does not roll a ${kind}`,
  kind,
  use: 'volume',
  source,
  annotations: TRUE,
  change: [what === 'labels' ? label(source, { team: 'a' }) : annotate(source, { note: 'new' })],
  outcome: 'stays',
  flip: { change: [edit(source)] },
});

const CONTENT: readonly Row[] = [
  metadataOnly('Deployment', 'ConfigMap', 'labels'),
  metadataOnly('Deployment', 'Secret', 'annotations'),
  metadataOnly('StatefulSet', 'Secret', 'labels'),
  metadataOnly('DaemonSet', 'ConfigMap', 'annotations'),
  metadataOnly('CronJob', 'ConfigMap', 'labels'),
  metadataOnly('Rollout', 'Secret', 'labels'),
  {
    id: 'auto-unreferenced-configmap',
    name: 'auto "true": a ConfigMap that the pod does not refer to may change',
    annotations: TRUE,
    sources: [configMap(), configMap('stranger')],
    change: [edit('ConfigMap', { used: 'two' }, 'stranger')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'auto-unreferenced-secret',
    name: 'auto "true": a Secret with the name of the ConfigMap that the pod refers to may change',
    annotations: TRUE,
    sources: [configMap(), secret()],
    change: [edit('Secret')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'auto-new-key',
    name: 'auto "true": a key that comes to a ConfigMap in envFrom rolls',
    annotations: TRUE,
    change: [edit('ConfigMap', { more: 'one' })],
  },
  {
    id: 'auto-key-gone',
    name: 'auto "true": a key that goes from a Secret in a volume rolls',
    use: 'volume',
    source: 'Secret',
    annotations: TRUE,
    change: [edit('Secret', { unused: null })],
  },
  {
    id: 'auto-binary',
    name: 'auto "true": binaryData of a ConfigMap that changes rolls',
    use: 'volume',
    annotations: TRUE,
    change: [{ do: 'patch', kind: 'ConfigMap', name: 'source', patch: { binaryData: { file: 'dHdv' } } }],
  },
  {
    id: 'auto-same-bytes',
    name: 'auto "true": text that moves from data to binaryData as the same bytes does not roll',
    use: 'volume',
    annotations: TRUE,
    change: [
      { do: 'patch', kind: 'ConfigMap', name: 'source', patch: { data: { used: null }, binaryData: { used: 'b25l' } } },
    ],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap', { unused: 'two' })] },
  },
  {
    id: 'auto-both-together',
    name: 'auto "true": a ConfigMap and a Secret that change together are one rollout (Reloader: two)',
    annotations: TRUE,
    sources: [configMap(), secret('other')],
    parts: { pod: together(podUsing('env-from', 'ConfigMap'), podUsing('volume', 'Secret', { name: 'other' })) },
    change: [edit('ConfigMap'), edit('Secret', { used: 'two' }, 'other')],
  },
  {
    id: 'auto-shared',
    name: 'auto "true": two containers that share a ConfigMap are one rollout',
    annotations: TRUE,
    parts: {
      podSpec: {
        containers: [
          container('first', { envFrom: [{ configMapRef: { name: 'source' } }] }),
          container('second', { envFrom: [{ configMapRef: { name: 'source' } }] }),
        ],
      },
    },
  },
  {
    id: 'auto-second-container',
    name: 'auto "true": a ConfigMap of the second container alone rolls',
    annotations: TRUE,
    parts: {
      podSpec: {
        containers: [container('first', {}), container('second', { envFrom: [{ configMapRef: { name: 'source' } }] })],
      },
    },
  },
  {
    id: 'auto-many-edits',
    name: 'auto "true": five edits in a row are one rollout (Reloader: up to five)',
    annotations: TRUE,
    change: ['2', '3', '4', '5', '6'].map((used) => edit('ConfigMap', { used })),
  },
  {
    id: 'auto-there-and-back',
    name: 'auto "true": an edit that is taken back at once does not roll (Reloader: two rollouts)',
    annotations: TRUE,
    change: [edit('ConfigMap'), edit('ConfigMap', { used: 'one' })],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, [...MATRIX, ...WORDS, ...CONTENT]);
