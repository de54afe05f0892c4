import t from 'tap';
import { SETTLE_MS } from '../../core/defaults.ts';
import { asObject, type JsonObject } from '../../core/json.ts';
import { CONFIG_HASH, HISTORY, RECORD } from '../../core/names.ts';
import type { KubectlResult } from '../cluster/cluster.ts';
import { configMap, container, envFrom, type Kind, workload } from './manifest.ts';
import { startWorld, type WorkloadAt, type World } from './world.ts';

/** What people and tools do to a workload that carries a stamp (DESIGN §9). */
const world: World = await startWorld(t);
t.jobs = 8;

const using = (options: Parameters<typeof workload>[0] = {}): JsonObject =>
  workload({ container: envFrom('configMapRef', 'source'), ...options });

/** The same workload with another image: a change of the template that is the user's own. */
const newImage = (image: string): JsonObject => using({ container: { image, ...envFrom('configMapRef', 'source') } });

async function kubectl(namespace: string, args: readonly string[], stdin?: JsonObject): Promise<KubectlResult> {
  return world.cluster.kubectl(['-n', namespace, ...args], stdin === undefined ? {} : { stdin: JSON.stringify(stdin) });
}

/** A namespace with a ConfigMap and a workload that was created with `kubectl apply`. */
async function applied(args: readonly string[] = []): Promise<WorkloadAt> {
  const namespace = await world.namespace();
  await world.create(namespace, configMap('source', { used: 'one' }));
  await kubectl(namespace, ['apply', ...args, '-f', '-'], using());
  const at: WorkloadAt = { kind: 'Deployment', namespace, name: 'app' };
  await world.eventually('a first ReplicaSet', async () => (await world.revisions(at)) === 1);
  return at;
}

const change = (at: WorkloadAt): Promise<void> => world.touch(at.namespace, 'source', 'used');

/** Times that a busy machine gets to start kubectl within the settle time. */
const ATTEMPTS = 5;

/**
 * The rollouts that come of a change of the ConfigMap with something right after it. What comes later than the settle
 * time is another change, with a rollout of its own: such an attempt says nothing, and is made again.
 */
async function rolloutsTogether(at: WorkloadAt, act: (attempt: number) => Promise<unknown>): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    let tookMs = Number.POSITIVE_INFINITY;
    const rollouts = await world.rolloutsAfter(at, async () => {
      const from = performance.now();
      await change(at);
      await act(attempt);
      tookMs = performance.now() - from;
    });
    if (tookMs < SETTLE_MS) return rollouts;
  }
  throw new Error(`kubectl took longer than the settle time of ${SETTLE_MS} ms, ${ATTEMPTS} times in a row`);
}

for (const { title, args } of [
  { title: 'kubectl apply', args: [] },
  { title: 'kubectl apply --server-side', args: ['--server-side'] },
]) {
  t.test(`${title} of the same manifest changes nothing, stamp and record stay`, { buffered: true }, async (t) => {
    const at = await applied(args);
    await world.rolloutsAfter(at, () => change(at));
    const before = await world.annotations(at);
    t.equal(await world.rolloutsDespite(at, () => kubectl(at.namespace, ['apply', ...args, '-f', '-'], using())), 0);
    t.same(await world.annotations(at), before);
  });

  t.test(
    `${title} of a new image right after a change of the ConfigMap is one rollout`,
    { buffered: true },
    async (t) => {
      const at = await applied(args);
      const rollouts = await rolloutsTogether(at, (attempt) =>
        kubectl(at.namespace, ['apply', ...args, '-f', '-'], newImage(`registry.example/app:2.${attempt}`)),
      );
      t.equal(rollouts, 1);
    },
  );
}

t.test('server-side apply with force by another manager does not prune the stamp', { buffered: true }, async (t) => {
  const at = await applied(['--server-side']);
  await world.rolloutsAfter(at, () => change(at));
  const before = await world.annotations(at);
  const args = ['apply', '--server-side', '--force-conflicts', '--field-manager=kustomize-controller', '-f', '-'];
  t.equal(await world.rolloutsDespite(at, () => kubectl(at.namespace, args, using())), 0);
  t.same(await world.annotations(at), before);
});

