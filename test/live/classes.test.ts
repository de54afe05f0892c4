import t, { type Test } from 'tap';
import { asList, asObject, type JsonObject, parseJson } from '../../core/json.ts';
import { INJECT, RELOADER } from '../../core/names.ts';
import { installCrds } from '../cluster/crds.ts';
import * as manifest from './manifest.ts';
import { decided, decisionsOf, eventsOf } from './told.ts';
import { startWorld, type WorkloadAt, type World } from './world.ts';

/**
 * SecretProviderClasses: their content is known by the versions that pods tell of. No driver runs here; what it would
 * write is written by the test. First without the definitions, then with them.
 */
const OPTIONS = ['--secret-provider-classes'];
const world: World = await startWorld(t, { webhookArgs: OPTIONS, watcherArgs: OPTIONS });

const CRDS = [
  'secretproviderclasses.secrets-store.csi.x-k8s.io',
  'secretproviderclasspodstatuses.secrets-store.csi.x-k8s.io',
] as const;

/** How the kind of what pods tell is called in the watcher's log. */
const STATUSES = 'SecretProviderClassPodStatus';

const WAYS = [
  { way: 'in a labelled namespace', labels: { [INJECT]: 'enabled' }, annotations: {} },
  { way: 'by annotation alone', labels: {}, annotations: { [INJECT]: 'enabled' } },
] as const;

/** Uses the class `vault` and the ConfigMap `source`. */
function using(options: manifest.WorkloadOptions = {}): JsonObject {
  const { pod, container } = manifest.mounted(manifest.csiVolume('vault'));
  return manifest.workload({
    pod,
    container: { ...container, ...manifest.envFrom('configMapRef', 'source') },
    ...options,
  });
}

async function created(
  object: JsonObject,
  labels: Readonly<Record<string, string>> = { [INJECT]: 'enabled' },
): Promise<WorkloadAt> {
  const namespace = await world.namespace(labels);
  await world.create(namespace, manifest.configMap('source', { used: 'one' }));
  return world.createWorkload(namespace, object);
}

function statusAt(namespace: string, podName: string): { kind: string; namespace: string; name: string } {
  return { kind: STATUSES, namespace, name: `${podName}-${namespace}-vault` };
}

/** A pod tells that it has mounted these versions, for the first time or anew. */
async function tell(
  { namespace }: WorkloadAt,
  podName: string,
  objects: Readonly<Record<string, string>>,
): Promise<void> {
  const status = manifest.secretProviderClassPodStatus({ secretProviderClass: 'vault', namespace, podName, objects });
  const names = (await world.api.list(STATUSES, namespace)).map(({ metadata }) => asObject(metadata).name);
  const at = statusAt(namespace, podName);
  if (names.includes(at.name)) await world.api.patch(at, { status: status.status });
  else await world.create(namespace, status);
}

async function fallSilent({ namespace }: WorkloadAt, ...podNames: readonly string[]): Promise<void> {
  for (const podName of podNames) await world.api.remove(statusAt(namespace, podName));
}

async function served(times: number): Promise<void> {
  await world.eventually(`${STATUSES} served`, async () => {
    const lines = world.restamp.watcher.lines.filter(({ kind, served }) => kind === STATUSES && served === true);
    return lines.length >= times;
  });
}

await t.test(
  'without the definitions everything else works, and nobody asks for what is not there again and again',
  async (t) => {
    const at = await created(using());
    t.equal(await world.rolloutsAfter(at, () => world.touch(at.namespace, 'source', 'used')), 1);
    t.same(
      world.restamp.watcher.lines.filter(({ level }) => level === 'warn' || level === 'error'),
      [],
    );
    t.ok(await world.restamp.watcher.isReady());
    await installCrds(world.cluster, ...CRDS);
    await served(1);
    t.equal(
      await world.rolloutsDespite(at, () => tell(at, 'pod-a', { password: 'v1' })),
      0,
      'the first that is told is known',
    );
    t.equal(await world.rolloutsAfter(at, () => tell(at, 'pod-a', { password: 'v2' })), 1, 'and a rotation rolls');
  },
);

