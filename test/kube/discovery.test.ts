/**
 * Discovery against an API server that is made up: it counts requests to the last one, and shows faults in an order of
 * our choosing. What a real one serves is in discovery.live.test.ts.
 */
import t, { type Test } from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { discover, KindWatch, type KindWatchOptions, type WantedResource } from '../../kube/discovery.ts';
import { KubeError } from '../../kube/error.ts';
import type { KubeRequest, KubeTransport } from '../../kube/transport.ts';
import { FakeClock, settled } from './fake-clock.ts';

const ROLLOUTS = { group: 'argoproj.io', version: 'v1alpha1', resource: 'rollouts' };
const CLONE_SETS = { group: 'apps.kruise.io', version: 'v1alpha1', resource: 'clonesets' };
const DAEMON_SETS = { group: 'apps.kruise.io', version: 'v1alpha1', resource: 'daemonsets' };
const STATEFUL_SETS = { group: 'apps.kruise.io', version: 'v1beta1', resource: 'statefulsets' };
const CONFIGS = { group: 'apps.openshift.io', version: 'v1', resource: 'deploymentconfigs' };
const ALL = [ROLLOUTS, CLONE_SETS, DAEMON_SETS, STATEFUL_SETS, CONFIGS];

const VERBS = ['get', 'list', 'watch'];
const APIS = '/apis';
const ARGO = '/apis/argoproj.io/v1alpha1';
const KRUISE = '/apis/apps.kruise.io/v1alpha1';
const OPENSHIFT = '/apis/apps.openshift.io/v1';

/** An API server that has what it is given: by version, the kind of each resource. `apps/v1` it always has. */
class Server implements KubeTransport {
  readonly requests: KubeRequest[] = [];
  /** Answers, or promises of them, instead of what is there, by path. */
  readonly instead = new Map<string, unknown>();
  readonly #versions = new Map<string, Map<string, JsonObject>>();

  install({ group, version, resource }: WantedResource, kind: string, more: JsonObject = {}): this {
    const key = `${group}/${version}`;
    const resources = this.#versions.get(key) ?? new Map<string, JsonObject>();
    this.#versions.set(key, resources.set(resource, { name: resource, kind, namespaced: true, verbs: VERBS, ...more }));
    return this;
  }

  remove({ group, version, resource }: WantedResource): void {
    const resources = this.#versions.get(`${group}/${version}`);
    resources?.delete(resource);
    if (resources?.size === 0) this.#versions.delete(`${group}/${version}`);
  }

  /** The paths that were asked for since this was last called. */
  asked(): readonly string[] {
    return this.requests.splice(0).map(({ method, path }) => `${method} ${path}`);
  }

  async request(request: KubeRequest): Promise<unknown> {
    this.requests.push(request);
    const { path, signal } = request;
    const answer = await (this.instead.has(path) ? this.instead.get(path) : this.#answer(path));
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) throw new KubeError(`GET ${path}`, { status: 0, reason: 'AbortError' });
    if (answer instanceof Error) throw answer;
    return answer;
  }

  // biome-ignore lint/correctness/useYield: it is never called.
  async *stream(): AsyncIterable<Buffer> {
    throw new Error('discovery opens no stream');
  }

  close(): void {}

  #answer(path: string): unknown {
    if (path === '/api/v1') return { resources: [{ name: 'pods', kind: 'Pod', namespaced: true, verbs: VERBS }] };
    if (path !== APIS) {
      const resources = this.#versions.get(path.slice(APIS.length + 1));
      return resources === undefined ? refused(404, path) : { resources: [...resources.values()] };
    }
    const versions = [...this.#versions.keys(), 'apps/v1'];
    return { kind: 'APIGroupList', groups: versions.map((groupVersion) => ({ versions: [{ groupVersion }] })) };
  }
}

function refused(status: number, path: string, retryAfterMs?: number): KubeError {
  return new KubeError(`GET ${path}`, { status, reason: 'Refused', retryAfterMs });
}

t.test('where no wanted group exists, the list of groups is all that is asked for', async (t) => {
  const server = new Server();
  t.same(await discover(server, ALL), []);
  t.same(server.asked(), ['GET /apis']);
});

t.test('each version that exists is asked for once, however many of its resources are wanted', async (t) => {
  const server = new Server().install(CLONE_SETS, 'CloneSet').install(DAEMON_SETS, 'DaemonSet');
  t.same(await discover(server, ALL), [
    { ...CLONE_SETS, kind: 'CloneSet', namespaced: true, verbs: VERBS },
    { ...DAEMON_SETS, kind: 'DaemonSet', namespaced: true, verbs: VERBS },
  ]);
  t.same(server.asked(), ['GET /apis', `GET ${KRUISE}`]);
});

