/**
 * The watcher as a process, with its own account, behind a proxy that breaks what it is told to. Whatever happens on the
 * way, each workload ends with the stamp of its configuration, and nothing rolls that need not.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { asObject, asText, type JsonObject } from '../../core/json.ts';
import { CONFIG_HASH, INJECT } from '../../core/names.ts';
import { resourcePath } from '../../kube/path.ts';
import { eventually } from '../cluster/deadline.ts';
import { chances } from '../faults/chance.ts';
import { difference, startFaultProxy } from '../faults/proxy.ts';
import { badWeather } from '../faults/weather.ts';
import { RestampProcess } from '../install/process.ts';
import { transportBy } from '../kube/mirror.ts';
import { configMap, envFrom, type Kind, secret, workload } from './manifest.ts';
import { startWorld, type WorkloadAt, type World } from './world.ts';

const SEED = Number(process.env.RESTAMP_SEED ?? 1);
const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'] satisfies Kind[];
const PLURALS = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const;

/** Workloads of each kind, and how often the source of each changes. Fewer than the revisions that are kept. */
const EACH = 5;
const CHANGES = 4;

/** Bad weather goes on for a while after the last change. */
const CLEARING_MS = 10_000;

/** The bound of a minute, the wait of half a minute before an attempt, and time for a busy machine. */
const READINESS_MS = 120_000;

const world: World = await startWorld(t, { without: ['watcher'] });
const truth = transportBy(world.cluster.kubeconfig);
t.teardown(() => truth.close());
const ca = await readFile(`${world.cluster.directory}/certificates/apiserver.crt`, 'utf8');
const proxy = await startFaultProxy({ server: world.cluster.server, ca, seed: SEED });
t.teardown(() => proxy.close());

const [own = '', ...args] = world.restamp.watcher.args;
const kubeconfig = await proxy.kubeconfigFor(own.replace('--kubeconfig=', ''));
const watcher = new RestampProcess({ command: 'watcher', args: [`--kubeconfig=${kubeconfig}`, ...args] });
t.teardown(() => watcher.stop());
await watcher.start();
t.afterEach(() => proxy.script([]));

const watchOf = (path: string) => ({ path, query: { watch: 'true' } });
const DEPLOYMENTS = '/apis/apps/v1/deployments';

/** The stamp that the configuration of now has, by the webhook, which is not behind the proxy and keeps nothing. */
async function stampOfNow({ kind, namespace, name }: WorkloadAt): Promise<string> {
  const resource = { group: 'apps', version: 'v1', resource: PLURALS[kind as keyof typeof PLURALS] };
  const template = { metadata: { annotations: { asked: crypto.randomUUID() } } };
  const answer = await truth.request({
    method: 'PATCH',
    path: resourcePath(resource, { namespace, name }),
    query: { dryRun: 'All' },
    contentType: 'application/merge-patch+json',
    body: { spec: { template } },
  });
  const { spec } = asObject(answer);
  const annotations = asObject(asObject(asObject(asObject(spec).template).metadata).annotations);
  return asText(annotations[CONFIG_HASH]) ?? 'the webhook did not answer';
}

async function inStep(all: readonly WorkloadAt[]): Promise<boolean> {
  const each = all.map(async (at) => (await world.annotations(at)).stamp === (await stampOfNow(at)));
  return (await Promise.all(each)).every(Boolean);
}

const ready = async (): Promise<boolean> => watcher.isReady();

interface Pair {
  readonly at: WorkloadAt;
  readonly change: () => Promise<unknown>;
}

/** A workload with a source of its own, by its index a ConfigMap or a Secret. */
async function makePair(namespace: string, kind: Kind, index: number): Promise<Pair> {
  const name = `${kind.toLowerCase()}-${index}`;
  const sourceKind = index % 2 === 0 ? 'ConfigMap' : 'Secret';
  const source = sourceKind === 'ConfigMap' ? configMap : secret;
  await world.create(namespace, source(name, { value: 'one' }));
  const container = envFrom(sourceKind === 'ConfigMap' ? 'configMapRef' : 'secretRef', name);
  const at = await world.createWorkload(namespace, workload({ kind, name, container }));
  const values = (): JsonObject => ({ [sourceKind === 'ConfigMap' ? 'data' : 'stringData']: { value: fresh() } });
  return { at, change: () => world.api.patch({ kind: sourceKind, namespace, name }, values()) };
}

const fresh = (): string => crypto.randomUUID();

