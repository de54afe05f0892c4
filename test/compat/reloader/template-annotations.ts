/** Reloader's annotations on the pod template: they count there too, the metadata winning name by name. */
import { annotate, edit } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase } from '../case.ts';
import { configMap, secret } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { EXCLUDE } from './exclude.ts';
import { PLAIN } from './groups.ts';
import { RELOAD } from './named.ts';
import { MATCH, SEARCH } from './search-match.ts';
import { TYPED } from './typed-auto.ts';

const TABLE: Table = { tool: 'reloader', group: PLAIN, form: 'auto' };
const TRUE = { [AUTO]: 'true' };

const ROWS: readonly Row[] = [
  {
    id: 'template-auto-deployment',
    name: 'auto on the pod template of a Deployment: it rolls',
    templateAnnotations: TRUE,
  },
  {
    id: 'template-auto-statefulset',
    name: 'auto on the pod template of a StatefulSet: it rolls',
    kind: 'StatefulSet',
    source: 'Secret',
    templateAnnotations: TRUE,
  },
  {
    id: 'template-auto-cronjob',
    name: 'auto on the pod template of a CronJob: it rolls',
    kind: 'CronJob',
    templateAnnotations: TRUE,
  },
  {
    id: 'template-typed-daemonset',
    name: 'typed auto on the pod template of a DaemonSet: it rolls',
    kind: 'DaemonSet',
    source: 'Secret',
    form: 'typed-auto',
    templateAnnotations: { [TYPED.Secret]: 'true' },
  },
  {
    id: 'template-named-rollout',
    name: 'a named ConfigMap on the pod template of a Rollout: it rolls',
    kind: 'Rollout',
    use: 'none',
    form: 'named',
    templateAnnotations: { [RELOAD.ConfigMap]: 'source' },
  },
  {
    id: 'template-regex',
    name: 'an expression on the pod template: it rolls',
    use: 'none',
    form: 'regex',
    source: 'Secret',
    templateAnnotations: { [RELOAD.Secret]: 's[a-z]urce' },
  },
  {
    id: 'template-search',
    name: 'search on the pod template counts too: it rolls for what is marked (Reloader reads the metadata only)',
    form: 'search',
    templateAnnotations: { [SEARCH]: 'true' },
    sourceMetadata: { annotations: { [MATCH]: 'true' } },
  },
  {
    id: 'template-exclude',
    name: 'exclude on the pod template counts too: it stays (Reloader reads the metadata only)',
    annotations: TRUE,
    templateAnnotations: { [EXCLUDE.ConfigMap]: 'source' },
    unrecorded: true,
    outcome: 'stays',
    // An empty value on the metadata wins over the name on the template.
    flip: {
      set: [annotate('Deployment', { [EXCLUDE.ConfigMap]: '' })],
      change: [edit('ConfigMap', { used: 'three' })],
    },
  },
  {
    id: 'template-metadata-wins-no',
    name: 'auto "false" on the metadata wins over "true" on the pod template: it stays',
    annotations: { [AUTO]: 'false' },
    templateAnnotations: TRUE,
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate('Deployment', TRUE)], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'template-metadata-wins-yes',
    name: 'auto "true" on the metadata wins over "false" on the pod template: it rolls',
    kind: 'StatefulSet',
    annotations: TRUE,
    templateAnnotations: { [AUTO]: 'false' },
  },
  {
    id: 'template-merged',
    name: 'one name on the metadata and another on the pod template: both count (Reloader: the metadata only)',
    use: 'none',
    form: 'named',
    annotations: { [RELOAD.Secret]: 'other' },
    templateAnnotations: { [RELOAD.ConfigMap]: 'source' },
    sources: [configMap(), secret('other')],
  },
  {
    id: 'template-false',
    name: 'auto "false" on the pod template: it stays',
    kind: 'DaemonSet',
    templateAnnotations: { [AUTO]: 'false' },
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate('DaemonSet', TRUE)], change: [edit('ConfigMap', { used: 'three' })] },
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, ROWS);
