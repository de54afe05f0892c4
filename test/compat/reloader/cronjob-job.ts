/** CronJobs and Jobs: restamp's default, and what Reloader does with them (`--cronjobs=run`, `--jobs=recreate`). */
import { annotate, create, edit, patch, remove } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { Action, CompatCase, Group } from '../case.ts';
import { eventSays, instantiated, noNewJob, specIs } from '../checks.ts';
import { configMap, podUsing, secret, workload } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { AS_RELOADER, IGNORED_TYPES, JOB_DEFAULT, PLAIN } from './groups.ts';
import { RELOAD } from './named.ts';
import { TYPED } from './typed-auto.ts';

const TRUE = { [AUTO]: 'true' };
const APP = { kind: 'CronJob', name: 'app' };
const table = (group: Group): Table => ({ tool: 'reloader', group, form: 'auto' });

/** The name of the other CronJob or Job of a case. */
const OTHER = { metadata: { name: 'other' } };

const BY_DEFAULT: readonly Row[] = [
  {
    id: 'cronjob-stamped',
    name: 'a CronJob is stamped, and no Job is started (Reloader starts one)',
    kind: 'CronJob',
    annotations: TRUE,
    checks: [noNewJob],
  },
  {
    id: 'cronjob-suspended',
    name: 'a suspended CronJob is stamped and stays suspended, and no Job is started',
    kind: 'CronJob',
    source: 'Secret',
    annotations: TRUE,
    parts: { spec: { suspend: true }, pod: podUsing('env-from', 'Secret') },
    checks: [noNewJob, specIs('suspend', true)],
  },
];

const REPORTED: readonly Row[] = [
  {
    id: 'job-reported',
    name: 'a Job is left alone by default, and an Event tells it (Reloader recreates it)',
    kind: 'Job',
    annotations: TRUE,
    unrecorded: true,
    events: true,
    outcome: 'stays',
    checks: [eventSays(/./)],
    flip: { change: [edit('ConfigMap', { used: 'three' })], outcome: 'recreated' },
  },
];

/** A Job of the CronJob that goes on and on. */
const running: Action = {
  do: 'create',
  object: workload('Job', OTHER),
  ownedBy: { kind: 'CronJob', name: 'app', controller: true },
  activates: true,
};

const runs = { outcome: 'runs', checks: [instantiated] } as const;

