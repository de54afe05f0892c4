/** What happens while no watcher runs, and at its start. Reloader loses such changes. */
import { annotate, create, edit, remove } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase, Group } from '../case.ts';
import { configMap, secret } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { DOWN, SYNC } from './groups.ts';
import { RELOAD } from './named.ts';

const TRUE = { [AUTO]: 'true' };
const table = (group: Group): Table => ({ tool: 'reloader', group, form: 'auto' });

const ROWS: readonly Row[] = [
  {
    id: 'down-configmap',
    name: 'a ConfigMap that changed while no watcher ran rolls once after its start (Reloader loses it)',
    annotations: TRUE,
  },
  {
    id: 'down-secret',
    name: 'a named Secret that changed while no watcher ran rolls once after its start (Reloader loses it)',
    kind: 'StatefulSet',
    use: 'none',
    form: 'named',
    source: 'Secret',
    annotations: { [RELOAD.Secret]: 'source' },
  },
  {
    id: 'down-twice',
    name: 'two changes while no watcher ran are one rollout',
    kind: 'DaemonSet',
    annotations: TRUE,
    change: [edit('ConfigMap'), edit('ConfigMap', { used: 'three' })],
  },
  {
    id: 'down-recreated',
    name: 'a Secret that was deleted and created with other content while no watcher ran rolls once',
    source: 'Secret',
    annotations: TRUE,
    change: [remove('Secret'), create(secret('source', { used: 'two' }))],
  },
  {
    id: 'down-cronjob',
    name: 'a CronJob whose ConfigMap changed while no watcher ran is stamped once',
    kind: 'CronJob',
    annotations: TRUE,
  },
  {
    id: 'down-nothing',
    name: 'a start of the watcher rolls nothing that did not change',
    annotations: TRUE,
    change: [],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'down-there-and-back',
    name: 'a change that was taken back while no watcher ran rolls nothing',
    annotations: TRUE,
    change: [edit('ConfigMap'), edit('ConfigMap', { used: 'one' })],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'down-met-anew',
    name: 'a workload that opted in while no watcher ran is met without a rollout',
    unrecorded: true,
    change: [edit('ConfigMap'), annotate('Deployment', TRUE)],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap', { used: 'three' })] },
  },
];

const SYNCED: readonly Row[] = [
  {
    id: 'sync-nothing',
    name: 'sync-after-restart: a start rolls nothing that did not change',
    annotations: TRUE,
    change: [],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'sync-changed',
    name: 'sync-after-restart: what changed while no watcher ran rolls once',
    annotations: TRUE,
    sources: [configMap()],
  },
];

export const CASES: readonly CompatCase[] = [...casesOf(table(DOWN), ROWS), ...casesOf(table(SYNC), SYNCED)];
