import t from 'tap';
import { asList, asObject, type JsonObject } from '../../core/json.ts';
import { LAST_RELOADED_FROM, WAVE } from '../../core/names.ts';
import { run, type Said } from '../cli/surroundings.ts';
import { installCrds, removeCrd } from '../cluster/crds.ts';
import type { ObjectAt } from './api.ts';
import { configMap, cronJob, envFrom, job, rollout, secret, serviceAccount, workload } from './manifest.ts';
import { startWorld, type WorkloadAt, type World } from './world.ts';

/** What Reloader and wave leave, made with kubectl, and `restamp clean-up` on it. */
const world: World = await startWorld(t);

/** No namespace of these tests is restamp's to look after, unless a test says so. */
const UNMANAGED = {};

const HASH = '8d1e0ad6a9a1f8c4';
const VARIABLE = { name: 'STAKATER_SETTINGS_CONFIGMAP', value: HASH };
const LAST_RELOADED = { [LAST_RELOADED_FROM]: JSON.stringify({ type: 'CONFIGMAP', name: 'settings', hash: HASH }) };

async function kubectl(namespace: string, args: readonly string[], object?: JsonObject): Promise<string> {
  const stdin = object === undefined ? {} : { stdin: JSON.stringify(object) };
  return (await world.cluster.kubectl(['-n', namespace, ...args], stdin)).stdout;
}

async function create(namespace: string, ...objects: readonly JsonObject[]): Promise<void> {
  for (const object of objects) await kubectl(namespace, ['create', '-f', '-'], object);
}

/** The command, on some namespaces of the cluster. */
async function cleanUp(namespace: string, ...argv: readonly string[]): Promise<Said> {
  return run(['clean-up', `--kubeconfig=${world.cluster.kubeconfig}`, `--namespaces=${namespace}`, ...argv]);
}

function withFinalizer(object: JsonObject): JsonObject {
  return { ...object, metadata: { ...asObject(object.metadata), finalizers: [WAVE.finalizer] } };
}

/** Has a ConfigMap or Secret name a Deployment as its owner, in the way of wave unless told otherwise. */
async function own(namespace: string, child: string, { owner, as }: { owner: string; as?: JsonObject }): Promise<void> {
  const { uid } = asObject((await world.api.get({ kind: 'Deployment', namespace, name: owner })).metadata);
  const shape = as ?? { controller: false, blockOwnerDeletion: true };
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: owner, uid, ...shape }];
  await kubectl(namespace, ['patch', child, '--type=merge', '-p', JSON.stringify({ metadata: { ownerReferences } })]);
}

/** Waits until the controllers have nothing more to say about these Deployments: each has its pods, or waits for ever. */
async function settled(namespace: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await world.eventually(`a ReplicaSet of ${name}`, async () => (await world.revisions(at(namespace, name))) > 0);
  }
  await world.quiet();
}

function at(namespace: string, name: string): WorkloadAt {
  return { kind: 'Deployment', namespace, name };
}

async function versions(objects: readonly ObjectAt[]): Promise<readonly string[]> {
  const all = await Promise.all(objects.map((object) => world.api.get(object)));
  return all.map(({ metadata }) => String(asObject(metadata).resourceVersion));
}

async function exists(object: ObjectAt): Promise<boolean> {
  return world.api.get(object).then(
    () => true,
    () => false,
  );
}

async function gone(object: ObjectAt): Promise<void> {
  await world.eventually(`${object.kind} ${object.name} gone`, async () => !(await exists(object)));
}

