import t, { type Test } from 'tap';
import { asList, asObject, asText, type JsonObject, parseJson } from '../../core/json.ts';
import { INJECT, INSTANTIATE } from '../../core/names.ts';
import { RestampProcess } from '../install/process.ts';
import { configMap, cronJob, envFrom, job, type WorkloadOptions } from './manifest.ts';
import { decided, decisionsOf, eventsOf, reasonsOf } from './told.ts';
import { startWorld, type WorkloadAt, type World } from './world.ts';

/** Reloader's ways with CronJobs and Jobs: a Job per change, and a Job that is made again under its name. */
const OPTIONS = ['--cronjobs=run', '--jobs=recreate'];
const world: World = await startWorld(t, {
  webhookArgs: OPTIONS,
  watcherArgs: OPTIONS,
  prepare: (cluster) => cluster.kubectl(['apply', '-f', 'deploy/components/jobs/watcher-jobs-rbac.yaml']),
});
t.jobs = 8;

/** What runs side by side, to be waited for before the watcher is killed. */
const tests: PromiseLike<unknown>[] = [];

function test(title: string, body: (t: Test) => Promise<void>): void {
  tests.push(t.test(title, { buffered: true }, body));
}

const WAYS = [
  { way: 'in a labelled namespace', labels: { [INJECT]: 'enabled' }, annotations: {} },
  { way: 'by annotation alone', labels: {}, annotations: { [INJECT]: 'enabled' } },
] as const;

const container = envFrom('configMapRef', 'source');
const WATCHER = 'system:serviceaccount:restamp:restamp-watcher';

async function created(
  object: JsonObject,
  labels: Readonly<Record<string, string>> = { [INJECT]: 'enabled' },
): Promise<WorkloadAt> {
  const namespace = await world.namespace(labels);
  await world.create(namespace, configMap('source', { used: 'one' }));
  const at = await world.createWorkload(namespace, object);
  await world.quiet();
  return at;
}

/** Its Jobs never end by themselves: they have no pods. */
const endless = (options: Parameters<typeof cronJob>[0] = {}): JsonObject =>
  cronJob({ container, replicas: 0, ...options });

/** A Job that never ends. */
const unfinished = (options: Omit<WorkloadOptions, 'kind'> = {}): JsonObject =>
  job({ container, replicas: 0, ...options });

const change = (at: WorkloadAt): Promise<void> => world.touch(at.namespace, 'source', 'used');

async function metadataOf(at: WorkloadAt): Promise<JsonObject> {
  return asObject((await world.api.get(at)).metadata);
}

/** The Jobs of a CronJob. */
async function jobsOf(at: WorkloadAt): Promise<readonly JsonObject[]> {
  const { uid } = await metadataOf(at);
  return (await world.api.list('Job', at.namespace)).filter(({ metadata }) =>
    asList(asObject(metadata).ownerReferences).some((owner) => asObject(owner).uid === uid),
  );
}

async function untilJobs(at: WorkloadAt, count: number): Promise<readonly JsonObject[]> {
  await world.eventually(`${count} Jobs`, async () => (await jobsOf(at)).length >= count);
  return jobsOf(at);
}

async function historyLength(at: WorkloadAt): Promise<number> {
  return asList(parseJson((await world.annotations(at)).history ?? '[]')).length;
}

async function recorded(at: WorkloadAt, changes: number): Promise<void> {
  await world.eventually(`${changes} changes in the history`, async () => (await historyLength(at)) === changes);
}

/** Has the API server refuse what a policy's expression does not allow, in one namespace; resolves when it does. */
async function refuse(
  namespace: string,
  {
    resource,
    operation,
    allowed,
    tried,
  }: Record<'resource' | 'operation' | 'allowed', string> & { tried: readonly string[] },
): Promise<() => Promise<void>> {
  const metadata = { name: `refuse-${namespace}` };
  const rule = { apiGroups: ['batch'], apiVersions: ['v1'], resources: [resource], operations: [operation] };
  const items = [
    {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata },
      spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: allowed }] },
    },
    {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata },
      spec: {
        policyName: metadata.name,
        validationActions: ['Deny'],
        matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
      },
    },
  ];
  const { kubectl } = world.cluster;
  const stdin = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await kubectl.call(world.cluster, ['apply', '-f', '-'], { stdin });
  const isRefused = async (): Promise<boolean> => {
    const { stderr } = await kubectl.call(world.cluster, ['-n', namespace, ...tried], { allowFailure: true });
    return stderr.includes(metadata.name);
  };
  await world.eventually('a refusal', isRefused);
  return async () => {
    await kubectl.call(world.cluster, ['delete', '-f', '-'], { stdin });
    await world.eventually('an end of refusals', async () => !(await isRefused()));
  };
}

