/** `configmap.` and `secret.reloader.stakater.com/reload`: names, whether the pod refers to them or not. */
import { annotate, edit } from '../actions.ts';
import { casesOf, type Row, type Table, USE_WORDS } from '../build.ts';
import type { CompatCase, Use } from '../case.ts';
import type { SourceKind, WorkloadKind } from '../kinds.ts';
import { configMap, secret } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { PLAIN } from './groups.ts';

export const RELOAD = {
  ConfigMap: 'configmap.reloader.stakater.com/reload',
  Secret: 'secret.reloader.stakater.com/reload',
} as const;

const TABLE: Table = { tool: 'reloader', group: PLAIN, form: 'named' };

const CELLS: readonly (readonly [WorkloadKind, Use, SourceKind])[] = [
  ['Deployment', 'env-from', 'ConfigMap'],
  ['Deployment', 'none', 'ConfigMap'],
  ['Deployment', 'volume', 'Secret'],
  ['StatefulSet', 'none', 'Secret'],
  ['StatefulSet', 'projected', 'ConfigMap'],
  ['DaemonSet', 'none', 'ConfigMap'],
  ['DaemonSet', 'env-from', 'Secret'],
  ['CronJob', 'none', 'Secret'],
  ['CronJob', 'volume', 'ConfigMap'],
  ['Rollout', 'none', 'ConfigMap'],
  ['Rollout', 'volume', 'Secret'],
  ['DeploymentConfig', 'none', 'Secret'],
];

const MATRIX: readonly Row[] = CELLS.map(([kind, use, source]) => ({
  id: `named-${kind.toLowerCase()}-${use}-${source.toLowerCase()}`,
  name: `a ${kind} that names a ${source} rolls for it, its pod using it in ${USE_WORDS[use]}`,
  kind,
  use,
  source,
  annotations: { [RELOAD[source]]: 'source' },
}));

const OTHERS: readonly (readonly [WorkloadKind, SourceKind])[] = [
  ['Deployment', 'ConfigMap'],
  ['StatefulSet', 'Secret'],
  ['DaemonSet', 'ConfigMap'],
  ['CronJob', 'Secret'],
  ['Rollout', 'ConfigMap'],
];

const NEGATIVE: readonly Row[] = OTHERS.map(([kind, source]) => ({
  id: `named-${kind.toLowerCase()}-another-${source.toLowerCase()}`,
  name: `a ${kind} that names one ${source} does not roll for another one that its pod refers to`,
  kind,
  source,
  annotations: { [RELOAD[source]]: 'listed' },
  sources: source === 'ConfigMap' ? [configMap(), configMap('listed')] : [secret(), secret('listed')],
  outcome: 'stays',
  flip: { change: [edit(source, { used: 'two' }, 'listed')] },
}));

const DETAILS: readonly Row[] = [
  {
    id: 'named-despite-auto-false',
    name: 'auto "false" leaves what is named: it rolls',
    annotations: { [AUTO]: 'false', [RELOAD.ConfigMap]: 'source' },
  },
  {
    id: 'named-auto-false-others',
    name: 'auto "false" with a named ConfigMap: it does not roll for the Secret it refers to',
    use: 'volume',
    source: 'Secret',
    annotations: { [AUTO]: 'false', [RELOAD.ConfigMap]: 'listed' },
    sources: [secret(), configMap('listed')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap', { used: 'two' }, 'listed')] },
  },
  {
    id: 'named-and-auto',
    name: 'auto "true" and a named ConfigMap: it rolls for the one it refers to',
    annotations: { [AUTO]: 'true', [RELOAD.ConfigMap]: 'listed' },
    sources: [configMap(), configMap('listed')],
  },
  {
    id: 'named-and-auto-listed',
    name: 'auto "true" and a named ConfigMap: it rolls for the named one too',
    annotations: { [AUTO]: 'true', [RELOAD.ConfigMap]: 'listed' },
    sources: [configMap(), configMap('listed')],
    change: [edit('ConfigMap', { used: 'two' }, 'listed')],
  },
  ...['first', 'second', 'third'].map((name) => ({
    id: `named-list-${name}`,
    name: `of three names with spaces between them, the ${name} is one`,
    use: 'none' as const,
    annotations: { [RELOAD.ConfigMap]: 'first, second ,third' },
    sources: [configMap('first'), configMap('second'), configMap('third')],
    change: [edit('ConfigMap', { used: 'two' }, name)],
  })),
  {
    id: 'named-list-together',
    name: 'two named objects that change together are one rollout',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'first', [RELOAD.Secret]: 'second' },
    sources: [configMap('first'), secret('second')],
    change: [edit('ConfigMap', { used: 'two' }, 'first'), edit('Secret', { used: 'two' }, 'second')],
  },
  {
    id: 'named-wrong-kind',
    name: 'a name in the list of ConfigMaps is not the name of a Secret',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'source' },
    sources: [configMap(), secret()],
    change: [edit('Secret')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'named-whole-object',
    name: 'a name means the whole object: a key that the pod does not use rolls it',
    use: 'env-key',
    annotations: { [RELOAD.ConfigMap]: 'source' },
    change: [edit('ConfigMap', { unused: 'two' })],
  },
  {
    id: 'named-empty',
    name: 'an empty list names nothing',
    annotations: { [RELOAD.ConfigMap]: '' },
    unrecorded: true,
    outcome: 'stays',
    flip: {
      set: [annotate('Deployment', { [RELOAD.ConfigMap]: 'source' })],
      change: [edit('ConfigMap', { used: 'three' })],
    },
  },
  {
    id: 'named-no-prefix',
    name: 'a name is not the beginning of a name',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'sour' },
    sources: [configMap(), configMap('sour')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap', { used: 'two' }, 'sour')] },
  },
  {
    id: 'named-labels-only',
    name: 'a named Secret of which only a label changes does not roll',
    use: 'none',
    source: 'Secret',
    annotations: { [RELOAD.Secret]: 'source' },
    change: [{ do: 'patch', kind: 'Secret', name: 'source', patch: { metadata: { labels: { team: 'a' } } } }],
    outcome: 'stays',
    flip: { change: [edit('Secret')] },
  },
  {
    id: 'named-list-grows',
    name: 'a name that comes to the list rolls nothing by itself',
    annotations: { [RELOAD.ConfigMap]: 'source' },
    sources: [configMap(), configMap('listed')],
    change: [annotate('Deployment', { [RELOAD.ConfigMap]: 'source,listed' })],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap', { used: 'two' }, 'listed')] },
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, [...MATRIX, ...NEGATIVE, ...DETAILS]);
