/** Sources that come, go and return: by default, and with `--reload-on-create` and `--reload-on-delete`. */
import { annotate, create, edit, remove } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase } from '../case.ts';
import type { SourceKind, WorkloadKind } from '../kinds.ts';
import { configMap, podUsing, secret, sourceObject, type WorkloadParts } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { EXCLUDE } from './exclude.ts';
import { ON_BOTH, ON_CREATE, ON_DELETE, PLAIN } from './groups.ts';
import { IGNORE } from './ignore.ts';
import { RELOAD } from './named.ts';
import { MATCH, SEARCH } from './search-match.ts';

const TABLE: Table = { tool: 'reloader', group: PLAIN, form: 'auto' };
const TRUE = { [AUTO]: 'true' };

const optional = (source: SourceKind): WorkloadParts => ({ pod: podUsing('env-from', source, { optional: true }) });
const changed = (source: SourceKind): ReturnType<typeof configMap> =>
  source === 'ConfigMap' ? configMap('source', { used: 'two' }) : secret('source', { used: 'two' });
const editLater = (source: SourceKind): NonNullable<Row['flip']> => ({ change: [edit(source, { used: 'three' })] });

/** A workload that names the source and does not refer to it. */
const naming = (
  kind: WorkloadKind,
  source: SourceKind,
): Pick<Row, 'kind' | 'use' | 'form' | 'source' | 'annotations'> => ({
  kind,
  source,
  use: 'none',
  form: 'named',
  annotations: { [RELOAD[source]]: 'source' },
});

const PAIRS: readonly (readonly [WorkloadKind, SourceKind])[] = [
  ['Deployment', 'ConfigMap'],
  ['StatefulSet', 'Secret'],
  ['DaemonSet', 'ConfigMap'],
  ['CronJob', 'Secret'],
  ['Rollout', 'ConfigMap'],
];

const idOf = (what: string, [kind, source]: readonly [WorkloadKind, SourceKind]): string =>
  `${what}-${kind.toLowerCase()}-${source.toLowerCase()}`;

