/** `configmaps.exclude.` and `secrets.exclude.reloader.stakater.com/reload`: they beat everything. */
import { annotate, edit } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase, Use } from '../case.ts';
import type { SourceKind, WorkloadKind } from '../kinds.ts';
import { configMap, podUsing, secret, together } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { PLAIN } from './groups.ts';
import { RELOAD } from './named.ts';
import { MATCH, SEARCH } from './search-match.ts';
import { TYPED } from './typed-auto.ts';

export const EXCLUDE = {
  ConfigMap: 'configmaps.exclude.reloader.stakater.com/reload',
  Secret: 'secrets.exclude.reloader.stakater.com/reload',
} as const;

const TABLE: Table = { tool: 'reloader', group: PLAIN, form: 'auto' };

const CELLS: readonly (readonly [WorkloadKind, Use, SourceKind])[] = [
  ['Deployment', 'env-from', 'ConfigMap'],
  ['Deployment', 'volume', 'Secret'],
  ['StatefulSet', 'env-from', 'Secret'],
  ['DaemonSet', 'volume', 'ConfigMap'],
  ['CronJob', 'env-key', 'ConfigMap'],
  ['Rollout', 'env-from', 'Secret'],
];

const MATRIX: readonly Row[] = CELLS.map(([kind, use, source]) => ({
  id: `exclude-${kind.toLowerCase()}-${source.toLowerCase()}`,
  name: `auto "true" and an excluded ${source}: a ${kind} stays`,
  kind,
  use,
  source,
  annotations: { [AUTO]: 'true', [EXCLUDE[source]]: 'source' },
  unrecorded: true,
  outcome: 'stays',
  flip: { set: [annotate(kind, { [EXCLUDE[source]]: null })], change: [edit(source, { used: 'three' })] },
}));

const lifted = {
  set: [annotate('Deployment', { [EXCLUDE.ConfigMap]: null })],
  change: [edit('ConfigMap', { used: 'three' })],
};

const DETAILS: readonly Row[] = [
  {
    id: 'exclude-others-count',
    name: 'auto "true" and an excluded ConfigMap: it rolls for the others',
    annotations: { [AUTO]: 'true', [EXCLUDE.ConfigMap]: 'noisy' },
    sources: [configMap(), configMap('noisy')],
    parts: { pod: together(podUsing('env-from', 'ConfigMap'), podUsing('volume', 'ConfigMap', { name: 'noisy' })) },
  },
  {
    id: 'exclude-list',
    name: 'a list of excluded ConfigMaps: the second of them may change',
    annotations: { [AUTO]: 'true', [EXCLUDE.ConfigMap]: 'first, second' },
    sources: [configMap(), configMap('first'), configMap('second')],
    parts: { pod: together(podUsing('env-from', 'ConfigMap'), podUsing('volume', 'ConfigMap', { name: 'second' })) },
    change: [edit('ConfigMap', { used: 'two' }, 'second')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'exclude-other-kind',
    name: 'an excluded Secret is not the ConfigMap of the same name: it rolls',
    annotations: { [AUTO]: 'true', [EXCLUDE.Secret]: 'source' },
    sources: [configMap(), secret()],
  },
  {
    id: 'exclude-beats-named',
    name: 'a ConfigMap that is named and excluded is excluded',
    form: 'named',
    annotations: { [RELOAD.ConfigMap]: 'source', [EXCLUDE.ConfigMap]: 'source' },
    unrecorded: true,
    outcome: 'stays',
    flip: lifted,
  },
  {
    id: 'exclude-beats-regex',
    name: 'a ConfigMap that an expression names and that is excluded is excluded',
    form: 'regex',
    annotations: { [RELOAD.ConfigMap]: 'sou.*', [EXCLUDE.ConfigMap]: 'source' },
    unrecorded: true,
    outcome: 'stays',
    flip: lifted,
  },
  {
    id: 'exclude-beats-typed',
    name: 'typed auto "true" and an excluded ConfigMap: it stays',
    form: 'typed-auto',
    annotations: { [TYPED.ConfigMap]: 'true', [EXCLUDE.ConfigMap]: 'source' },
    unrecorded: true,
    outcome: 'stays',
    flip: lifted,
  },
  {
    id: 'exclude-beats-search',
    name: 'search, a marked ConfigMap that is excluded: it stays',
    form: 'search',
    annotations: { [SEARCH]: 'true', [EXCLUDE.ConfigMap]: 'source' },
    sourceMetadata: { annotations: { [MATCH]: 'true' } },
    unrecorded: true,
    outcome: 'stays',
    flip: lifted,
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, [...MATRIX, ...DETAILS]);