t.test('what is served but not wanted is neither asked for nor told', async (t) => {
  const server = new Server().install(CLONE_SETS, 'CloneSet').install(ROLLOUTS, 'Rollout');
  t.match(await discover(server, [ROLLOUTS]), [{ resource: 'rollouts' }]);
  t.same(server.asked(), ['GET /apis', `GET ${ARGO}`]);
});

t.test('another version of a wanted group is not the wanted one', async (t) => {
  const server = new Server().install({ ...ROLLOUTS, version: 'v2' }, 'Rollout');
  t.same(await discover(server, [ROLLOUTS]), []);
  t.same(server.asked(), ['GET /apis']);
});

t.test('a subresource is not the resource', async (t) => {
  const server = new Server().install({ ...ROLLOUTS, resource: 'rollouts/status' }, 'Rollout');
  t.same(await discover(server, [ROLLOUTS]), []);
});

t.test('a kind of the cluster is told as one', async (t) => {
  const server = new Server().install(ROLLOUTS, 'Rollout', { namespaced: false });
  t.match(await discover(server, [ROLLOUTS]), [{ namespaced: false }]);
});

t.test('the core group, which is in no list, can be asked for', async (t) => {
  const server = new Server();
  t.match(await discover(server, [{ group: '', version: 'v1', resource: 'pods' }]), [{ kind: 'Pod' }]);
  t.same(server.asked(), ['GET /apis', 'GET /api/v1']);
});

t.test('a version that goes after the groups were listed is not served', async (t) => {
  const server = new Server().install(ROLLOUTS, 'Rollout');
  server.instead.set(ARGO, refused(404, ARGO));
  t.same(await discover(server, ALL), []);
});

t.test('the lists are asked for plainly, and with the signal of who asks', async (t) => {
  const server = new Server().install(ROLLOUTS, 'Rollout');
  const { signal } = new AbortController();
  await discover(server, ALL, signal);
  t.equal(server.requests.length, 2);
  for (const request of server.requests) {
    t.equal(request.signal, signal);
    t.equal(request.accept, undefined);
  }
});

for (const { title, path, answer } of [
  { title: 'the list of groups is refused', path: APIS, answer: refused(503, APIS) },
  { title: 'the list of groups is that of an API server that starts', path: APIS, answer: { groups: [] } },
  { title: 'the list of groups is none', path: APIS, answer: { groups: { a: 1 } } },
  {
    title: 'the list of groups has nonsense in it',
    path: APIS,
    answer: { groups: [null, 1, { versions: [[], 'x'] }] },
  },
  { title: 'there is no body', path: APIS, answer: undefined },
  { title: 'the resources of a version are refused', path: ARGO, answer: refused(503, ARGO) },
  { title: 'the resources of a version are no list', path: ARGO, answer: { resources: 'rollouts' } },
]) {
  t.test(`discovery fails, and concludes nothing, where ${title}`, async (t) => {
    const server = new Server().install(ROLLOUTS, 'Rollout');
    t.equal((await discover(server, ALL)).length, 1);
    server.instead.set(path, answer);
    await t.rejects(discover(server, ALL), { message: new RegExp(`^GET ${path}: `) });
  });
}

t.test('a resource that is nonsense is passed over', async (t) => {
  const server = new Server().install(ROLLOUTS, 'Rollout');
  const nonsense = [null, 7, [], { name: 'rollouts', kind: 3 }];
  server.instead.set(ARGO, { resources: nonsense });
  t.same(await discover(server, [ROLLOUTS]), []);
  server.instead.set(ARGO, {
    resources: [null, { name: 'rollouts', kind: 'Rollout', namespaced: 1, verbs: ['get', 2] }],
  });
  t.same(await discover(server, [ROLLOUTS]), [{ ...ROLLOUTS, kind: 'Rollout', namespaced: false, verbs: ['get'] }]);
});

interface Run {
  readonly watch: KindWatch;
  readonly server: Server;
  readonly clock: FakeClock;
  /** What was told since this was last called: `+Kind`, `-resource`. */
  readonly told: () => readonly string[];
  readonly reports: { cause: string; retryInMs: number }[];
  readonly isReady: () => boolean;
  readonly stop: () => Promise<void>;
}

