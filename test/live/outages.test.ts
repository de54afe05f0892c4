import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { RestampProcess } from '../install/process.ts';
import { configMap, envFrom, type Kind, secret, workload } from './manifest.ts';
import { startWorld, type WorkloadAt, type World } from './world.ts';

/** A part of restamp is down while something happens: caught up afterwards, exactly once. One test at a time. */
const world: World = await startWorld(t);

const { webhook, watcher } = world.restamp;
const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'] satisfies Kind[];

const using = (kind: Kind = 'Deployment'): JsonObject =>
  workload({ kind, name: kind.toLowerCase(), container: envFrom('configMapRef', 'source') });

/** One workload of each kind, all using one ConfigMap. */
async function workloads(): Promise<readonly WorkloadAt[]> {
  const namespace = await world.namespace();
  await world.create(namespace, configMap('source', { used: 'one' }));
  return Promise.all(KINDS.map((kind) => world.createWorkload(namespace, using(kind))));
}

async function rollouts(all: readonly WorkloadAt[]): Promise<readonly number[]> {
  return Promise.all(all.map((at) => world.revisions(at)));
}

const change = (all: readonly WorkloadAt[]): Promise<void> => world.touch(all[0]?.namespace ?? '', 'source', 'used');

t.test('a workload created while the webhook is down is adopted, and rolls once for the next change', async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, configMap('source', { used: 'one' }));
  await webhook.stop('SIGKILL');
  const at = await world.createWorkload(namespace, using());
  const { stamp } = await world.annotations(at);
  t.equal(stamp, undefined, 'nobody stamped it, and nobody stood in its way');
  await world.quiet();
  t.equal(await world.revisions(at), 1);
  t.equal(await world.rolloutsAfter(at, () => world.touch(namespace, 'source')), 1, 'while the webhook is still down');
  await webhook.start();
  t.equal(await world.rolloutsAfter(at, () => world.touch(namespace, 'source')), 1, 'and when it is back');
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  t.test(`a change while the watcher is down (${signal}) is caught up with, once per workload`, async (t) => {
    const all = await workloads();
    const witnesses = await workloads();
    await watcher.stop(signal);
    await change(all);
    await change(all);
    await watcher.start();
    await world.eventually('a rollout of each', async () => (await rollouts(all)).every((count) => count > 1));
    await world.quiet();
    t.same(await rollouts(all), [2, 2, 2]);
    t.same(await rollouts(witnesses), [1, 1, 1], 'what did not change did not roll');
  });
}

t.test('a Secret deleted while the watcher is down, and an optional one at that, rolls once', async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, secret('source', { a: '1' }));
  const at = await world.createWorkload(namespace, workload({ container: envFrom('secretRef', 'source', true) }));
  await watcher.stop();
  await world.api.remove({ kind: 'Secret', namespace, name: 'source' });
  await watcher.start();
  await world.eventually('a rollout', async () => (await world.revisions(at)) > 1);
  await world.quiet();
  t.equal(await world.revisions(at), 2);
});

t.test('restarting the watcher and the webhook rolls nothing', async (t) => {
  const all = await workloads();
  await change(all);
  await world.eventually('a rollout of each', async () => (await rollouts(all)).every((count) => count === 2));
  const before = await Promise.all(all.map((at) => world.annotations(at)));
  await watcher.restart();
  await webhook.restart();
  await watcher.restart('SIGKILL');
  await world.quiet();
  t.same(await rollouts(all), [2, 2, 2]);
  t.same(await Promise.all(all.map((at) => world.annotations(at))), before);
});

t.test('a workload that changes while everything is down has its own rollout and no other', async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, configMap('source', { used: 'one' }));
  const at = await world.createWorkload(namespace, using());
  await Promise.all([watcher.stop('SIGKILL'), webhook.stop('SIGKILL')]);
  const container = { name: 'app', image: 'registry.example/app:2', ...envFrom('configMapRef', 'source') };
  await world.api.patch(at, { spec: { template: { spec: { containers: [container] } } } });
  await world.eventually('the rollout of the new image', async () => (await world.revisions(at)) === 2);
  await Promise.all([watcher.start(), webhook.start()]);
  await world.quiet();
  t.equal(await world.revisions(at), 2);
});

t.test('two watchers at once roll a workload once', async (t) => {
  const second = new RestampProcess({ command: 'watcher', args: watcher.args });
  await second.start();
  t.teardown(() => second.stop());
  const all = await workloads();
  await change(all);
  await world.eventually('a rollout of each', async () => (await rollouts(all)).every((count) => count > 1));
  await world.quiet();
  t.same(await rollouts(all), [2, 2, 2]);
});

t.test('an API server that goes away and comes back is met again, and no change is lost', async (t) => {
  const all = await workloads();
  await world.cluster.signal('kube-apiserver', 'SIGKILL');
  await world.cluster.restart('kube-apiserver');
  await change(all);
  await world.eventually('a rollout of each', async () => (await rollouts(all)).every((count) => count > 1));
  await world.quiet();
  t.same(await rollouts(all), [2, 2, 2]);
});