t.jobs = 8;

/** What runs side by side, to be waited for before the watcher is stopped. */
const tests: PromiseLike<unknown>[] = [];

function test(title: string, body: (t: Test) => Promise<void>): void {
  tests.push(t.test(title, { buffered: true }, body));
}

/** A workload with two pods that both mounted the first version. */
async function running(object: JsonObject, labels?: Readonly<Record<string, string>>): Promise<WorkloadAt> {
  const at = await created(object, labels);
  await tell(at, 'pod-a', { password: 'v1' });
  await tell(at, 'pod-b', { password: 'v1' });
  await decided(world, at, 'accept source-appeared');
  await world.quiet();
  return at;
}

for (const { way, labels, annotations } of WAYS) {
  test(`a rotation that two pods report at different times is one rollout, ${way}`, async (t) => {
    const at = await running(using({ annotations, replicas: 2 }), labels);
    t.equal(await world.revisions(at), 1, 'what the first pods mount rolls nothing');
    t.equal(await world.rolloutsAfter(at, () => tell(at, 'pod-a', { password: 'v2' })), 1);
    t.equal(
      await world.rolloutsDespite(at, () => tell(at, 'pod-b', { password: 'v2' })),
      0,
      'the second says the same',
    );
    const newPods = async (): Promise<void> => {
      await tell(at, 'pod-c', { password: 'v2' });
      await tell(at, 'pod-d', { password: 'v2' });
      await fallSilent(at, 'pod-a', 'pod-b');
    };
    t.equal(await world.rolloutsDespite(at, newPods), 0, 'nor do the new pods tell anything else');
    t.equal(asList(parseJson((await world.annotations(at)).history ?? '[]')).length, 1);
    t.match((await eventsOf(world, at)).at(-1)?.note, /secretproviderclass\/vault changed \(password\)/);
  });

  test(`scaling to zero and back rolls nothing, though the class was rotated meanwhile, ${way}`, async (t) => {
    const at = await running(using({ annotations, replicas: 2 }), labels);
    const toZero = async (): Promise<void> => {
      await world.api.patch(at, { spec: { replicas: 0 } });
      await fallSilent(at, 'pod-a', 'pod-b');
    };
    t.equal(await world.rolloutsDespite(at, toZero), 0);
    const back = async (): Promise<void> => {
      await world.api.patch(at, { spec: { replicas: 2 } });
      await tell(at, 'pod-c', { password: 'v2' });
      await tell(at, 'pod-d', { password: 'v2' });
    };
    t.equal(await world.rolloutsDespite(at, back), 0);
    t.equal(await world.rolloutsAfter(at, () => tell(at, 'pod-c', { password: 'v3' })), 1, 'the next rotation rolls');
  });
}

test('of two workloads that use one class each rolls once', async (t) => {
  const at = await running(using());
  const other = await world.createWorkload(at.namespace, using({ kind: 'StatefulSet', name: 'other' }));
  await world.quiet();
  t.equal(await world.rolloutsAfter(at, () => tell(at, 'pod-b', { password: 'v2' })), 1);
  await world.eventually('a rollout of the other', async () => (await world.revisions(other)) === 2);
  await world.quiet();
  t.equal(await world.revisions(other), 2);
});

test('a pod that goes while others stay rolls nothing', async (t) => {
  const at = await running(using({ replicas: 2 }));
  t.equal(await world.rolloutsDespite(at, () => fallSilent(at, 'pod-b')), 0);
});

test('what a pod says of another class rolls nothing', async (t) => {
  const at = await running(using());
  const { namespace } = at;
  const status = (version: string): JsonObject =>
    manifest.secretProviderClassPodStatus({
      secretProviderClass: 'other',
      namespace,
      podName: 'x',
      objects: { password: version },
    });
  const others = async (): Promise<void> => {
    await world.create(namespace, status('v1'));
    await world.api.patch(
      { ...statusAt(namespace, 'x'), name: `x-${namespace}-other` },
      { status: status('v2').status },
    );
  };
  t.equal(await world.rolloutsDespite(at, others), 0);
});