for (const { way, labels, annotations } of WAYS) {
  test(`each change makes one Job of a CronJob, ${way}`, async (t) => {
    const jobTemplate = asObject(asObject(cronJob({ container }).spec).jobTemplate);
    const marked = { ...jobTemplate, metadata: { labels: { team: 'a' }, annotations: { note: 'b' } } };
    const at = await created(cronJob({ container, annotations, spec: { jobTemplate: marked } }), labels);
    const before = await world.generation(at);
    for (const times of [1, 2]) {
      await change(at);
      await untilJobs(at, times);
      await recorded(at, times);
      await world.quiet();
      t.equal((await jobsOf(at)).length, times);
    }
    const { uid } = await metadataOf(at);
    for (const { metadata, spec } of await jobsOf(at)) {
      const { name, annotations: own, ownerReferences, labels: ownLabels } = asObject(metadata);
      t.match(name, /^app-[0-9a-f]{10}$/);
      t.match(own, { [INSTANTIATE]: 'manual', note: 'b' });
      t.match(ownLabels, { team: 'a' });
      t.match(ownerReferences, [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'app', uid, controller: true }]);
      t.match(JSON.stringify(spec), '"source"', 'it runs the template');
    }
    t.equal(await world.generation(at), before, 'the CronJob’s own spec is left alone');
    const [event, ...more] = await eventsOf(world, at);
    t.match(event, { reason: 'Rolled', note: /^Ran a Job because configmap\/source changed \(used\)/ });
    t.equal(more.length, 1);
  });

  test(`a Job is made again for a change, under its name, ${way}`, async (t) => {
    const at = await created(unfinished({ annotations: { ...annotations, note: 'b' }, labels: { team: 'a' } }), labels);
    const uids = [(await metadataOf(at)).uid];
    for (const times of [1, 2]) {
      await change(at);
      await world.eventually('another uid', async () => !uids.includes((await metadataOf(at)).uid));
      uids.push((await metadataOf(at)).uid);
      await world.quiet();
      t.equal((await metadataOf(at)).uid, uids.at(-1), 'once');
      t.equal(await historyLength(at), times, 'with its history');
    }
    t.match(await metadataOf(at), { labels: { team: 'a' }, annotations: { note: 'b' } });
    t.same(await reasonsOf(world, at), ['Rolled', 'Rolled']);
    t.match((await eventsOf(world, at))[0]?.note, /^Created the Job again because configmap\/source changed/);
  });
}

test('a suspended CronJob makes no Job, and none for the past when it goes on', async (t) => {
  const at = await created(cronJob({ container, suspend: true }));
  await world.despite(at.namespace, () => change(at));
  await decided(world, at, 'accept cronjob-suspended');
  t.same(await jobsOf(at), []);
  t.equal(await historyLength(at), 0);
  await world.despite(at.namespace, () => world.api.patch(at, { spec: { suspend: false } }));
  t.same(await jobsOf(at), []);
  await change(at);
  t.equal((await untilJobs(at, 1)).length, 1, 'from then on a change makes one');
});

test('a CronJob that forbids concurrency waits for its running Job, and then runs once for all changes', async (t) => {
  const at = await created(endless({ concurrencyPolicy: 'Forbid' }));
  const { namespace } = at;
  await world.cluster.kubectl(['-n', namespace, 'create', 'job', 'running', '--from=cronjob/app']);
  // As its controller does for a Job that it started itself.
  const { uid } = await metadataOf({ kind: 'Job', namespace, name: 'running' });
  const active = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'running', namespace, uid }];
  const status = [
    'patch',
    'cronjob',
    'app',
    '--subresource=status',
    '--type=merge',
    '-p',
    JSON.stringify({ status: { active } }),
  ];
  await world.cluster.kubectl(['-n', namespace, ...status]);
  await change(at);
  await decided(world, at, 'hold job-active');
  await world.despite(namespace, () => change(at));
  t.equal((await jobsOf(at)).length, 1, 'the one that was running');
  t.ok((await reasonsOf(world, at)).includes('Held'));
  await world.api.remove({ kind: 'Job', namespace, name: 'running' });
  await recorded(at, 1);
  await world.quiet();
  t.equal((await jobsOf(at)).length, 1, 'one for both changes');
});