// A pause that Reloader left is ended by the watcher that runs here, before anybody could ask for it (test/cli/clean-up.test.ts).
t.test('everything that is left is shown, then removed, and pods roll only where it was said', async (t) => {
  const namespace = await world.namespace(UNMANAGED);
  await create(
    namespace,
    configMap('settings', { used: 'one' }),
    secret('token', { token: 'hunter2' }),
    workload({ name: 'annotated', templateAnnotations: LAST_RELOADED }),
    workload({ name: 'variable', container: { env: [{ name: 'LOG_LEVEL', value: 'debug' }, VARIABLE] } }),
    workload({ name: 'hashed', templateAnnotations: { [WAVE.configHash]: HASH } }),
    workload({
      name: 'parked',
      annotations: { [WAVE.schedulingDisabled]: 'default-scheduler' },
      pod: { schedulerName: WAVE.parkedScheduler },
    }),
    withFinalizer(workload({ name: 'guarded' })),
    workload({ name: 'held', templateAnnotations: LAST_RELOADED }),
    workload({ name: 'clean' }),
    cronJob({ name: 'nightly', templateAnnotations: LAST_RELOADED }),
    job({ name: 'once', replicas: 0, container: { env: [VARIABLE] } }),
  );
  await own(namespace, 'configmap/settings', { owner: 'guarded' });
  await own(namespace, 'secret/token', { owner: 'guarded' });
  const rolled = ['annotated', 'variable', 'hashed', 'parked'];
  const deployments = [...rolled, 'guarded', 'held', 'clean'];
  await settled(namespace, deployments);
  await kubectl(namespace, ['rollout', 'pause', 'deployment/held']);
  await world.quiet();

  const objects: readonly ObjectAt[] = [
    ...deployments.map((name) => at(namespace, name)),
    { kind: 'CronJob', namespace, name: 'nightly' },
    { kind: 'Job', namespace, name: 'once' },
    { kind: 'ConfigMap', namespace, name: 'settings' },
    { kind: 'Secret', namespace, name: 'token' },
  ];
  const before = await versions(objects);
  const plan = await cleanUp(namespace);
  t.strictSame([plan.code, plan.stderr], [0, '']);
  const row = (pods: string, object: string, what: string): string => `${pods.padEnd(7)}${object}  ${what}`;
  const place = (kind: string, name: string): string => `${kind} ${namespace}/${name}`.padEnd(width);
  const width = `Deployment ${namespace}/annotated`.length;
  t.strictSame(plan.stdout.split('\n').slice(1, 10).toSorted(), [
    row('later', place('CronJob', 'nightly'), 'Reloader: last-reloaded-from'),
    row('later', place('Deployment', 'held'), 'Reloader: last-reloaded-from'),
    row('roll', place('Deployment', 'annotated'), 'Reloader: last-reloaded-from'),
    row('roll', place('Deployment', 'hashed'), 'wave: config-hash'),
    row('roll', place('Deployment', 'parked'), 'wave: scheduling-disabled'),
    row('roll', place('Deployment', 'variable'), 'Reloader: STAKATER_SETTINGS_CONFIGMAP'),
    row('stay', place('ConfigMap', 'settings'), 'wave: owner reference to Deployment guarded'),
    row('stay', place('Deployment', 'guarded'), 'wave: finalizer'),
    row('stay', place('Secret', 'token'), 'wave: owner reference to Deployment guarded'),
  ]);
  t.match(plan.stdout, '9 objects to clean up');
  t.match(plan.stdout, '1 Job not counted');
  t.strictSame(await versions(objects), before, 'the plan has changed nothing');

  const done = await cleanUp(namespace, '--yes');
  t.strictSame([done.code, done.stderr], [0, ''], done.stdout);
  t.match(done.stdout, '9 objects cleaned up, 0 failed.');
  for (const name of rolled) {
    await world.eventually(`a rollout of ${name}`, async () => (await world.revisions(at(namespace, name))) > 1);
  }
  await world.quiet();
  const revisions = await Promise.all(deployments.map((name) => world.revisions(at(namespace, name))));
  t.strictSame(revisions, [2, 2, 2, 2, 1, 1, 1]);
  await kubectl(namespace, ['rollout', 'status', 'deployment/parked', '--timeout=60s']);

  const variable = asObject(asObject((await world.api.get(at(namespace, 'variable'))).spec).template);
  const [container] = asList(asObject(variable.spec).containers);
  t.strictSame(asObject(container).env, [{ name: 'LOG_LEVEL', value: 'debug' }]);
  const token = await world.api.get({ kind: 'Secret', namespace, name: 'token' });
  t.strictSame(token.data, { token: Buffer.from('hunter2').toString('base64') });

  const again = await cleanUp(namespace, '--yes');
  t.strictSame([again.code, again.stderr], [0, '']);
  t.match(again.stdout, `Nothing of Reloader or wave is left in namespace ${namespace}.\n1 Job not counted`);
  t.notMatch(plan.stdout + done.stdout, 'hunter2');
});