const RUN: readonly Row[] = [
  {
    ...runs,
    id: 'cronjob-run-configmap',
    name: 'cronjobs=run: a change of a ConfigMap starts one Job of a CronJob',
    kind: 'CronJob',
    annotations: TRUE,
    flip: { ...runs, change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    ...runs,
    id: 'cronjob-run-secret',
    name: 'cronjobs=run: a change of a Secret starts one Job of a CronJob',
    kind: 'CronJob',
    use: 'volume',
    source: 'Secret',
    annotations: TRUE,
  },
  {
    ...runs,
    id: 'cronjob-run-named',
    name: 'cronjobs=run: a change of a ConfigMap that it names starts one Job of a CronJob',
    kind: 'CronJob',
    use: 'none',
    form: 'named',
    annotations: { [RELOAD.ConfigMap]: 'source' },
  },
  {
    ...runs,
    id: 'cronjob-run-many',
    name: 'cronjobs=run: five edits in a row start one Job',
    kind: 'CronJob',
    annotations: TRUE,
    change: ['2', '3', '4', '5', '6'].map((used) => edit('ConfigMap', { used })),
  },
  {
    id: 'cronjob-run-other-key',
    name: 'cronjobs=run: a change of another key starts nothing',
    kind: 'CronJob',
    use: 'env-key',
    annotations: TRUE,
    change: [edit('ConfigMap', { unused: 'two' })],
    outcome: 'stays',
    flip: { ...runs, change: [edit('ConfigMap')] },
  },
  {
    id: 'cronjob-run-unmanaged',
    name: 'cronjobs=run: nothing is started of a CronJob without annotations',
    kind: 'CronJob',
    form: 'none',
    unrecorded: true,
    outcome: 'stays',
    flip: { ...runs, set: [annotate('CronJob', TRUE)], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'cronjob-run-suspended',
    name: 'cronjobs=run: nothing is started of a suspended CronJob, and it stays suspended',
    kind: 'CronJob',
    annotations: TRUE,
    parts: { spec: { suspend: true }, pod: podUsing('env-from', 'ConfigMap') },
    outcome: 'changes',
    checks: [noNewJob, specIs('suspend', true)],
    flip: { ...runs, set: [patch(APP, { spec: { suspend: false } })], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'cronjob-run-forbid',
    name: 'cronjobs=run, concurrencyPolicy Forbid: nothing is started beside a running Job, but when it is over',
    kind: 'CronJob',
    annotations: TRUE,
    parts: { spec: { concurrencyPolicy: 'Forbid' }, pod: podUsing('env-from', 'ConfigMap') },
    prepare: [running],
    outcome: 'stays',
    flip: { ...runs, change: [remove('Job', 'other')] },
  },
  {
    ...runs,
    id: 'cronjob-run-allow',
    name: 'cronjobs=run, concurrencyPolicy Allow: one is started beside a running Job',
    kind: 'CronJob',
    annotations: TRUE,
    prepare: [running],
  },
];

const FINISHED = workload('Job', {
  annotations: TRUE,
  spec: { completions: 0 },
  pod: podUsing('env-from', 'ConfigMap'),
});

const RECREATED: readonly Row[] = [
  {
    id: 'job-recreated-configmap',
    name: 'jobs=recreate: a change of a ConfigMap has a Job created anew under its name',
    kind: 'Job',
    annotations: TRUE,
    outcome: 'recreated',
    flip: { change: [edit('ConfigMap', { used: 'three' })], outcome: 'recreated' },
  },
  {
    id: 'job-recreated-secret',
    name: 'jobs=recreate: a change of a Secret has a Job created anew under its name',
    kind: 'Job',
    use: 'volume',
    source: 'Secret',
    form: 'typed-auto',
    annotations: { [TYPED.Secret]: 'true' },
    outcome: 'recreated',
  },
  {
    id: 'job-recreated-named',
    name: 'jobs=recreate: a change of a ConfigMap that it names has a Job created anew',
    kind: 'Job',
    use: 'none',
    form: 'named',
    annotations: { [RELOAD.ConfigMap]: 'source' },
    outcome: 'recreated',
  },
  {
    id: 'job-recreated-other-key',
    name: 'jobs=recreate: a change of another key leaves a Job alone',
    kind: 'Job',
    use: 'env-key',
    annotations: TRUE,
    change: [edit('ConfigMap', { unused: 'two' })],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')], outcome: 'recreated' },
  },
  {
    id: 'job-finished',
    name: 'jobs=recreate: a Job that has finished is left alone (Reloader runs it again)',
    kind: 'Job',
    workload: FINISHED,
    annotations: TRUE,
    unrecorded: true,
    outcome: 'stays',
    flip: {
      set: [
        remove('Job', 'app'),
        create(workload('Job', { annotations: TRUE, pod: podUsing('env-from', 'ConfigMap') })),
      ],
      change: [edit('ConfigMap', { used: 'three' })],
      outcome: 'recreated',
    },
  },
  {
    id: 'job-controlled',
    name: 'jobs=recreate: a Job of a CronJob is left alone, it is for its controller to make',
    kind: 'Job',
    annotations: TRUE,
    sources: [configMap(), workload('CronJob', OTHER)],
    ownedBy: { kind: 'CronJob', name: 'other', controller: true },
    unrecorded: true,
    outcome: 'stays',
    flip: {
      set: [patch({ kind: 'Job', name: 'app' }, { metadata: { ownerReferences: null } })],
      change: [edit('ConfigMap', { used: 'three' })],
      outcome: 'recreated',
    },
  },
  {
    id: 'job-unmanaged',
    name: 'jobs=recreate: a Job without annotations is left alone',
    kind: 'Job',
    form: 'none',
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate('Job', TRUE)], change: [edit('ConfigMap', { used: 'three' })], outcome: 'recreated' },
  },
  {
    id: 'job-deployment-beside',
    name: 'jobs=recreate: a Deployment rolls as ever',
    source: 'Secret',
    annotations: TRUE,
  },
];

const IGNORED: readonly Row[] = [
  {
    id: 'ignored-type-cronjob',
    name: 'ignored-workload-types: nothing happens to a CronJob',
    kind: 'CronJob',
    annotations: TRUE,
    unrecorded: true,
    outcome: 'stays',
    flip: { ...runs, change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'ignored-type-job',
    name: 'ignored-workload-types: nothing happens to a Job',
    kind: 'Job',
    annotations: TRUE,
    sources: [secret()],
    source: 'Secret',
    unrecorded: true,
    outcome: 'stays',
    flip: { change: [edit('Secret', { used: 'three' })], outcome: 'recreated' },
  },
  {
    id: 'ignored-type-deployment',
    name: 'ignored-workload-types: a Deployment rolls as ever',
    annotations: TRUE,
  },
];

export const CASES: readonly CompatCase[] = [
  ...casesOf(table(PLAIN), BY_DEFAULT),
  ...casesOf(table(JOB_DEFAULT), REPORTED),
  ...casesOf(table(AS_RELOADER), [...RUN, ...RECREATED]),
  ...casesOf(table(IGNORED_TYPES), IGNORED),
];
