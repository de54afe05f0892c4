/** Reloader's annotations in namespaces that the webhook serves too: stamped when created, and still one rollout a change. */

import { asObject, asText } from '../../../core/json.ts';
import { CONFIG_HASH } from '../../../core/names.ts';
import { annotate, edit, patch } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { Check, CompatCase } from '../case.ts';
import { configMap } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { ADMITTED } from './groups.ts';
import { RELOAD } from './named.ts';

const TABLE: Table = { tool: 'reloader', group: ADMITTED, form: 'auto' };
const TRUE = { [AUTO]: 'true' };

/** It carried a stamp when the case began: the webhook was asked. */
const wasStamped: Check = (_, { template }) =>
  asText(asObject(asObject(template.metadata).annotations)[CONFIG_HASH]) === undefined
    ? 'it was not stamped when it was created'
    : undefined;

const ROWS: readonly Row[] = [
  {
    id: 'admitted-auto',
    name: 'with the webhook: auto "true" on a Deployment is stamped at once, and a change is one rollout',
    annotations: TRUE,
    checks: [wasStamped],
  },
  {
    id: 'admitted-named',
    name: 'with the webhook: a named Secret of a StatefulSet is in the stamp, and a change is one rollout',
    kind: 'StatefulSet',
    use: 'none',
    form: 'named',
    source: 'Secret',
    annotations: { [RELOAD.Secret]: 'source' },
    checks: [wasStamped],
  },
  {
    id: 'admitted-together',
    name: 'with the webhook: a ConfigMap and a new image together are one rollout',
    kind: 'DaemonSet',
    annotations: TRUE,
    change: [
      edit('ConfigMap'),
      patch({ kind: 'DaemonSet', name: 'app' }, { spec: { template: { metadata: { labels: { release: '2' } } } } }),
    ],
    checks: [wasStamped],
  },
  {
    id: 'admitted-unannotated',
    name: 'with the webhook: in a namespace with restamp.dev/inject a Deployment without annotations rolls',
    form: 'none',
    checks: [wasStamped],
  },
  {
    id: 'admitted-false',
    name: 'with the webhook: auto "false" in a namespace with restamp.dev/inject stays',
    annotations: { [AUTO]: 'false' },
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate('Deployment', TRUE)], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'admitted-named-only',
    name: 'with the webhook: a Deployment that names one ConfigMap does not roll for another that it refers to',
    form: 'named',
    annotations: { [RELOAD.ConfigMap]: 'listed' },
    sources: [configMap(), configMap('listed')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap', { used: 'two' }, 'listed')] },
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, ROWS);