t.test(
  'kubectl replace with a manifest that knows nothing of restamp strips nothing',
  { buffered: true },
  async (t) => {
    const at = await applied();
    await world.rolloutsAfter(at, () => change(at));
    const before = await world.annotations(at);
    t.ok(before.stamp && before.record && before.history);
    t.equal(await world.rolloutsDespite(at, () => kubectl(at.namespace, ['replace', '-f', '-'], using())), 0);
    t.same(await world.annotations(at), before);
  },
);

t.test(
  'kubectl replace with another template is one rollout, stamped with the configuration of now',
  { buffered: true },
  async (t) => {
    const at = await applied();
    const before = await world.annotations(at);
    const rollouts = await rolloutsTogether(at, (attempt) =>
      kubectl(at.namespace, ['replace', '-f', '-'], newImage(`registry.example/app:3.${attempt}`)),
    );
    t.equal(rollouts, 1);
    const after = await world.annotations(at);
    t.ok(after.stamp);
    t.not(after.stamp, before.stamp);
  },
);

t.test(
  'an undo of a rollout that restamp made is put back, since the configuration is still the new one',
  { buffered: true },
  async (t) => {
    const at = await applied();
    await world.rolloutsAfter(at, () => change(at));
    const before = await world.annotations(at);
    t.equal(await world.rolloutsDespite(at, () => kubectl(at.namespace, ['rollout', 'undo', 'deployment/app'])), 0);
    t.same(await world.annotations(at), before);
  },
);

t.test(
  'an undo to another image runs that image with the configuration of now, in one rollout',
  { buffered: true },
  async (t) => {
    const at = await applied();
    await world.rolloutsAfter(at, () =>
      kubectl(at.namespace, ['apply', '-f', '-'], newImage('registry.example/app:2')),
    );
    await world.rolloutsAfter(at, () => change(at));
    const changed = await world.annotations(at);
    // Revision 1 is the first image with the first configuration: its annotations come back with it.
    const undo = ['rollout', 'undo', 'deployment/app', '--to-revision=1'];
    t.equal(await world.rolloutsAfter(at, () => kubectl(at.namespace, undo)), 1);
    const after = await world.annotations(at);
    t.equal(after.stamp, changed.stamp, 'the stamp of the configuration of now');
    t.equal(after.history, changed.history, 'the history goes on');
  },
);

t.test('a rollout restart is one rollout', { buffered: true }, async (t) => {
  const at = await applied();
  const restart = ['rollout', 'restart', 'deployment/app'];
  t.equal(await world.rolloutsAfter(at, () => kubectl(at.namespace, restart)), 1);
});

t.test('scaling and labelling roll nothing and leave the stamp alone', { buffered: true }, async (t) => {
  const at = await applied();
  const before = await world.annotations(at);
  const rollouts = await world.rolloutsDespite(at, async () => {
    await kubectl(at.namespace, ['scale', 'deployment/app', '--replicas=2']);
    await kubectl(at.namespace, ['label', 'deployment/app', 'team=a']);
    await kubectl(at.namespace, ['annotate', 'deployment/app', 'note=a']);
  });
  t.equal(rollouts, 0);
  t.same(await world.annotations(at), before);
});

t.test('a forged or stale stamp is put back, whoever sends it', { buffered: true }, async (t) => {
  const at = await applied();
  const first = await world.annotations(at);
  await world.rolloutsAfter(at, () => change(at));
  const before = await world.annotations(at);
  const stamped = (stamp: string | null): unknown => ({
    spec: { template: { metadata: { annotations: { [CONFIG_HASH]: stamp } } } },
  });
  const rollouts = await world.rolloutsDespite(at, async () => {
    await world.api.patch(at, stamped('v1.000000000000.AAAAAAAAAAAAAAAAAAAAAA'));
    await world.api.patch(at, stamped(first.stamp ?? ''));
    await world.api.patch(at, stamped(null));
    await world.api.patch(at, { metadata: { annotations: { [RECORD]: first.record, [HISTORY]: null } } });
  });
  t.equal(rollouts, 0);
  t.same(await world.annotations(at), before);
});

