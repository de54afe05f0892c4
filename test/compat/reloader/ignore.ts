/** `reloader.stakater.com/ignore` on a ConfigMap or Secret: nobody rolls for it. */
import { annotate, edit } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase, Form, Use } from '../case.ts';
import type { SourceKind, WorkloadKind } from '../kinds.ts';
import type { Texts } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { PLAIN } from './groups.ts';
import { RELOAD } from './named.ts';
import { SEARCH } from './search-match.ts';

export const IGNORE = 'reloader.stakater.com/ignore';

const TABLE: Table = { tool: 'reloader', group: PLAIN, form: 'auto' };

const CELLS: readonly (readonly [WorkloadKind, Use, SourceKind, Form, Texts])[] = [
  ['Deployment', 'env-from', 'ConfigMap', 'auto', { [AUTO]: 'true' }],
  ['Deployment', 'volume', 'Secret', 'named', { [RELOAD.Secret]: 'source' }],
  ['Deployment', 'none', 'ConfigMap', 'regex', { [RELOAD.ConfigMap]: 'sour.*' }],
  ['StatefulSet', 'env-key', 'Secret', 'auto', { [AUTO]: 'true' }],
  ['DaemonSet', 'projected', 'ConfigMap', 'auto', { [AUTO]: 'true' }],
  ['CronJob', 'volume', 'Secret', 'auto', { [AUTO]: 'true' }],
  ['Rollout', 'env-from', 'ConfigMap', 'named', { [RELOAD.ConfigMap]: 'source' }],
];

const MATRIX: readonly Row[] = CELLS.map(([kind, use, source, form, annotations]) => ({
  id: `ignore-${kind.toLowerCase()}-${source.toLowerCase()}-${form}`,
  name: `an ignored ${source} does not roll a ${kind} (${form})`,
  kind,
  use,
  source,
  form,
  annotations,
  sourceMetadata: { annotations: { [IGNORE]: 'true' } },
  unrecorded: true,
  outcome: 'stays',
  flip: { set: [annotate(source, { [IGNORE]: null })], change: [edit(source, { used: 'three' })] },
}));

const DETAILS: readonly Row[] = [
  {
    id: 'ignore-beats-match',
    name: 'a ConfigMap that is marked and ignored is ignored',
    form: 'search',
    annotations: { [SEARCH]: 'true' },
    sourceMetadata: { annotations: { [IGNORE]: 'true', 'reloader.stakater.com/match': 'true' } },
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate('ConfigMap', { [IGNORE]: null })], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'ignore-false',
    name: 'ignore "false" says nothing: it rolls',
    annotations: { [AUTO]: 'true' },
    sourceMetadata: { annotations: { [IGNORE]: 'false' } },
  },
  {
    id: 'ignore-comes',
    name: 'a ConfigMap that comes to be ignored rolls nothing for that',
    annotations: { [AUTO]: 'true' },
    change: [annotate('ConfigMap', { [IGNORE]: 'true' })],
    outcome: 'stays',
    flip: { set: [annotate('ConfigMap', { [IGNORE]: null })], change: [edit('ConfigMap')] },
  },
  {
    id: 'ignore-others-count',
    name: 'a ConfigMap that is ignored does not keep the others from counting',
    annotations: { [AUTO]: 'true', [RELOAD.Secret]: 'listed' },
    sources: [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'source', annotations: { [IGNORE]: 'true' } } },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'listed' }, stringData: { used: 'one' } },
    ],
    change: [edit('Secret', { used: 'two' }, 'listed')],
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, [...MATRIX, ...DETAILS]);