function shuffled<T>(all: readonly T[], next: () => number): readonly T[] {
  return all
    .map((one) => ({ one, at: next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

async function syncs(): Promise<number> {
  const counts = (await watcher.metrics()).matchAll(/^restamp_watch_syncs_total\{.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Each as often as it is to change, one after the other, in an order and at moments that the seed says. */
async function changeInAnyOrder(pairs: readonly Pair[]): Promise<void> {
  const next = chances(SEED);
  const changes = shuffled(
    pairs.flatMap((pair) => Array.from({ length: CHANGES }, () => pair)),
    next,
  );
  for (const [index, { change }] of changes.entries()) {
    await change();
    if (index % 20 === 19) proxy.cut();
    await sleep(400 * next());
  }
}

for (const sky of ['forgetful', 'mindful'] as const) {
  t.test(`whatever befalls under a ${sky} sky, no change is lost and nothing rolls twice or unasked`, async (t) => {
    const namespace = await world.namespace();
    const kinds = KINDS.flatMap((kind) => Array.from({ length: EACH }, (_, index) => ({ kind, index })));
    const pairs = await Promise.all(kinds.map(({ kind, index }) => makePair(namespace, kind, index)));
    const witnesses = await Promise.all(KINDS.map((kind) => makePair(namespace, kind, EACH + 1)));
    const all = pairs.map(({ at }) => at);
    const before = new Map(await Promise.all(all.map(async (at) => [at, await world.annotations(at)] as const)));
    await world.quiet();

    const lists = await syncs();
    const earlier = proxy.stats;
    proxy.script(badWeather(SEED, sky));
    await changeInAnyOrder(pairs);
    await sleep(CLEARING_MS);
    proxy.script([]);
    await eventually(async () => (await inStep(all)) || undefined, {
      what: `every workload in step (seed ${SEED})`,
      deadlineMs: READINESS_MS,
      everyMs: 1_000,
    });
    await world.quiet();

    t.ok(await inStep(all), 'and it stays so');
    for (const at of all) {
      const revisions = await world.revisions(at);
      t.not((await world.annotations(at)).stamp, before.get(at)?.stamp, `${at.name} has another stamp`);
      t.equal(await world.generation(at), revisions, `${at.name} never went back to what it had`);
      t.ok(
        revisions > 1 && revisions <= 1 + CHANGES,
        `${at.name} rolled ${revisions - 1} times for ${CHANGES} changes`,
      );
    }
    for (const { at } of witnesses) t.equal(await world.generation(at), 1, `${at.name} did not roll`);
    t.equal((await syncs()) > lists, sky === 'forgetful', 'lists were made under one sky only');
    const requests = proxy.stats.requests - earlier.requests;
    const faults = difference(earlier.faults, proxy.stats.faults);
    t.comment(JSON.stringify({ seed: SEED, sky, changes: all.length * CHANGES, requests, faults }));
    t.ok(Object.keys(faults).length >= 6, 'the weather was bad');
  });
}

t.test(
  'a watch of ConfigMaps that lags behind: what the webhook has stamped meanwhile does not roll again',
  async (t) => {
    const { promise: until, resolve: release } = Promise.withResolvers<void>();
    const namespace = await world.namespace();
    const { at, change } = await makePair(namespace, 'Deployment', 0);
    const rollouts = await world.rolloutsAfter(at, async () => {
      proxy.script([{ match: watchOf('/api/v1/configmaps'), fault: { type: 'hold', until } }]);
      await change();
      const image = { name: 'app', image: 'registry.example/app:2', ...envFrom('configMapRef', at.name) };
      await world.api.patch(at, { spec: { template: { spec: { containers: [image] } } } });
      await world.quiet();
      release();
    });
    t.equal(rollouts, 1);
    t.equal(await world.rolloutsAfter(at, change), 1, 'and the next change is seen');
  },
);

t.test('a watch of Deployments that lags behind: a change that came before the workload is not lost', async (t) => {
  const { promise: until, resolve: release } = Promise.withResolvers<void>();
  const namespace = await world.namespace();
  proxy.script([{ match: watchOf(DEPLOYMENTS), fault: { type: 'hold', until } }]);
  const { at, change } = await makePair(namespace, 'Deployment', 0);
  const rollouts = await world.rolloutsAfter(at, async () => {
    await change();
    await world.quiet();
    t.equal(await world.revisions(at), 1, 'nobody knows of it yet');
    release();
  });
  t.equal(rollouts, 1);
});

t.test('a watch of Namespaces that lags behind: opting in is seen late, and rolls nothing', async (t) => {
  const { promise: until, resolve: release } = Promise.withResolvers<void>();
  const namespace = await world.namespace({});
  await world.create(namespace, configMap('source', { touched: 'never' }));
  await world.create(namespace, workload({ container: envFrom('configMapRef', 'source') }));
  const at: WorkloadAt = { kind: 'Deployment', namespace, name: 'app' };
  proxy.script([{ match: watchOf('/api/v1/namespaces'), fault: { type: 'hold', until } }]);
  await world.api.patch({ kind: 'Namespace', name: namespace }, { metadata: { labels: { [INJECT]: 'enabled' } } });
  await world.touch(namespace, 'source');
  await world.quiet();
  t.equal((await world.annotations(at)).record, undefined, 'nobody knows of it yet');
  release();
  await world.eventually('a record', async () => (await world.annotations(at)).record !== undefined);
  t.equal(await world.revisions(at), 1);
  t.equal(await world.rolloutsAfter(at, () => world.touch(namespace, 'source')), 1);
});

t.test('a workload that is deleted and made again under its name, unseen, is known as the new one', async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, configMap('first', { touched: 'never' }), configMap('second', { touched: 'never' }));
  const at = await world.createWorkload(namespace, workload({ container: envFrom('configMapRef', 'first') }));
  await world.quiet();
  const skipped = { type: 'DELETED', name: at.name };
  proxy.script([{ match: { ...watchOf(DEPLOYMENTS), event: skipped }, fault: { type: 'drop' } }]);
  await world.api.remove(at);
  await world.createWorkload(namespace, workload({ container: envFrom('configMapRef', 'second') }));
  t.equal(await world.rolloutsDespite(at, () => world.touch(namespace, 'first')), 0, 'not for what the old one used');
  t.equal(await world.rolloutsAfter(at, () => world.touch(namespace, 'second')), 1, 'for what the new one uses');
});

t.test('an event that is skipped is made good by the next, with one rollout', async (t) => {
  const namespace = await world.namespace();
  const { at, change } = await makePair(namespace, 'Deployment', 0);
  await world.quiet();
  const match = { ...watchOf('/api/v1/configmaps'), event: { type: 'MODIFIED', name: at.name } };
  proxy.script([{ match, fault: { type: 'drop' }, times: 1 }]);
  await change();
  await world.quiet();
  t.equal(await world.rolloutsAfter(at, change), 1);
  t.ok(await inStep([at]));
});

t.test('an answer to a write that is lost is no reason to write again', async (t) => {
  const namespace = await world.namespace();
  const { at, change } = await makePair(namespace, 'Deployment', 0);
  await world.quiet();
  proxy.script([{ match: { method: 'PATCH', path: /deployments/ }, fault: { type: 'lose-answer' }, times: 1 }]);
  const before = proxy.stats.faults['lose-answer'] ?? 0;
  t.equal(await world.rolloutsAfter(at, change), 1);
  t.equal(proxy.stats.faults['lose-answer'], before + 1, 'it was lost');
  t.equal(await world.generation(at), 2);
  t.ok(await inStep([at]));
});

t.test('readiness tells of an API server that cannot be reached, liveness does not, and both recover', async (t) => {
  const namespace = await world.namespace();
  const { at, change } = await makePair(namespace, 'Deployment', 0);
  await world.quiet();
  t.equal(await ready(), true);
  const begun = performance.now();
  proxy.script([{ fault: { type: 'refuse' } }]);
  proxy.cut();
  await change();
  await eventually(async () => !(await ready()) || undefined, { what: 'not ready', deadlineMs: READINESS_MS });
  t.ok(performance.now() - begun > 55_000, 'an API server that restarts is no reason');
  const url = watcher.opsUrl();
  t.match(await (await fetch(`${url}/readyz`)).json(), {
    ready: false,
    failing: [/^watches: no watch of \/.* for 6\d s/],
  });
  t.equal((await fetch(`${url}/livez`)).status, 200);
  t.match(await watcher.metrics(), /restamp_watch_state\{resource="configmaps",state="watching"\} 0/);
  proxy.script([]);
  await eventually(async () => (await ready()) || undefined, { what: 'ready', deadlineMs: READINESS_MS });
  t.match(await watcher.metrics(), /restamp_watch_state\{resource="configmaps",state="watching"\} 1/);
  await world.eventually('the change made meanwhile', async () => inStep([at]));
  await world.quiet();
  t.equal(await world.revisions(at), 2);
  t.notMatch(await watcher.metrics(), /restamp_watch_events_total\{resource="configmaps",type="applied"\} 0/);
});
