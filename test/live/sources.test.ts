import t from 'tap';
import { type JsonObject, parseJson } from '../../core/json.ts';
import { INJECT } from '../../core/names.ts';
import { configMap, envFrom, envKey, mounted, secret, workload } from './manifest.ts';
import { startWorld, type WorkloadAt, type World } from './world.ts';

/** Sources that are missing, come, go and return, and workloads that were there first (DESIGN §8). */
const world: World = await startWorld(t);
t.jobs = 8;

const SOURCE = { kind: 'Secret', name: 'source' };
const needing = (): JsonObject => workload({ container: envFrom('secretRef', 'source') });
const wanting = (): JsonObject => workload({ container: envFrom('secretRef', 'source', true) });

/** The last thing the watcher decided about a workload, from its log. */
function decisions(at: WorkloadAt): readonly string[] {
  return world.restamp.watcher.lines
    .filter(({ message, namespace, name }) => message === 'decided' && namespace === at.namespace && name === at.name)
    .map(({ outcome, reason }) => `${String(outcome)} ${String(reason)}`);
}

async function decided(at: WorkloadAt, decision: string): Promise<void> {
  await world.eventually(`the decision ${decision}`, async () => decisions(at).includes(decision));
}

t.test(
  'a required Secret that comes after its workload is accepted without a rollout',
  { buffered: true },
  async (t) => {
    const namespace = await world.namespace();
    const at = await world.createWorkload(namespace, needing());
    const rollouts = await world.rolloutsDespite(at, () => world.create(namespace, secret('source', { a: '1' })));
    t.equal(rollouts, 0);
    await decided(at, 'accept source-appeared');
    const change = (): Promise<unknown> => world.api.patch({ ...SOURCE, namespace }, { stringData: { a: '2' } });
    t.equal(await world.rolloutsAfter(at, change), 1, 'from then on a change rolls');
  },
);

t.test('a required key that comes after its workload is accepted without a rollout', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, secret('source', { other: '1' }));
  const at = await world.createWorkload(namespace, workload({ container: envKey('secretKeyRef', 'source', 'a') }));
  const add = (): Promise<unknown> => world.api.patch({ ...SOURCE, namespace }, { stringData: { a: '1' } });
  t.equal(await world.rolloutsDespite(at, add), 0);
  await decided(at, 'accept source-appeared');
});

t.test('an optional Secret that comes later rolls the workload', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  const at = await world.createWorkload(namespace, wanting());
  t.equal(await world.rolloutsAfter(at, () => world.create(namespace, secret('source', { a: '1' }))), 1);
});

t.test('an optional Secret that goes rolls the workload', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, secret('source', { a: '1' }));
  const at = await world.createWorkload(namespace, wanting());
  t.equal(await world.rolloutsAfter(at, () => world.api.remove({ ...SOURCE, namespace })), 1);
});

t.test('a required Secret that goes and returns with the same content rolls nothing', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, secret('source', { a: '1' }));
  const at = await world.createWorkload(namespace, needing());
  t.equal(await world.rolloutsDespite(at, () => world.api.remove({ ...SOURCE, namespace })), 0);
  await decided(at, 'keep source-gone');
  await world.create(namespace, secret('source', { a: '1' }));
  await world.quiet();
  t.equal(await world.revisions(at), 1);
});

t.test('a required Secret that goes and returns with other content rolls once', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, secret('source', { a: '1' }));
  const at = await world.createWorkload(namespace, needing());
  await world.api.remove({ ...SOURCE, namespace });
  await decided(at, 'keep source-gone');
  t.equal(await world.rolloutsAfter(at, () => world.create(namespace, secret('source', { a: '2' }))), 1);
});

t.test('a Secret deleted and created anew within the settle time is one change', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, secret('source', { a: '1' }));
  const at = await world.createWorkload(namespace, wanting());
  const recreate = async (): Promise<void> => {
    await world.api.remove({ ...SOURCE, namespace });
    await world.create(namespace, secret('source', { a: '2' }));
  };
  t.equal(await world.rolloutsAfter(at, recreate), 1);
});

