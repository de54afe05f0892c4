import t, { type Test } from 'tap';
import { asList, asObject, type JsonObject, parseJson } from '../../core/json.ts';
import { INJECT } from '../../core/names.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { CRD_NAMES } from '../cluster/crds.ts';
import { configMap, cronJob, envFrom, job, type Kind, rollout, type WorkloadOptions, workload } from './manifest.ts';
import { counter, eventsOf, reasonsOf } from './told.ts';
import { startWorld, type WorkloadAt, type World, workloadAt } from './world.ts';

/**
 * Every kind of workload: one change is one effect, and what waits for its owner is never told as done. No controller of
 * other projects' kinds runs here; what restamp does to those is seen on the objects.
 */
const DECLARED = '--workload-kind=example.com/v1/widgets:spec.pods.template';
const world: World = await startWorld(t, {
  crds: CRD_NAMES,
  prepare: allowWidgets,
  webhookArgs: [DECLARED],
  watcherArgs: [DECLARED],
});
await registerWidgets();
t.jobs = 8;

/** What runs side by side, to be waited for by what has to come last. */
const tests: PromiseLike<unknown>[] = [];

function test(title: string, body: (t: Test) => Promise<void>): void {
  tests.push(t.test(title, { buffered: true }, body));
}

/** Who declares a kind grants the right to it, */
async function allowWidgets(cluster: Cluster): Promise<void> {
  const verbs = '--verb=get,list,watch,patch';
  await cluster.kubectl(['create', 'clusterrole', 'widgets', verbs, '--resource=widgets.example.com']);
  const subject = '--serviceaccount=restamp:restamp-watcher';
  await cluster.kubectl(['create', 'clusterrolebinding', 'widgets', '--clusterrole=widgets', subject]);
}

/** and registers the webhook for it. */
async function registerWidgets(): Promise<void> {
  const rule = {
    apiGroups: ['example.com'],
    apiVersions: ['v1'],
    resources: ['widgets'],
    operations: ['CREATE', 'UPDATE'],
  };
  const patch = JSON.stringify([{ op: 'add', path: '/webhooks/0/rules/-', value: rule }]);
  await world.cluster.kubectl(['patch', 'mutatingwebhookconfiguration', 'restamp', '--type=json', '-p', patch]);
  const namespace = await world.namespace();
  await world.create(namespace, configMap('source', { used: 'one' }));
  const stdin = JSON.stringify(using('Widget'));
  await world.eventually('a stamp for a Widget', async () => {
    const dry = ['-n', namespace, 'create', '--dry-run=server', '-o', 'json', '-f', '-'];
    return (await world.cluster.kubectl(dry, { stdin })).stdout.includes('restamp.dev/config-hash');
  });
}

function using(kind: Kind, options: WorkloadOptions = {}): JsonObject {
  return workload({ kind, container: envFrom('configMapRef', 'source'), ...options });
}

interface Case {
  readonly title: string;
  readonly kind: Kind;
  /** Part of the spec from the start. */
  readonly spec?: JsonObject;
  /** A merge patch after its first revision. */
  readonly later?: JsonObject;
  /** Whom the stamped template waits for, in the words of the Event. */
  readonly waits?: RegExp;
  /** The workload as the Event names it. */
  readonly about: string;
  /** As metrics and decisions call the kind. */
  readonly called?: string;
}

const PAUSED = /waits for its owner, who has paused it/;
const ON_DELETE = /once their owner deletes them \(OnDelete\)/;
const onDelete = { updateStrategy: { type: 'OnDelete' } };
const paused = { spec: { paused: true } };

const APPS = 'apps/v1';
const KRUISE_STATEFUL_SET = {
  kind: 'StatefulSet.apps.kruise.io',
  about: 'apps.kruise.io/v1beta1 StatefulSet',
} as const;
const KRUISE_DAEMON_SET = { kind: 'DaemonSet.apps.kruise.io', about: 'apps.kruise.io/v1alpha1 DaemonSet' } as const;
const CLONE_SET = { kind: 'CloneSet', about: 'apps.kruise.io/v1alpha1 CloneSet' } as const;
const ROLLOUT = { kind: 'Rollout', about: 'argoproj.io/v1alpha1 Rollout' } as const;
const DEPLOYMENT_CONFIG = { kind: 'DeploymentConfig', about: 'apps.openshift.io/v1 DeploymentConfig' } as const;