const BY_DEFAULT: readonly Row[] = [
  ...PAIRS.map(
    ([kind, source]): Row => ({
      ...naming(kind, source),
      id: idOf('created-named', [kind, source]),
      name: `a named ${source} that comes later does not roll a ${kind}`,
      sources: [],
      unrecorded: true,
      change: [create(sourceObject(source))],
      outcome: 'stays',
      flip: editLater(source),
    }),
  ),
  ...PAIRS.map(
    ([kind, source]): Row => ({
      id: idOf('created-required', [kind, source]),
      name: `a required ${source} that comes later does not roll a ${kind}: its pods were waiting for it`,
      kind,
      source,
      annotations: TRUE,
      sources: [],
      change: [create(sourceObject(source))],
      outcome: 'stays',
      flip: editLater(source),
    }),
  ),
  {
    id: 'created-optional',
    name: 'an optional Secret that comes later rolls',
    source: 'Secret',
    annotations: TRUE,
    parts: optional('Secret'),
    sources: [],
    change: [create(sourceObject('Secret'))],
  },
  {
    id: 'deleted-optional',
    name: 'an optional ConfigMap that goes rolls',
    annotations: TRUE,
    parts: optional('ConfigMap'),
    change: [remove('ConfigMap')],
  },
  ...PAIRS.slice(0, 2).map(
    ([kind, source]): Row => ({
      ...naming(kind, source),
      id: idOf('deleted-named', [kind, source]),
      name: `a named ${source} that goes does not roll a ${kind}`,
      change: [remove(source)],
      outcome: 'stays',
      flip: { change: [create(changed(source))] },
    }),
  ),
  ...PAIRS.slice(0, 3).map(
    ([kind, source]): Row => ({
      id: idOf('deleted-required', [kind, source]),
      name: `a required ${source} that goes does not roll a ${kind}: new pods could not start`,
      kind,
      source,
      annotations: TRUE,
      change: [remove(source)],
      outcome: 'stays',
      flip: { change: [create(changed(source))] },
    }),
  ),
  {
    ...naming('Deployment', 'ConfigMap'),
    id: 'recreated-named-same',
    name: 'a named ConfigMap that returns with the same content does not roll (Reloader: it does, it keeps no state)',
    prepare: [remove('ConfigMap')],
    change: [create(configMap())],
    outcome: 'stays',
    flip: editLater('ConfigMap'),
  },
  {
    ...naming('StatefulSet', 'Secret'),
    id: 'recreated-named-other',
    name: 'a named Secret that returns with other content rolls',
    prepare: [remove('Secret')],
    change: [create(changed('Secret'))],
  },
  {
    id: 'recreated-required-same',
    name: 'a required Secret that returns with the same content does not roll',
    source: 'Secret',
    annotations: TRUE,
    prepare: [remove('Secret')],
    change: [create(secret())],
    outcome: 'stays',
    flip: editLater('Secret'),
  },
  {
    id: 'recreated-required-other',
    name: 'a required ConfigMap that returns with other content rolls',
    annotations: TRUE,
    prepare: [remove('ConfigMap')],
    change: [create(changed('ConfigMap'))],
  },
  {
    id: 'recreated-at-once-same',
    name: 'a ConfigMap that is deleted and at once created with the same content does not roll',
    annotations: TRUE,
    change: [remove('ConfigMap'), create(configMap())],
    outcome: 'stays',
    flip: editLater('ConfigMap'),
  },
  {
    id: 'recreated-at-once-other',
    name: 'a ConfigMap that is deleted and at once created with other content is one rollout',
    annotations: TRUE,
    change: [remove('ConfigMap'), create(changed('ConfigMap'))],
  },
  {
    id: 'key-required-comes',
    name: 'a required key that comes later does not roll: the pods were waiting for it',
    use: 'env-key',
    annotations: TRUE,
    sources: [configMap('source', { unused: 'one' })],
    change: [edit('ConfigMap', { used: 'one' })],
    outcome: 'stays',
    flip: editLater('ConfigMap'),
  },
];