t.test(
  'a change waits while another required source is missing, and rolls once it is back',
  { buffered: true },
  async (t) => {
    const namespace = await world.namespace();
    await world.create(namespace, secret('source', { a: '1' }), configMap('config', { b: '1' }));
    const both = { envFrom: [{ secretRef: { name: 'source' } }, { configMapRef: { name: 'config' } }] };
    const at = await world.createWorkload(namespace, workload({ container: both }));
    await world.api.remove({ ...SOURCE, namespace });
    t.equal(await world.rolloutsDespite(at, () => world.touch(namespace, 'config', 'b')), 0);
    await decided(at, 'hold source-missing');
    t.equal(await world.rolloutsAfter(at, () => world.create(namespace, secret('source', { a: '1' }))), 1);
  },
);

t.test(
  'labelling a namespace adopts what runs there: a record, no stamp, no rollout',
  { buffered: true },
  async (t) => {
    const namespace = await world.namespace({});
    await world.create(namespace, secret('source', { a: '1' }), needing());
    const at: WorkloadAt = { kind: 'Deployment', namespace, name: 'app' };
    await world.eventually('a first revision', async () => (await world.revisions(at)) === 1);
    await world.quiet();
    t.same(
      await world.annotations(at),
      { stamp: undefined, record: undefined, history: undefined },
      'not touched before',
    );
    const label = { metadata: { labels: { [INJECT]: 'enabled' } } };
    t.equal(await world.rolloutsDespite(at, () => world.api.patch({ kind: 'Namespace', name: namespace }, label)), 0);
    await decided(at, 'adopt never-seen');
    const { stamp, record } = await world.annotations(at);
    t.equal(stamp, undefined);
    t.ok(record);
    const change = (): Promise<unknown> => world.api.patch({ ...SOURCE, namespace }, { stringData: { a: '2' } });
    t.equal(await world.rolloutsAfter(at, change), 1, 'from then on a change rolls');
  },
);

t.test('a workload that opts in by annotation alone is served by the watcher', { buffered: true }, async (t) => {
  const namespace = await world.namespace({});
  await world.create(namespace, secret('source', { a: '1' }));
  const object = workload({ annotations: { [INJECT]: 'enabled' }, container: envFrom('secretRef', 'source') });
  const at = await world.createWorkload(namespace, object);
  t.equal((await world.annotations(at)).stamp, undefined, 'the webhook is not called for this namespace');
  const change = (): Promise<unknown> => world.api.patch({ ...SOURCE, namespace }, { stringData: { a: '2' } });
  t.equal(await world.rolloutsAfter(at, change), 1);
});

t.test('a workload that says no is left alone in a namespace that says yes', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, secret('source', { a: '1' }));
  await world.create(
    namespace,
    workload({ annotations: { [INJECT]: 'disabled' }, container: envFrom('secretRef', 'source') }),
  );
  const at: WorkloadAt = { kind: 'Deployment', namespace, name: 'app' };
  await world.eventually('a first revision', async () => (await world.revisions(at)) === 1);
  const change = (): Promise<unknown> => world.api.patch({ ...SOURCE, namespace }, { stringData: { a: '2' } });
  t.equal(await world.rolloutsDespite(at, change), 0);
  t.equal((await world.annotations(at)).stamp, undefined);
});

t.test('the history explains a rollout: source, key, writer and time, and no value', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, secret('source', { password: 'old-password' }));
  const at = await world.createWorkload(namespace, workload(mounted({ secret: { secretName: 'source' } })));
  const args = ['-n', namespace, 'patch', 'secret', 'source', '--field-manager=a-person', '-p'];
  await world.rolloutsAfter(at, () => world.cluster.kubectl([...args, '{"stringData":{"password":"new-password"}}']));
  const { history, stamp } = await world.annotations(at);
  t.match(parseJson(history ?? ''), [
    {
      at: /^\d{4}-\d\d-\d\dT/,
      decision: 'source-changed',
      causes: [{ source: 'secret/source', keys: ['password'], by: 'a-person', changedAt: /^\d{4}-/ }],
      to: stamp,
    },
  ]);
  const events = JSON.stringify(await world.api.list('Event', namespace));
  t.match(events, /Rolled because secret\/source changed \(password\), written by a-person at 20/);
  const everything = [
    events,
    JSON.stringify(await world.api.get(at)),
    JSON.stringify(world.restamp.watcher.lines),
  ].join();
  for (const value of ['old-password', 'new-password'].flatMap((text) => [
    text,
    Buffer.from(text).toString('base64'),
  ])) {
    t.notOk(everything.includes(value), 'no value, plain or in base64');
  }
});