/** Runs a watch of all kinds until the test ends, and lets its first look come to an end. */
async function run(t: Test, server: Server, options: Partial<KindWatchOptions> = {}): Promise<Run> {
  const clock = new FakeClock();
  const told: string[] = [];
  const reports: Run['reports'] = [];
  let ready = false;
  const watch = new KindWatch({
    transport: server,
    clock,
    wanted: ALL,
    onServed: ({ kind }) => told.push(`+${kind}`),
    onGone: ({ resource }) => told.push(`-${resource}`),
    report: (fact) => reports.push(fact),
    ...options,
  });
  watch.ready.then(
    () => {
      ready = true;
    },
    () => t.fail('ready rejects'),
  );
  const controller = new AbortController();
  const running = watch.run(controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  t.teardown(stop);
  await clock.advance(0);
  await rest();
  return { watch, server, clock, told: () => told.splice(0), reports, isReady: () => ready, stop };
}

/** Two requests after each other and what follows them. */
async function rest(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await settled();
}

async function pass({ clock }: Run, ms: number): Promise<void> {
  await clock.advance(ms);
  await rest();
}

const INTERVAL_MS = 30_000;

t.test('a look that finds no optional group is one request', async (t) => {
  const r = await run(t, new Server());
  t.same(r.server.asked(), ['GET /apis']);
  await pass(r, INTERVAL_MS - 1);
  t.same(r.server.asked(), []);
  await pass(r, 1);
  t.same(r.server.asked(), ['GET /apis']);
  t.same(r.told(), []);
  t.same(r.reports, []);
});

t.test('an hour without optional groups is 120 requests', async (t) => {
  const r = await run(t, new Server());
  r.server.asked();
  for (let look = 0; look < 120; look += 1) await pass(r, INTERVAL_MS);
  t.equal(r.server.asked().length, 120);
});

for (const { chance, waitMs } of [
  { chance: 0, waitMs: 27_000 },
  { chance: 0.5, waitMs: 30_000 },
  { chance: 1, waitMs: 33_000 },
]) {
  t.test(`chance ${chance} makes the wait between two looks ${waitMs} ms`, async (t) => {
    const clock = new FakeClock(chance);
    await run(t, new Server(), { clock });
    t.same(clock.sleeping, [waitMs]);
  });
}

t.test('the interval can be chosen', async (t) => {
  const r = await run(t, new Server(), { intervalMs: 5_000 });
  t.same(r.clock.sleeping, [5_000]);
});

t.test('what is served when the watch begins is told before it is ready', async (t) => {
  const server = new Server().install(ROLLOUTS, 'Rollout').install(STATEFUL_SETS, 'StatefulSet');
  const order: string[] = [];
  const watch = new KindWatch({
    transport: server,
    clock: new FakeClock(),
    wanted: ALL,
    onServed: ({ kind }) => order.push(kind),
    onGone: () => order.push('gone'),
    report: () => order.push('report'),
  });
  const controller = new AbortController();
  const running = watch.run(controller.signal);
  t.teardown(() => controller.abort());
  await watch.ready.then(() => order.push('ready'));
  t.same(order, ['Rollout', 'StatefulSet', 'ready']);
  controller.abort();
  await running;
});

t.test('a kind that appears is told once, and once when it goes', async (t) => {
  const r = await run(t, new Server());
  t.ok(r.isReady());
  r.server.install(ROLLOUTS, 'Rollout');
  t.same(r.told(), []);
  await pass(r, INTERVAL_MS);
  t.same(r.told(), ['+Rollout']);
  await pass(r, INTERVAL_MS);
  t.same(r.told(), []);
  r.server.remove(ROLLOUTS);
  await pass(r, INTERVAL_MS);
  t.same(r.told(), ['-rollouts']);
  await pass(r, INTERVAL_MS);
  t.same(r.told(), []);
  r.server.install(ROLLOUTS, 'Rollout');
  await pass(r, INTERVAL_MS);
  t.same(r.told(), ['+Rollout']);
});

t.test('a kind that goes leaves the others of its group', async (t) => {
  const r = await run(t, new Server().install(CLONE_SETS, 'CloneSet').install(DAEMON_SETS, 'DaemonSet'));
  t.same(r.told(), ['+CloneSet', '+DaemonSet']);
  r.server.remove(CLONE_SETS);
  await pass(r, INTERVAL_MS);
  t.same(r.told(), ['-clonesets']);
});

t.test('what is gone is told as what was wanted', async (t) => {
  const gone: WantedResource[] = [];
  const server = new Server().install(ROLLOUTS, 'Rollout');
  const r = await run(t, server, { onGone: (resource) => gone.push(resource) });
  server.remove(ROLLOUTS);
  await pass(r, INTERVAL_MS);
  t.same(gone, [ROLLOUTS]);
});

t.test('a resource wanted twice is told once', async (t) => {
  const r = await run(t, new Server().install(ROLLOUTS, 'Rollout'), { wanted: [ROLLOUTS, { ...ROLLOUTS }] });
  t.same(r.told(), ['+Rollout']);
});

t.test('a resource that is now of another kind has gone and appeared', async (t) => {
  const r = await run(t, new Server().install(ROLLOUTS, 'Rollout'));
  r.server.install(ROLLOUTS, 'Other');
  await pass(r, INTERVAL_MS);
  t.same(r.told(), ['+Rollout', '-rollouts', '+Other']);
  r.server.install(ROLLOUTS, 'Other', { namespaced: false });
  await pass(r, INTERVAL_MS);
  t.same(r.told(), ['-rollouts', '+Other']);
});

t.test('verbs that come and go are no change of the kind', async (t) => {
  const r = await run(t, new Server().install(ROLLOUTS, 'Rollout'));
  r.server.install(ROLLOUTS, 'Rollout', { verbs: ['list'] });
  await pass(r, INTERVAL_MS);
  t.same(r.told(), ['+Rollout']);
});

t.test('a failed look changes nothing, is reported, and is repeated sooner than the next one would come', async (t) => {
  const r = await run(t, new Server().install(ROLLOUTS, 'Rollout'));
  r.told();
  r.server.instead.set(APIS, refused(500, APIS));
  await pass(r, INTERVAL_MS);
  t.same(r.reports, [{ cause: 'GET /apis: 500 Refused', retryInMs: 100 }]);
  t.same(r.told(), []);
  r.server.instead.clear();
  r.server.install(CLONE_SETS, 'CloneSet');
  await pass(r, 100);
  t.same(r.told(), ['+CloneSet']);
  t.equal(r.reports.length, 1);
});

t.test('looks that keep failing are further and further apart, up to half a minute', async (t) => {
  const server = new Server();
  server.instead.set(APIS, refused(500, APIS));
  const clock = new FakeClock(1);
  const r = await run(t, server, { clock });
  for (let look = 0; look < 10; look += 1) {
    await clock.advance(clock.sleeping[0] ?? 0);
    await rest();
  }
  const waits = r.reports.map(({ retryInMs }) => retryInMs);
  t.same(waits, [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000]);
  server.instead.clear();
  await clock.advance(30_000);
  await rest();
  t.same(clock.sleeping, [33_000]);
  server.instead.set(APIS, refused(500, APIS));
  await clock.advance(33_000);
  await rest();
  t.equal(r.reports.at(-1)?.retryInMs, 200, 'a success starts it anew');
});

t.test('a server that says when to come back is taken at its word', async (t) => {
  const server = new Server();
  server.instead.set(APIS, refused(429, APIS, 7_000));
  const r = await run(t, server);
  t.match(r.reports, [{ retryInMs: 7_000 }]);
  t.same(r.clock.sleeping, [7_000]);
});

t.test('a watch is ready only after a look that succeeded', async (t) => {
  const server = new Server().install(ROLLOUTS, 'Rollout');
  server.instead.set(APIS, refused(0, APIS));
  const r = await run(t, server);
  t.notOk(r.isReady());
  server.instead.clear();
  await pass(r, 100);
  t.ok(r.isReady());
  t.same(r.told(), ['+Rollout']);
});

t.test('an API server that starts, and does not know its groups yet, makes nothing go', async (t) => {
  const r = await run(t, new Server().install(ROLLOUTS, 'Rollout'));
  r.server.instead.set(APIS, { groups: [{ versions: [{ groupVersion: 'apiregistration.k8s.io/v1' }] }] });
  await pass(r, INTERVAL_MS);
  t.match(r.reports, [{ cause: /not complete/ }]);
  r.server.instead.set(APIS, { groups: [{ versions: [{ groupVersion: 'apps/v1' }] }] });
  await pass(r, 100);
  t.same(r.told(), ['+Rollout', '-rollouts'], 'while a list that is complete does');
});

t.test('a group whose own discovery fails keeps what it had, while others change', async (t) => {
  const r = await run(t, new Server().install(CONFIGS, 'DeploymentConfig').install(ROLLOUTS, 'Rollout'));
  t.same(r.told(), ['+Rollout', '+DeploymentConfig']);
  r.server.instead.set(OPENSHIFT, refused(503, OPENSHIFT));
  r.server.remove(ROLLOUTS);
  r.server.install(CLONE_SETS, 'CloneSet');
  await pass(r, INTERVAL_MS);
  t.same(r.told(), ['-rollouts', '+CloneSet']);
  t.same(r.reports, [{ cause: `GET ${OPENSHIFT}: 503 Refused`, retryInMs: 100 }]);
  r.server.instead.clear();
  r.server.remove(CONFIGS);
  await pass(r, 100);
  t.same(r.told(), ['-deploymentconfigs']);
});

t.test('a group whose own discovery fails from the beginning does not keep the watch from being ready', async (t) => {
  const server = new Server().install(CONFIGS, 'DeploymentConfig').install(ROLLOUTS, 'Rollout');
  server.instead.set(OPENSHIFT, refused(503, OPENSHIFT));
  const r = await run(t, server);
  t.ok(r.isReady());
  t.same(r.told(), ['+Rollout']);
  server.instead.clear();
  await pass(r, 100);
  t.same(r.told(), ['+DeploymentConfig']);
});

t.test('every group that fails is named in one report', async (t) => {
  const server = new Server().install(CONFIGS, 'DeploymentConfig').install(ROLLOUTS, 'Rollout');
  server.instead.set(OPENSHIFT, refused(503, OPENSHIFT)).set(ARGO, refused(503, ARGO, 9_000));
  const r = await run(t, server);
  t.match(r.reports, [{ cause: /argoproj.*; .*openshift/, retryInMs: 9_000 }]);
  t.equal(r.reports.length, 1);
});

t.test('a look that is wanted soon comes within a second, and the next one at its usual time after it', async (t) => {
  const r = await run(t, new Server());
  await pass(r, 10_000);
  r.server.asked();
  r.watch.lookSoon();
  await rest();
  t.same(r.server.asked(), ['GET /apis']);
  t.same(r.clock.sleeping, [INTERVAL_MS]);
});

t.test('however often a look is wanted, it is one a second', async (t) => {
  const r = await run(t, new Server());
  r.server.asked();
  for (let wish = 0; wish < 100; wish += 1) {
    r.watch.lookSoon();
    await pass(r, 100);
  }
  t.equal(r.server.asked().length, 10);
});

t.test('a look that is wanted while one is under way comes after it', async (t) => {
  const r = await run(t, new Server());
  const answer = Promise.withResolvers<unknown>();
  r.server.instead.set(APIS, answer.promise);
  await pass(r, INTERVAL_MS);
  r.watch.lookSoon();
  r.server.instead.clear();
  answer.resolve({ groups: [{ versions: [{ groupVersion: 'apps/v1' }] }] });
  await rest();
  r.server.asked();
  await pass(r, 999);
  t.same(r.server.asked(), []);
  await pass(r, 1);
  t.same(r.server.asked(), ['GET /apis']);
  t.same(r.clock.sleeping, [INTERVAL_MS]);
});

t.test('a watch that waits ends with its signal', async (t) => {
  const r = await run(t, new Server());
  t.equal(r.clock.sleeping.length, 1);
  await r.stop();
  t.equal(r.clock.sleeping.length, 0);
});

for (const { title, path } of [
  { title: 'lists groups', path: APIS },
  { title: 'asks for a version', path: ARGO },
]) {
  t.test(`a watch that ${title} ends with its signal, and tells and reports nothing more`, async (t) => {
    const r = await run(t, new Server().install(CLONE_SETS, 'CloneSet'));
    r.told();
    r.server.install(ROLLOUTS, 'Rollout');
    r.server.remove(CLONE_SETS);
    const answer = Promise.withResolvers<undefined>();
    r.server.instead.set(path, answer.promise);
    await pass(r, INTERVAL_MS);
    const stopped = r.stop();
    answer.resolve(undefined);
    await stopped;
    t.same(r.told(), []);
    t.same(r.reports, []);
    t.equal(r.clock.sleeping.length, 0);
  });
}

t.test('a watch whose signal has aborted before asks for nothing', async (t) => {
  const server = new Server();
  const watch = new KindWatch({
    transport: server,
    clock: new FakeClock(),
    wanted: ALL,
    onServed: () => {},
    onGone: () => {},
    report: () => {},
  });
  await watch.run(AbortSignal.abort());
  t.same(server.asked(), []);
});

t.test('a listener that throws is reported, and does not end the watch', async (t) => {
  const server = new Server().install(ROLLOUTS, 'Rollout').install(CLONE_SETS, 'CloneSet');
  const told: string[] = [];
  const onServed: KindWatchOptions['onServed'] = ({ kind }) => {
    told.push(kind);
    if (kind === 'Rollout') throw new Error('listener');
  };
  const r = await run(t, server, { onServed });
  t.match(r.reports, [{ cause: 'listener' }]);
  await pass(r, 100);
  t.same(told, ['Rollout', 'CloneSet']);
  t.ok(r.isReady());
});
