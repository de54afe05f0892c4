/** `reloader.stakater.com/search` on a workload with `reloader.stakater.com/match` on what it refers to. */
import { annotate, edit } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase, Use } from '../case.ts';
import type { SourceKind, WorkloadKind } from '../kinds.ts';
import { configMap } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { PLAIN } from './groups.ts';
import { RELOAD } from './named.ts';

export const SEARCH = 'reloader.stakater.com/search';
export const MATCH = 'reloader.stakater.com/match';
const SEARCHING = { [SEARCH]: 'true' };
const MARKED = { annotations: { [MATCH]: 'true' } };

const TABLE: Table = { tool: 'reloader', group: PLAIN, form: 'search' };

const CELLS: readonly (readonly [WorkloadKind, Use, SourceKind])[] = [
  ['Deployment', 'env-from', 'ConfigMap'],
  ['Deployment', 'env-key', 'Secret'],
  ['StatefulSet', 'volume', 'Secret'],
  ['DaemonSet', 'projected', 'ConfigMap'],
  ['CronJob', 'env-from', 'Secret'],
  ['Rollout', 'volume', 'ConfigMap'],
];

const MATRIX: readonly Row[] = CELLS.flatMap(([kind, use, source]): Row[] => [
  {
    id: `search-${kind.toLowerCase()}-${source.toLowerCase()}`,
    name: `search: a ${kind} rolls for a ${source} it refers to that is marked`,
    kind,
    use,
    source,
    annotations: SEARCHING,
    sourceMetadata: MARKED,
  },
  {
    id: `search-${kind.toLowerCase()}-${source.toLowerCase()}-unmarked`,
    name: `search: a ${kind} does not roll for a ${source} it refers to that is not marked`,
    kind,
    use,
    source,
    annotations: SEARCHING,
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate(source, { [MATCH]: 'true' })], change: [edit(source, { used: 'three' })] },
  },
]);

const DETAILS: readonly Row[] = [
  {
    id: 'search-marked-false',
    name: 'search: match "false" is no mark',
    annotations: SEARCHING,
    sourceMetadata: { annotations: { [MATCH]: 'false' } },
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate('ConfigMap', { [MATCH]: 'true' })], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'search-unreferenced',
    name: 'search: a marked ConfigMap that the pod does not refer to may change',
    annotations: SEARCHING,
    sources: [configMap('source', undefined, MARKED), configMap('stranger', undefined, MARKED)],
    change: [edit('ConfigMap', { used: 'two' }, 'stranger')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'search-false',
    name: 'search "false": a marked ConfigMap may change',
    annotations: { [SEARCH]: 'false' },
    sourceMetadata: MARKED,
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate('Deployment', SEARCHING)], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'search-not-said',
    name: 'without search a mark on the ConfigMap says nothing',
    sourceMetadata: MARKED,
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate('Deployment', SEARCHING)], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'search-and-auto',
    name: 'auto takes precedence over search: it rolls for what is not marked',
    annotations: { ...SEARCHING, [AUTO]: 'true' },
  },
  {
    id: 'search-and-named',
    name: 'search beside a list of names: what is named counts without a mark',
    annotations: { ...SEARCHING, [RELOAD.ConfigMap]: 'source' },
  },
  {
    id: 'search-other-key',
    name: 'search: another key of a marked ConfigMap does not roll (Reloader rolls)',
    use: 'env-key',
    annotations: SEARCHING,
    sourceMetadata: MARKED,
    change: [edit('ConfigMap', { unused: 'two' })],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'search-mark-comes',
    name: 'search: a mark that comes to the ConfigMap rolls nothing by itself',
    annotations: SEARCHING,
    unrecorded: true,
    change: [annotate('ConfigMap', { [MATCH]: 'true' })],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, [...MATRIX, ...DETAILS]);