const CASES: readonly Case[] = [
  { title: 'a Deployment', kind: 'Deployment', about: `${APPS} Deployment` },
  { title: 'a paused Deployment', kind: 'Deployment', later: paused, waits: PAUSED, about: `${APPS} Deployment` },
  { title: 'a StatefulSet', kind: 'StatefulSet', about: `${APPS} StatefulSet` },
  {
    ...{ title: 'a StatefulSet that replaces OnDelete', kind: 'StatefulSet', about: `${APPS} StatefulSet` },
    ...{ spec: onDelete, waits: ON_DELETE },
  },
  { title: 'a DaemonSet', kind: 'DaemonSet', about: `${APPS} DaemonSet` },
  {
    ...{ title: 'a DaemonSet that replaces OnDelete', kind: 'DaemonSet', about: `${APPS} DaemonSet` },
    ...{ spec: onDelete, waits: ON_DELETE },
  },
  { title: 'a CronJob', kind: 'CronJob', about: 'batch/v1 CronJob' },
  { title: 'a suspended CronJob', kind: 'CronJob', spec: { suspend: true }, about: 'batch/v1 CronJob' },
  { title: 'an Argo Rollout', ...ROLLOUT },
  { title: 'a paused Argo Rollout', ...ROLLOUT, later: paused, waits: PAUSED },
  { title: 'a DeploymentConfig', ...DEPLOYMENT_CONFIG },
  { title: 'a paused DeploymentConfig', ...DEPLOYMENT_CONFIG, later: paused, waits: PAUSED },
  { title: 'a CloneSet', ...CLONE_SET },
  { title: 'a paused CloneSet', ...CLONE_SET, spec: { updateStrategy: { paused: true } }, waits: PAUSED },
  { title: 'a StatefulSet of Kruise', ...KRUISE_STATEFUL_SET },
  {
    ...{ title: 'a paused StatefulSet of Kruise', ...KRUISE_STATEFUL_SET, waits: PAUSED },
    spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { paused: true } } },
  },
  { title: 'a DaemonSet of Kruise', ...KRUISE_DAEMON_SET },
  { title: 'a DaemonSet of Kruise that replaces OnDelete', ...KRUISE_DAEMON_SET, spec: onDelete, waits: ON_DELETE },
  { title: 'a kind that is declared', kind: 'Widget', about: 'example.com/v1 Widget', called: 'widgets.example.com' },
];

/** With the webhook, and without: then the watcher does everything. */
const WAYS = [
  { way: 'in a labelled namespace', labels: { [INJECT]: 'enabled' }, annotations: {} },
  { way: 'by annotation alone', labels: {}, annotations: { [INJECT]: 'enabled' } },
] as const;

async function podUids({ namespace }: WorkloadAt): Promise<readonly unknown[]> {
  return (await world.api.list('Pod', namespace)).map(({ metadata }) => asObject(metadata).uid).toSorted();
}

function entries(history: string | undefined): readonly unknown[] {
  return asList(parseJson(history ?? '[]'));
}