test('a status that changes in anything but versions rolls nothing, whichever pod’s it is', async (t) => {
  const at = await running(using());
  await world.rolloutsAfter(at, () => tell(at, 'pod-a', { password: 'v2' }));
  // Under another name than the driver's, whose own writes tell something.
  const relabel = (podName: string): Promise<unknown> => {
    const { name } = statusAt(at.namespace, podName);
    return world.cluster.kubectl(['-n', at.namespace, 'label', `${STATUSES.toLowerCase()}es`, name, 'touched=yes']);
  };
  t.equal(await world.rolloutsDespite(at, () => relabel('pod-a')), 0);
  t.equal(await world.rolloutsDespite(at, () => relabel('pod-b')), 0, 'pod-b has not heard of the rotation yet');
});

test('an object that comes to a class is a change, and so is one that goes', async (t) => {
  const at = await running(using());
  t.equal(await world.rolloutsAfter(at, () => tell(at, 'pod-a', { password: 'v1', user: 'v1' })), 1);
  await tell(at, 'pod-b', { password: 'v1', user: 'v1' });
  await world.quiet();
  t.equal(
    await world.rolloutsAfter(at, () =>
      world.api.patch(statusAt(at.namespace, 'pod-a'), { status: { objects: [{ id: 'user', version: 'v1' }] } }),
    ),
    1,
  );
});

test('Reloader’s words for classes count', async (t) => {
  const auto = using({ annotations: { [RELOADER.autoOf.SecretProviderClass]: 'true' } });
  const at = await running(auto, {});
  t.equal(await world.rolloutsDespite(at, () => world.touch(at.namespace, 'source', 'used')), 0, 'of classes only');
  t.equal(await world.rolloutsAfter(at, () => tell(at, 'pod-a', { password: 'v2' })), 1);
  const named = manifest.workload({ name: 'named', annotations: { [RELOADER.reload.SecretProviderClass]: 'vault' } });
  const other = await world.createWorkload(at.namespace, named);
  t.equal(await world.rolloutsAfter(other, () => tell(at, 'pod-a', { password: 'v3' })), 1, 'by name, mounted or not');
  const excluded = using({
    name: 'excluded',
    annotations: { [INJECT]: 'enabled', [RELOADER.exclude.SecretProviderClass]: 'vault' },
  });
  const without = await world.createWorkload(at.namespace, excluded);
  t.equal(await world.rolloutsDespite(without, () => tell(at, 'pod-a', { password: 'v4' })), 0);
});

await Promise.all(tests);

await t.test('a rotation while the watcher is down is caught up with once', async (t) => {
  const { watcher } = world.restamp;
  const at = await running(using());
  const still = await running(using());
  await watcher.stop('SIGKILL');
  await tell(at, 'pod-a', { password: 'v2' });
  await tell(at, 'pod-b', { password: 'v2' });
  t.equal(await world.rolloutsAfter(at, () => watcher.start()), 1);
  t.equal(await world.revisions(still), 1, 'what was not rotated did not roll');
  t.same(
    decisionsOf(world, still).filter((decision) => decision.startsWith('roll')),
    [],
  );
});

await t.test('no content of a class was asked for, and nothing was refused', async (t) => {
  const ours = (await world.cluster.auditLog()).filter(({ userAgent }) => userAgent.startsWith('restamp-w'));
  t.ok(ours.some(({ resource }) => resource === 'secretproviderclasspodstatuses'));
  t.same(
    ours.filter(({ resource }) => resource === 'secretproviderclasses'),
    [],
  );
  t.same(
    ours.filter(({ code }) => code === 401 || code === 403),
    [],
  );
});
