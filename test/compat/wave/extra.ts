/** `wave.pusher.com/extra-configmaps` and `extra-secrets`: what the pod reads without referring to it. */
import type { JsonObject } from '../../../core/json.ts';
import { annotate, edit } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase } from '../case.ts';
import type { SourceKind, WorkloadKind } from '../kinds.ts';
import { configMap, secret, sourceObject } from '../manifest.ts';
import { CLOSED, CROSS, PLAIN, SHARED } from './groups.ts';
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

/** A namespace of its own with a source in it. */
const elsewhere = (namespace: string, source: SourceKind): readonly JsonObject[] => [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  sourceObject(source, 'shared', { namespace }),
];
const editThere = (namespace: string, source: SourceKind, used = 'two') => edit(source, { used }, 'shared', namespace);

const ALLOWED: readonly (readonly [WorkloadKind, SourceKind, string])[] = [
  ['Deployment', 'ConfigMap', `${SHARED}-1`],
  ['StatefulSet', 'Secret', `${SHARED}-2`],
  ['DaemonSet', 'ConfigMap', `${SHARED}-3`],
];

const ACROSS: readonly Row[] = [
  ...ALLOWED.map(
    ([kind, source, namespace]): Row => ({
      id: `cross-${kind.toLowerCase()}`,
      name: `wave: a ${kind} rolls for an extra ${source} of a namespace that is allowed`,
      kind,
      source,
      use: 'none',
      annotations: { ...TRUE, [EXTRA[source]]: `${namespace}/shared` },
      sources: elsewhere(namespace, source),
      change: [editThere(namespace, source)],
    }),
  ),
  {
    id: 'cross-own-is-another',
    name: 'wave: a ConfigMap of the own namespace is not the one of that name in another',
    use: 'none',
    annotations: { ...TRUE, [EXTRA.ConfigMap]: `${SHARED}-4/shared` },
    sources: [...elsewhere(`${SHARED}-4`, 'ConfigMap'), configMap('shared')],
    change: [edit('ConfigMap', { used: 'two' }, 'shared')],
    outcome: 'stays',
    flip: { change: [editThere(`${SHARED}-4`, 'ConfigMap')] },
  },
  {
    id: 'cross-not-allowed',
    name: 'wave: an extra Secret of a namespace that is not allowed does not roll (wave reads any)',
    source: 'Secret',
    use: 'none',
    annotations: { ...TRUE, [EXTRA.Secret]: `${SHARED}-closed/shared` },
    sources: [...elsewhere(`${SHARED}-closed`, 'Secret'), ...elsewhere(`${SHARED}-5`, 'Secret')],
    unrecorded: true,
    change: [editThere(`${SHARED}-closed`, 'Secret')],
    outcome: 'stays',
    flip: {
      set: [annotate('Deployment', { [EXTRA.Secret]: `${SHARED}-5/shared` })],
      change: [editThere(`${SHARED}-5`, 'Secret')],
    },
  },
];

/** Without the flag no other namespace is allowed. */
const BY_DEFAULT: readonly Row[] = [
  {
    id: 'cross-default',
    name: 'wave: without cross-namespaces an extra ConfigMap of another namespace does not roll (wave reads any)',
    use: 'none',
    annotations: { ...TRUE, [EXTRA.ConfigMap]: `${SHARED}-6/shared` },
    sources: elsewhere(`${SHARED}-6`, 'ConfigMap'),
    unrecorded: true,
    change: [editThere(`${SHARED}-6`, 'ConfigMap')],
    outcome: 'stays',
    flip: { change: [editThere(`${SHARED}-6`, 'ConfigMap', 'three')] },
  },
];

export const CASES: readonly CompatCase[] = [
  ...casesOf(TABLE, OWN),
  ...casesOf({ ...TABLE, group: CROSS }, ACROSS),
  ...casesOf({ ...TABLE, group: CLOSED }, BY_DEFAULT),
];