for (const { way, labels, annotations } of WAYS) {
  for (const { title, kind, spec, later, waits, about } of CASES) {
    const effect = waits === undefined ? 'one effect' : 'one stamp that waits for its owner';
    test(`${title} ${way}: one change is ${effect}`, async (t) => {
      const namespace = await world.namespace(labels);
      await world.create(namespace, configMap('source', { used: 'one' }));
      const at = await world.createWorkload(namespace, using(kind, { annotations, ...(spec && { spec }) }));
      if (later !== undefined) await world.api.patch(at, later);
      await world.quiet();
      const [before, ours, pods] = [await world.generation(at), await world.annotations(at), await podUids(at)];
      t.equal(ours.stamp !== undefined, way === 'in a labelled namespace', 'stamped when created, with the webhook');

      await world.touch(namespace, 'source', 'used');
      await world.eventually('an Event', async () => (await reasonsOf(world, at)).length > 0);
      await world.quiet();
      const after = await world.annotations(at);
      t.equal((await world.generation(at)) - before, 1, 'one write to the spec');
      t.match(after.stamp, /^v1\./);
      t.not(after.stamp, ours.stamp);
      t.equal(entries(after.history).length, 1, 'one rollout in the history');
      const [event, ...more] = await eventsOf(world, at);
      t.same(more, []);
      t.match(event, {
        about,
        reason: waits === undefined ? 'Rolled' : 'Stamped',
        note: waits ?? /configmap\/source changed/,
      });
      if (waits !== undefined) t.same(await podUids(at), pods, 'no pod was replaced');
      t.same(await world.api.list('Job', namespace), [], 'no Job was made');
      if (kind === 'CronJob') t.equal(asObject((await world.api.get(at)).spec).suspend, spec?.suspend ?? false);
    });
  }

  test(`an Argo Rollout that runs a Deployment's template, ${way}: one change is one stamp on the Deployment`, async (t) => {
    const namespace = await world.namespace(labels);
    await world.create(namespace, configMap('source', { used: 'one' }));
    const lent = using('Deployment', { name: 'lent', replicas: 0 });
    const borrower = rollout({ name: 'borrower', workloadRef: 'lent', annotations });
    await world.create(namespace, lent, borrower);
    const [at, borrowing] = [workloadAt(namespace, lent), workloadAt(namespace, borrower)];
    await world.eventually('a record', async () => (await world.annotations(at)).record !== undefined);
    await world.quiet();
    const before = await world.generation(at);
    const borrowed = await world.api.get(borrowing);
    await world.touch(namespace, 'source', 'used');
    await world.eventually('an Event', async () => (await reasonsOf(world, at)).length > 0);
    await world.quiet();
    t.equal((await world.generation(at)) - before, 1);
    t.same(await reasonsOf(world, at), ['Rolled']);
    t.same(await world.api.get(borrowing), borrowed, 'the Rollout itself is not touched');
    t.same(await reasonsOf(world, borrowing), []);
  });

  test(`a Job ${way}: each change is told once, and nothing is done`, async (t) => {
    const namespace = await world.namespace(labels);
    await world.create(namespace, configMap('source', { used: 'one' }));
    const object = job({ annotations, replicas: 0, container: envFrom('configMapRef', 'source') });
    const at = await world.createWorkload(namespace, object);
    await world.quiet();
    const before = await world.api.get(at);
    for (const times of [1, 2]) {
      await world.touch(namespace, 'source', 'used');
      await world.eventually('an Event', async () => (await reasonsOf(world, at)).length >= times);
      await world.quiet();
      t.same(
        await reasonsOf(world, at),
        Array.from({ length: times }, () => 'NotRolled'),
      );
    }
    const after = await world.api.get(at);
    t.equal(asObject(after.metadata).uid, asObject(before.metadata).uid);
    t.same(after.spec, before.spec);
    t.equal((await world.annotations(at)).history, undefined, 'what did not roll is not in the history');
  });
}

test('a Job that has finished, and one that a CronJob made, are nobody’s business', async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, configMap('source', { used: 'one' }));
  const container = envFrom('configMapRef', 'source');
  const finished = await world.createWorkload(namespace, job({ name: 'finished', container }));
  const parent = await world.createWorkload(namespace, cronJob({ name: 'parent', container }));
  const run = ['-n', namespace, 'create', 'job', 'child', '--from=cronjob/parent'];
  await world.cluster.kubectl(run);
  await world.eventually(
    'the end of the Job',
    async () => asObject((await world.api.get(finished)).status).succeeded === 1,
  );
  const child: WorkloadAt = { kind: 'Job', namespace, name: 'child' };
  await world.despite(namespace, () => world.touch(namespace, 'source', 'used'));
  t.same(await reasonsOf(world, finished), []);
  t.same(await reasonsOf(world, child), []);
  t.equal((await world.annotations(child)).record, undefined, 'no record either');
  t.same(await reasonsOf(world, parent), ['Rolled'], 'while the CronJob was stamped');
});

test('a paused Deployment rolls once for all changes when its owner resumes it', async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, configMap('source', { used: 'one' }));
  const at = await world.createWorkload(namespace, using('Deployment'));
  await world.api.patch(at, paused);
  for (const times of [1, 2]) {
    await world.touch(namespace, 'source', 'used');
    await world.eventually('an Event', async () => (await reasonsOf(world, at)).length >= times);
    await world.quiet();
  }
  t.same(await reasonsOf(world, at), ['Stamped', 'Stamped']);
  t.equal(await world.revisions(at), 1);
  t.equal(await world.rolloutsAfter(at, () => world.api.patch(at, { spec: { paused: false } })), 1);
});

await Promise.all(tests);
t.test('rollouts that wait are counted apart from those that were done', async (t) => {
  const metrics = await world.restamp.watcher.metrics();
  for (const { kind, called = kind } of CASES) {
    if (kind === 'Deployment') continue; // Witnesses are Deployments too.
    const of = CASES.filter((known) => known.kind === kind);
    const done = of.filter(({ waits }) => waits === undefined).length * WAYS.length;
    const waiting = of.length * WAYS.length - done;
    const more = kind === 'CronJob' ? 1 : 0;
    t.equal(counter(metrics, 'restamp_rollouts_total', { kind: called }) ?? 0, done + more, `${called} done`);
    t.equal(counter(metrics, 'restamp_rollouts_waiting_total', { kind: called }) ?? 0, waiting, `${called} waiting`);
  }
  t.equal(counter(metrics, 'restamp_rollouts_waiting_total', { kind: 'Deployment' }), WAYS.length + 2);
});