t.test(
  'an exported manifest is stamped anew where it is created, and keeps nothing of its origin',
  { buffered: true },
  async (t) => {
    const at = await applied();
    await world.rolloutsAfter(at, () => change(at));
    const exported = await world.api.get(at);
    const namespace = await world.namespace();
    await world.create(namespace, configMap('source', { used: 'other' }));
    const { annotations } = asObject(exported.metadata);
    const copy = { ...exported, metadata: { name: 'app', annotations }, status: undefined };
    const created = await world.createWorkload(namespace, copy);
    const after = await world.annotations(created);
    const origin = await world.annotations(at);
    t.match(after.stamp, /^v1\./);
    t.not(after.stamp, origin.stamp);
    t.not(after.record, origin.record);
    t.equal(after.history, undefined);
    await world.quiet();
    t.equal(await world.revisions(created), 1);
  },
);

for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'] satisfies Kind[]) {
  t.test(
    `a dry run of a ${kind} shows the stamp that the creation then has, and leaves nothing`,
    { buffered: true },
    async (t) => {
      const namespace = await world.namespace();
      await world.create(namespace, configMap('source', { used: 'one' }));
      const object = using({ kind });
      const dry = await kubectl(namespace, ['create', '--dry-run=server', '-o', 'json', '-f', '-'], object);
      const shown = asObject(asObject(asObject(JSON.parse(dry.stdout)).spec).template);
      const stamp = asObject(asObject(shown.metadata).annotations)[CONFIG_HASH];
      t.match(stamp, /^v1\./);
      t.same(await world.api.list(kind, namespace), []);
      const at = await world.createWorkload(namespace, object);
      t.equal((await world.annotations(at)).stamp, stamp);
    },
  );
}

t.test('a dry run of an apply leaves the workload as it is', { buffered: true }, async (t) => {
  const at = await applied();
  const before = await world.annotations(at);
  const args = ['apply', '--dry-run=server', '-f', '-'];
  t.equal(await world.rolloutsDespite(at, () => kubectl(at.namespace, args, newImage('registry.example/app:9'))), 0);
  t.same(await world.annotations(at), before);
});

t.test('diff of the applied manifest shows no difference', { buffered: true }, async (t) => {
  const at = await applied(['--server-side']);
  await world.rolloutsAfter(at, () => change(at));
  const diff = ['-n', at.namespace, 'diff', '--server-side', '-f', '-'];
  const { code, stdout } = await world.cluster.kubectl(diff, { stdin: JSON.stringify(using()), allowFailure: true });
  t.equal(code, 0, stdout);
});

t.test(
  'a reference that comes with a new template is stamped with it, in one rollout',
  { buffered: true },
  async (t) => {
    const at = await applied();
    await world.create(at.namespace, configMap('second', { used: 'one' }));
    const both = using({
      pod: { initContainers: [container('init', envFrom('configMapRef', 'second'))] },
    });
    t.equal(await world.rolloutsAfter(at, () => kubectl(at.namespace, ['apply', '-f', '-'], both)), 1);
    t.equal(await world.rolloutsAfter(at, () => world.touch(at.namespace, 'second')), 1);
  },
);

t.test('a warning names a Secret that does not exist and a misspelt annotation', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  const object = using({
    annotations: { 'restamp.dev/injekt': 'enabled' },
    container: envFrom('secretRef', 'nowhere'),
  });
  const { stderr } = await kubectl(namespace, ['create', '-f', '-'], object);
  t.match(stderr, /Warning: secret\/nowhere does not exist/);
  t.match(stderr, /Warning: restamp\.dev\/injekt/);
});