test('a CronJob that forbids concurrency waits for the Job of the change before, too', async (t) => {
  const at = await created(endless({ concurrencyPolicy: 'Forbid' }));
  await change(at);
  const [first] = await untilJobs(at, 1);
  await recorded(at, 1);
  await world.despite(at.namespace, () => change(at));
  t.equal((await jobsOf(at)).length, 1);
  t.same(decisionsOf(world, at).at(-1), 'hold job-active');
  await world.api.remove({ kind: 'Job', namespace: at.namespace, name: String(asObject(first?.metadata).name) });
  await recorded(at, 2);
  await world.quiet();
  t.equal((await jobsOf(at)).length, 1);
});

test('a CronJob that allows concurrency runs beside the Job of the change before', async (t) => {
  const at = await created(endless({ concurrencyPolicy: 'Allow' }));
  for (const times of [1, 2]) {
    await change(at);
    await recorded(at, times);
  }
  t.equal((await jobsOf(at)).length, 2);
});

test('a change back to what was before is a change, with a Job of its own', async (t) => {
  const at = await created(cronJob({ container }));
  for (const [times, used] of ['two', 'one', 'two'].entries()) {
    await world.api.patch({ kind: 'ConfigMap', namespace: at.namespace, name: 'source' }, { data: { used } });
    await recorded(at, times + 1);
  }
  t.equal((await jobsOf(at)).length, 3);
});

test('a CronJob with the longest possible name gets its Job', async (t) => {
  const at = await created(cronJob({ container, name: `${'a'.repeat(51)}b` }));
  await change(at);
  const [made] = await untilJobs(at, 1);
  t.match(asObject(made?.metadata).name, /^a{51}b-[0-9a-f]{10}$/);
});

test('a Job that has finished, and one that a controller owns, stay as they are', async (t) => {
  const at = await created(job({ container }));
  const { namespace } = at;
  await world.eventually('its end', async () => asObject((await world.api.get(at)).status).succeeded === 1);
  await world.create(namespace, endless({ name: 'parent' }));
  await world.cluster.kubectl(['-n', namespace, 'create', 'job', 'child', '--from=cronjob/parent']);
  const child: WorkloadAt = { kind: 'Job', namespace, name: 'child' };
  const uids = [(await metadataOf(at)).uid, (await metadataOf(child)).uid];
  await world.despite(namespace, () => change(at));
  t.same([(await metadataOf(at)).uid, (await metadataOf(child)).uid], uids);
  t.same([...(await reasonsOf(world, at)), ...(await reasonsOf(world, child))], []);
});

test('the pods of a Job that is made again are replaced', async (t) => {
  const nowhere = { nodeSelector: { 'example.com/no': 'node' } };
  const at = await created(job({ container, replicas: 1, pod: { ...nowhere, restartPolicy: 'Never' } }));
  const pods = async (): Promise<readonly unknown[]> =>
    (await world.api.list('Pod', at.namespace)).map(({ metadata }) => asObject(metadata).uid);
  await world.eventually('a pod', async () => (await pods()).length === 1);
  const before = await pods();
  await change(at);
  await world.eventually('another pod alone', async () => {
    const now = await pods();
    return now.length === 1 && now[0] !== before[0];
  });
  t.equal(await historyLength(at), 1);
});

test('a suspended Job is made again and stays suspended', async (t) => {
  const at = await created(job({ container, suspend: true }));
  const { uid } = await metadataOf(at);
  await change(at);
  await world.eventually('another uid', async () => (await metadataOf(at)).uid !== uid);
  t.equal(asObject((await world.api.get(at)).spec).suspend, true);
});

test('a Job that holds on to a finalizer is made again once that is gone', async (t) => {
  const at = await created(unfinished());
  const { uid } = await metadataOf(at);
  await world.api.patch(at, { metadata: { finalizers: ['example.com/wait'] } });
  await change(at);
  await world.eventually('a deletion', async () => (await metadataOf(at)).deletionTimestamp !== undefined);
  await world.api.patch(at, { metadata: { finalizers: null } });
  await world.eventually('another Job', async () => (await metadataOf(at)).uid !== uid);
  await world.quiet();
  t.equal(await historyLength(at), 1);
  await world.api.patch(at, { metadata: { finalizers: null } });
});

/** How often a workload had to be looked at again. */
function retries({ kind, namespace, name }: WorkloadAt, cause: RegExp): number {
  const id = `${kind} ${namespace}/${name}`;
  return world.restamp.watcher.lines.filter(
    (line) => line.message === 'will look again' && line.name === id && cause.test(asText(line.cause) ?? ''),
  ).length;
}

