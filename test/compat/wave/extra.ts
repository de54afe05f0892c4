/** `wave.pusher.com/extra-configmaps` and `extra-secrets`: what the pod reads without referring to it. */
import { annotate, create, edit } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { Action, CompatCase } from '../case.ts';
import type { SourceKind, WorkloadKind } from '../kinds.ts';
import { configMap, secret, sourceObject } from '../manifest.ts';
import { CROSS, PLAIN, SHARED } from './groups.ts';
import { EXTRA, TRUE } from './names.ts';

const TABLE: Table = { tool: 'wave', group: PLAIN, form: 'wave-extra' };

const PAIRS: readonly (readonly [WorkloadKind, SourceKind])[] = [
  ['Deployment', 'ConfigMap'],
  ['Deployment', 'Secret'],
  ['StatefulSet', 'ConfigMap'],
  ['StatefulSet', 'Secret'],
  ['DaemonSet', 'ConfigMap'],
  ['DaemonSet', 'Secret'],
];

const OWN: readonly Row[] = [
  ...PAIRS.map(
    ([kind, source]): Row => ({
      id: `extra-${kind.toLowerCase()}-${source.toLowerCase()}`,
      name: `wave: a ${kind} rolls for an extra ${source}`,
      kind,
      source,
      use: 'none',
      annotations: { ...TRUE, [EXTRA[source]]: 'source' },
    }),
  ),
  {
    id: 'extra-list',
    name: 'wave: the second of two extra ConfigMaps, after a comma and a space, counts',
    use: 'none',
    annotations: { ...TRUE, [EXTRA.ConfigMap]: 'first, second' },
    sources: [configMap('first'), configMap('second')],
    change: [edit('ConfigMap', { used: 'two' }, 'second')],
  },
  {
    id: 'extra-whole',
    name: 'wave: any key of an extra Secret counts',
    use: 'env-key',
    source: 'Secret',
    annotations: { ...TRUE, [EXTRA.Secret]: 'source' },
    change: [edit('Secret', { unused: 'two' })],
  },
  {
    id: 'extra-beside-references',
    name: 'wave: with extra ConfigMaps what the pod refers to counts too',
    annotations: { ...TRUE, [EXTRA.ConfigMap]: 'other' },
    sources: [configMap(), configMap('other')],
  },
  {
    id: 'extra-own-namespace',
    name: 'wave: an extra ConfigMap may be written with the own namespace before it',
    use: 'none',
    annotations: { ...TRUE, [EXTRA.ConfigMap]: 'extra-own-namespace/source' },
  },
  {
    id: 'extra-not-listed',
    name: 'wave: a ConfigMap that is neither listed nor referred to may change',
    use: 'none',
    annotations: { ...TRUE, [EXTRA.ConfigMap]: 'listed' },
    sources: [configMap(), configMap('listed')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap', { used: 'two' }, 'listed')] },
  },
  {
    id: 'extra-other-kind',
    name: 'wave: an extra ConfigMap is not the Secret of the same name',
    use: 'none',
    annotations: { ...TRUE, [EXTRA.ConfigMap]: 'source' },
    sources: [configMap(), secret()],
    change: [edit('Secret')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'extra-not-managed',
    name: 'wave: extras without update-on-config-change say nothing',
    use: 'none',
    annotations: { [EXTRA.ConfigMap]: 'source' },
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate('Deployment', TRUE)], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'extra-no-expression',
    name: 'wave: extras are names, not expressions',
    use: 'none',
    annotations: { ...TRUE, [EXTRA.ConfigMap]: 'sou.ce' },
    sources: [configMap(), configMap('sou.ce')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap', { used: 'two' }, 'sou.ce')] },
  },
];

/** The namespace with the sources of a case, and a source in it. */
const elsewhere = (namespace: string, source: SourceKind): readonly Action[] => [
  create({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { 'compat-group': CROSS.name } },
  }),
  create(sourceObject(source, 'shared', { namespace })),
];

const editThere = (namespace: string, source: SourceKind, used = 'two'): Action =>
  ({
    ...edit(source, { used }, 'shared'),
    ...({ namespace } as const),
  }) as Action;

const ACROSS: readonly Row[] = [];

export const CASES: readonly CompatCase[] = [...casesOf(TABLE, OWN), ...casesOf({ ...TABLE, group: CROSS }, ACROSS)];