t.test('what wave guarded can be deleted afterwards, and takes nothing along that is not its own', async (t) => {
  const namespace = await world.namespace(UNMANAGED);
  const [kept, lost] = ['kept', 'lost'].map((name) => ({ kind: 'ConfigMap', namespace, name })) as [ObjectAt, ObjectAt];
  await create(
    namespace,
    configMap('kept', { used: 'one' }),
    configMap('lost', { used: 'one' }),
    withFinalizer(workload({ name: 'guarded' })),
  );
  await own(namespace, 'configmap/kept', { owner: 'guarded' });
  // Somebody else's reference: it is left alone, and shows when the garbage collector has been here.
  await own(namespace, 'configmap/lost', { owner: 'guarded', as: { blockOwnerDeletion: false } });
  await world.api.remove(at(namespace, 'guarded'));
  await world.quiet();
  t.ok(await exists(at(namespace, 'guarded')), 'the finalizer holds it');

  const { code, stdout } = await cleanUp(namespace, '--of=wave', '--yes');
  t.equal(code, 0, stdout);
  t.match(stdout, '2 objects cleaned up, 0 failed.');
  await gone(at(namespace, 'guarded'));
  await gone(lost);
  await world.quiet();
  t.ok(await exists(kept), 'the ConfigMap that wave had tied to it');
});

t.test('whoever may not list Secrets cleans up the rest, and the finalizer stays', async (t) => {
  const namespace = await world.namespace(UNMANAGED);
  const resources = ['deployments', 'statefulsets', 'daemonsets', 'cronjobs', 'jobs', 'configmaps'];
  const verbs = ['get', 'list', 'patch'];
  await create(
    namespace,
    serviceAccount('somebody'),
    withFinalizer(workload({ name: 'guarded', templateAnnotations: LAST_RELOADED })),
  );
  const flags = [...verbs.map((verb) => `--verb=${verb}`), ...resources.map((resource) => `--resource=${resource}`)];
  await kubectl(namespace, ['create', 'role', 'somebody', ...flags]);
  const subject = `--serviceaccount=${namespace}:somebody`;
  await kubectl(namespace, ['create', 'rolebinding', 'somebody', '--role=somebody', subject]);
  const kubeconfig = await world.cluster.serviceAccountKubeconfig(namespace, 'somebody');

  const everywhere = await run(['clean-up', `--kubeconfig=${kubeconfig}`, '--yes']);
  t.equal(everywhere.code, 1);
  t.match(everywhere.stderr, /Deployment cannot be listed and is left out: .*403 Forbidden \(--namespaces asks/);
  t.match(everywhere.stdout, 'as far as it could be looked at');

  const { code, stdout, stderr } = await run([
    ...['clean-up', `--kubeconfig=${kubeconfig}`, `--namespaces=${namespace}`, '--yes'],
  ]);
  t.equal(code, 1);
  t.match(
    stderr,
    `Secret cannot be listed and is left out: GET /api/v1/namespaces/${namespace}/secrets: 403 Forbidden\n`,
  );
  t.match(stderr, `Deployment ${namespace}/guarded keeps wave's finalizer`);
  t.match(stdout, 'Reloader: last-reloaded-from (pods: roll)');
  t.strictSame(asObject((await world.api.get(at(namespace, 'guarded'))).metadata).finalizers, [WAVE.finalizer]);
  await cleanUp(namespace, '--yes');
  t.strictSame(asObject((await world.api.get(at(namespace, 'guarded'))).metadata).finalizers ?? [], []);
});

t.test('kinds of other projects are cleaned up where there are any', async (t) => {
  const namespace = await world.namespace(UNMANAGED);
  await installCrds(world.cluster, 'rollouts.argoproj.io');
  await create(
    namespace,
    rollout({ name: 'canary', templateAnnotations: LAST_RELOADED, container: { env: [VARIABLE] } }),
    rollout({ name: 'borrowing', workloadRef: 'elsewhere' }),
  );
  const { code, stdout } = await cleanUp(namespace, '--yes');
  t.equal(code, 0, stdout);
  t.match(
    stdout,
    `Rollout ${namespace}/canary  Reloader: last-reloaded-from, STAKATER_SETTINGS_CONFIGMAP (pods: roll)`,
  );
  t.match(stdout, '1 object cleaned up, 0 failed.');
  await removeCrd(world.cluster, 'rollouts.argoproj.io');
  t.match(await cleanUp(namespace), { code: 0, stderr: '' });
});

t.test('a workload that restamp looks after rolls once, and keeps its stamp and its record', async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, configMap('settings', { used: 'one' }));
  const object = workload({ templateAnnotations: LAST_RELOADED, container: envFrom('configMapRef', 'settings') });
  const managed = await world.createWorkload(namespace, object);
  const before = await world.annotations(managed);
  t.match(before.stamp, /^v1\./);
  t.equal(await world.rolloutsAfter(managed, () => cleanUp(namespace, '--yes')), 1);
  t.same(await world.annotations(managed), before);
});