test('a quota that refuses the new Job leaves the old one as it is, and it is tried again', async (t) => {
  const at = await created(unfinished());
  const { namespace } = at;
  const { uid } = await metadataOf(at);
  const { kubectl } = world.cluster;
  await kubectl.call(world.cluster, ['-n', namespace, 'create', 'quota', 'one', '--hard=count/jobs.batch=1']);
  const used = ['-n', namespace, 'get', 'quota', 'one', '-o', 'jsonpath={.status.used}'];
  await world.eventually('a used quota', async () => (await kubectl.call(world.cluster, used)).stdout.includes('"1"'));
  await change(at);
  await world.eventually('two refusals', async () => retries(at, /exceeded quota|403|Forbidden/) >= 2);
  t.equal((await metadataOf(at)).uid, uid);
  await kubectl.call(world.cluster, ['-n', namespace, 'delete', 'quota', 'one']);
  await world.eventually('another Job', async () => (await metadataOf(at)).uid !== uid);
  await world.quiet();
  t.same(await reasonsOf(world, at), ['Rolled']);
});

test('a policy that refuses the new Job leaves the old one as it is, and it is tried again', async (t) => {
  const at = await created(unfinished());
  const { uid } = await metadataOf(at);
  const tried = ['create', 'job', 'other', '--image=example', '--dry-run=server'];
  const allow = await refuse(at.namespace, { resource: 'jobs', operation: 'CREATE', allowed: 'false', tried });
  await change(at);
  await world.eventually('two refusals', async () => retries(at, /./) >= 2);
  t.equal((await metadataOf(at)).uid, uid);
  await allow();
  await world.eventually('another Job', async () => (await metadataOf(at)).uid !== uid);
});

test('a policy that refuses only after the dry run loses nothing: the Job is there again once it is allowed', async (t) => {
  const at = await created(unfinished());
  const { uid } = await metadataOf(at);
  const tried = ['create', 'job', 'other', '--image=example', '--dry-run=server'];
  const allowed = `request.dryRun && request.userInfo.username == '${WATCHER}'`;
  const allow = await refuse(at.namespace, { resource: 'jobs', operation: 'CREATE', allowed, tried });
  await change(at);
  await world.eventually('the old Job gone', async () => (await world.api.list('Job', at.namespace)).length === 0);
  await world.quiet();
  await allow();
  await world.eventually('another Job', async () => (await metadataOf(at)).uid !== uid);
  t.equal((await world.api.list('Job', at.namespace)).length, 1);
});

await Promise.all(tests);

await t.test('a watcher killed between the Job and its record makes no second one', async (t) => {
  const { watcher } = world.restamp;
  const at = await created(cronJob({ container }));
  const patch = [
    'patch',
    'cronjob',
    'app',
    '--dry-run=server',
    `--as=${WATCHER}`,
    '-p',
    '{"metadata":{"labels":{"a":"b"}}}',
  ];
  const allowed = `request.userInfo.username != '${WATCHER}'`;
  const allow = await refuse(at.namespace, { resource: 'cronjobs', operation: 'UPDATE', allowed, tried: patch });
  await change(at);
  await world.eventually('a record that failed', async () => retries(at, /./) > 0);
  await watcher.stop('SIGKILL');
  const [made] = await jobsOf(at);
  t.ok(made, 'the Job is there');
  t.equal(await historyLength(at), 0, 'and nothing tells of it');
  await allow();
  await watcher.start();
  await recorded(at, 1);
  await world.quiet();
  t.same(
    (await jobsOf(at)).map(({ metadata }) => asObject(metadata).uid),
    [asObject(made?.metadata).uid],
  );
});

await t.test('two watchers make one Job for one change, and make a Job again once', async (t) => {
  const second = new RestampProcess({ command: 'watcher', args: world.restamp.watcher.args });
  await second.start();
  t.teardown(() => second.stop());
  const running = await created(cronJob({ container }));
  const again = await world.createWorkload(running.namespace, unfinished({ name: 'again' }));
  const { uid } = await metadataOf(again);
  await change(running);
  await untilJobs(running, 1);
  await world.eventually('another uid', async () => (await metadataOf(again)).uid !== uid);
  const now = (await metadataOf(again)).uid;
  await world.quiet();
  t.equal((await jobsOf(running)).length, 1);
  t.equal((await metadataOf(again)).uid, now);
});

await t.test('the watcher needed no right beyond those that ship', async (t) => {
  const refused = (await world.cluster.auditLog()).filter(
    ({ user, code, userAgent }) =>
      user === WATCHER && [401, 403].includes(code) && userAgent.startsWith('restamp-watcher/'),
  );
  t.same(
    refused.filter(({ resource, verb }) => `${verb} ${resource}` !== 'create jobs'),
    [],
    'but for the quota',
  );
});
