/** wave's annotation while no watcher runs, and with the webhook. */
import { asObject, asText } from '../../../core/json.ts';
import { CONFIG_HASH } from '../../../core/names.ts';
import { annotate, edit, patch } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { Check, CompatCase } from '../case.ts';
import { ADMITTED, DOWN } from './groups.ts';
import { EXTRA, TRUE, UPDATE } from './names.ts';

const TABLE: Table = { tool: 'wave', group: DOWN, form: 'wave' };

const WHILE_DOWN: readonly Row[] = [
  {
    id: 'wave-down',
    name: 'wave: a change while no watcher ran is one rollout after its start',
    annotations: TRUE,
  },
  {
    id: 'wave-down-extra',
    name: 'wave: a change of an extra Secret while no watcher ran is one rollout after its start',
    kind: 'DaemonSet',
    use: 'none',
    source: 'Secret',
    form: 'wave-extra',
    annotations: { ...TRUE, [EXTRA.Secret]: 'source' },
  },
  {
    id: 'wave-down-nothing',
    name: 'wave: a start of the watcher rolls nothing that did not change',
    kind: 'StatefulSet',
    annotations: TRUE,
    change: [],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
];

/** wave's webhook sets the hash when a workload is created, so that it does not roll for being met. */
const wasStamped: Check = (_, { template }) =>
  asText(asObject(asObject(template.metadata).annotations)[CONFIG_HASH]) === undefined
    ? 'it was not stamped when it was created'
    : undefined;
const hasOneRevision: Check = (_, { revisions }) =>
  revisions === 1 ? undefined : `it had ${revisions} revisions before any change`;

const WITH_WEBHOOK: readonly Row[] = [
  {
    id: 'wave-admitted',
    name: 'wave, with the webhook: a Deployment is stamped when created, has one revision, and a change is one rollout',
    annotations: TRUE,
    checks: [wasStamped, hasOneRevision],
  },
  {
    id: 'wave-admitted-together',
    name: 'wave, with the webhook: a Secret and a template that change together are one rollout',
    kind: 'StatefulSet',
    source: 'Secret',
    annotations: TRUE,
    change: [
      edit('Secret'),
      patch({ kind: 'StatefulSet', name: 'app' }, { spec: { template: { metadata: { labels: { release: '2' } } } } }),
    ],
    checks: [wasStamped, hasOneRevision],
  },
  {
    id: 'wave-admitted-extra',
    name: 'wave, with the webhook: an extra ConfigMap is in the stamp, and a change is one rollout',
    kind: 'DaemonSet',
    use: 'none',
    form: 'wave-extra',
    annotations: { ...TRUE, [EXTRA.ConfigMap]: 'source' },
    checks: [wasStamped, hasOneRevision],
  },
  {
    id: 'wave-admitted-disabled',
    name: 'wave, with the webhook: restamp.dev/inject: disabled on the workload wins over the namespace',
    annotations: { 'restamp.dev/inject': 'disabled', [UPDATE]: 'false' },
    unrecorded: true,
    outcome: 'stays',
    flip: {
      set: [annotate('Deployment', { 'restamp.dev/inject': null, ...TRUE })],
      change: [edit('ConfigMap', { used: 'three' })],
    },
  },
];

export const CASES: readonly CompatCase[] = [
  ...casesOf(TABLE, WHILE_DOWN),
  ...casesOf({ ...TABLE, group: ADMITTED }, WITH_WEBHOOK),
];