const WITH_CREATE: readonly Row[] = [
  ...PAIRS.map(
    ([kind, source]): Row => ({
      ...naming(kind, source),
      id: idOf('on-create-named', [kind, source]),
      name: `reload-on-create: a named ${source} that comes rolls a ${kind}`,
      sources: [],
      unrecorded: true,
      change: [create(sourceObject(source))],
    }),
  ),
  ...PAIRS.map(
    ([kind, source]): Row => ({
      id: idOf('on-create-required', [kind, source]),
      name: `reload-on-create: a required ${source} that comes rolls a ${kind}`,
      kind,
      source,
      annotations: TRUE,
      sources: [],
      change: [create(sourceObject(source))],
    }),
  ),
  {
    id: 'on-create-optional',
    name: 'reload-on-create: an optional ConfigMap that comes is one rollout',
    annotations: TRUE,
    parts: optional('ConfigMap'),
    sources: [],
    change: [create(configMap())],
  },
  {
    id: 'on-create-unreferenced',
    name: 'reload-on-create: a ConfigMap that nobody refers to rolls nobody',
    annotations: TRUE,
    change: [create(configMap('stranger'))],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'on-create-excluded',
    name: 'reload-on-create: an excluded Secret that comes rolls nobody',
    source: 'Secret',
    annotations: { ...TRUE, [EXCLUDE.Secret]: 'source' },
    sources: [],
    unrecorded: true,
    change: [create(secret())],
    outcome: 'stays',
    flip: { set: [annotate('Deployment', { [EXCLUDE.Secret]: null })], change: [edit('Secret', { used: 'three' })] },
  },
  {
    id: 'on-create-ignored',
    name: 'reload-on-create: a ConfigMap that comes as ignored rolls nobody',
    annotations: { [RELOAD.ConfigMap]: 'source' },
    form: 'named',
    use: 'none',
    sources: [],
    unrecorded: true,
    change: [create(configMap('source', undefined, { annotations: { [IGNORE]: 'true' } }))],
    outcome: 'stays',
    flip: { set: [annotate('ConfigMap', { [IGNORE]: null })], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'on-create-unmanaged',
    name: 'reload-on-create: a workload without annotations does not roll for a ConfigMap that comes',
    form: 'none',
    sources: [],
    unrecorded: true,
    change: [create(configMap())],
    outcome: 'stays',
    flip: { set: [annotate('Deployment', TRUE)], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'on-create-search',
    name: 'reload-on-create: search, a marked Secret that comes rolls',
    form: 'search',
    source: 'Secret',
    annotations: { [SEARCH]: 'true' },
    sources: [],
    unrecorded: true,
    change: [create(secret('source', undefined, { annotations: { [MATCH]: 'true' } }))],
  },
  {
    id: 'on-create-regex',
    name: 'reload-on-create: a ConfigMap that comes and that an expression names rolls',
    form: 'regex',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'sou.*' },
    sources: [],
    unrecorded: true,
    change: [create(configMap())],
  },
];

const WITH_DELETE: readonly Row[] = [
  ...PAIRS.map(
    ([kind, source]): Row => ({
      ...naming(kind, source),
      id: idOf('on-delete-named', [kind, source]),
      name: `reload-on-delete: a named ${source} that goes rolls a ${kind}`,
      change: [remove(source)],
    }),
  ),
  ...PAIRS.map(
    ([kind, source]): Row => ({
      id: idOf('on-delete-required', [kind, source]),
      name: `reload-on-delete: a required ${source} that goes rolls a ${kind}`,
      kind,
      source,
      annotations: TRUE,
      change: [remove(source)],
    }),
  ),
  {
    id: 'on-delete-optional',
    name: 'reload-on-delete: an optional Secret that goes is one rollout',
    source: 'Secret',
    annotations: TRUE,
    parts: optional('Secret'),
    change: [remove('Secret')],
  },
  {
    id: 'on-delete-unreferenced',
    name: 'reload-on-delete: a Secret that nobody refers to rolls nobody',
    annotations: TRUE,
    sources: [configMap(), secret('stranger')],
    change: [remove('Secret', 'stranger')],
    outcome: 'stays',
    flip: { change: [remove('ConfigMap')] },
  },
  {
    id: 'on-delete-unmanaged',
    name: 'reload-on-delete: a workload without annotations does not roll for a ConfigMap that goes',
    form: 'none',
    unrecorded: true,
    change: [remove('ConfigMap')],
    outcome: 'stays',
    flip: {
      set: [create(configMap()), annotate('Deployment', TRUE)],
      change: [edit('ConfigMap', { used: 'three' })],
    },
  },
];

const WITH_BOTH: readonly Row[] = [
  {
    ...naming('Deployment', 'ConfigMap'),
    id: 'on-both-recreated',
    name: 'reload-on-create and -delete: a named ConfigMap that went returns with other content in one rollout more',
    prepare: [remove('ConfigMap')],
    change: [create(changed('ConfigMap'))],
  },
  {
    id: 'on-both-edited',
    name: 'reload-on-create and -delete: an edit is one rollout as ever',
    kind: 'StatefulSet',
    annotations: TRUE,
  },
  {
    id: 'on-both-at-once',
    name: 'reload-on-create and -delete: a Secret that is deleted and at once created with other content is one rollout',
    source: 'Secret',
    annotations: TRUE,
    change: [remove('Secret'), create(changed('Secret'))],
  },
];

export const CASES: readonly CompatCase[] = [
  ...casesOf(TABLE, BY_DEFAULT),
  ...casesOf({ ...TABLE, group: ON_CREATE }, WITH_CREATE),
  ...casesOf({ ...TABLE, group: ON_DELETE }, WITH_DELETE),
  ...casesOf({ ...TABLE, group: ON_BOTH }, WITH_BOTH),
];
