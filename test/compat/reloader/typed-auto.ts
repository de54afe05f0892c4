/** `configmap.` and `secret.reloader.stakater.com/auto`: references of one kind. */
import { edit } from '../actions.ts';
import { casesOf, type Row, type Table, USE_WORDS } from '../build.ts';
import type { CompatCase, Use } from '../case.ts';
import type { SourceKind, WorkloadKind } from '../kinds.ts';
import { configMap, podUsing, secret, together } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { PLAIN } from './groups.ts';

export const TYPED = {
  ConfigMap: 'configmap.reloader.stakater.com/auto',
  Secret: 'secret.reloader.stakater.com/auto',
} as const;

const TABLE: Table = { tool: 'reloader', group: PLAIN, form: 'typed-auto' };

const other = (kind: SourceKind): SourceKind => (kind === 'ConfigMap' ? 'Secret' : 'ConfigMap');

/** A workload that uses a source named `source` of either kind. */
const both = (use: Use, kind: SourceKind): Pick<Row, 'use' | 'sources' | 'parts'> => ({
  use,
  sources: [configMap(), secret('other'), secret(), configMap('other')],
  parts: { pod: together(podUsing(use, kind), podUsing('env-from', other(kind), { name: 'other' })) },
});

const CELLS: readonly (readonly [WorkloadKind, Use, SourceKind])[] = [
  ['Deployment', 'env-from', 'ConfigMap'],
  ['Deployment', 'volume', 'Secret'],
  ['StatefulSet', 'env-key', 'ConfigMap'],
  ['StatefulSet', 'projected', 'Secret'],
  ['DaemonSet', 'volume', 'ConfigMap'],
  ['DaemonSet', 'env-from', 'Secret'],
  ['CronJob', 'volume', 'ConfigMap'],
  ['CronJob', 'env-from', 'Secret'],
  ['Rollout', 'env-from', 'ConfigMap'],
  ['Rollout', 'env-key', 'Secret'],
];

const MATRIX: readonly Row[] = CELLS.flatMap(([kind, use, source]): Row[] => [
  {
    ...both(use, source),
    id: `typed-${kind.toLowerCase()}-${source.toLowerCase()}`,
    name: `${TYPED[source]} "true": a ${kind} with a ${source} in ${USE_WORDS[use]} rolls for it`,
    kind,
    annotations: { [TYPED[source]]: 'true' },
    change: [edit(source)],
  },
  {
    ...both(use, source),
    id: `typed-${kind.toLowerCase()}-${source.toLowerCase()}-other`,
    name: `${TYPED[source]} "true": a ${kind} does not roll for the ${other(source)} it refers to`,
    kind,
    annotations: { [TYPED[source]]: 'true' },
    change: [edit(other(source), { used: 'two' }, 'other')],
    outcome: 'stays',
    flip: { change: [edit(source)] },
  },
]);

const COMBINED: readonly Row[] = [
  {
    id: 'typed-despite-auto-false',
    name: 'auto "false" and typed auto "true": one that is true is enough, it rolls',
    annotations: { [AUTO]: 'false', [TYPED.ConfigMap]: 'true' },
  },
  {
    id: 'typed-false-despite-auto',
    name: 'auto "true" and typed auto "false": one that is true is enough, it rolls',
    annotations: { [AUTO]: 'true', [TYPED.ConfigMap]: 'false' },
  },
  {
    id: 'typed-both-true',
    name: 'both typed autos "true": it rolls for a Secret',
    use: 'volume',
    source: 'Secret',
    annotations: { [TYPED.ConfigMap]: 'true', [TYPED.Secret]: 'true' },
  },
  {
    id: 'typed-false',
    name: 'typed auto "false" alone: it stays',
    annotations: { [TYPED.ConfigMap]: 'false' },
    unrecorded: true,
    outcome: 'stays',
    flip: {
      set: [{ do: 'patch', kind: 'Deployment', name: 'app', patch: { metadata: { annotations: { [AUTO]: 'true' } } } }],
      change: [edit('ConfigMap', { used: 'three' })],
    },
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, [...MATRIX, ...COMBINED]);
