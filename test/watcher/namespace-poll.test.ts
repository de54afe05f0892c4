/** Namespaces that are asked for one by one, where only some are watched. */
import t, { type Test } from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { INJECT, SETTLE } from '../../core/names.ts';
import { PLAIN_NAMESPACE } from '../../core/policy.ts';
import { KubeError } from '../../kube/error.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { namespaceFeeds, sourceFeeds, workloadFeeds } from '../../watcher/feeds.ts';
import { NamespacePoll } from '../../watcher/namespace-poll.ts';
import type { WatcherRules } from '../../watcher/rules.ts';
import { WorkloadIndex } from '../../watcher/workload-index.ts';
import { DEPLOYMENT } from '../core/build.ts';
import { FakeClock, settled } from '../kube/fake-clock.ts';
import { labelled, POLICY, RULES, watched } from './look.ts';
import { deployment } from './objects.ts';
import { fault, Store } from './store.ts';

const MINUTE = 60_000;

function namespace(name: string, labels: JsonObject = {}, annotations: JsonObject = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, annotations } };
}

/** A poll of these namespaces until the test ends. */
function poll(t: Test, store: KubeTransport, rules: Partial<WatcherRules> = { namespaces: ['shop', 'stage'] }) {
  const clock = new FakeClock();
  const index = new WorkloadIndex(POLICY, { ...PLAIN_NAMESPACE, selected: rules.namespaceSelector === undefined });
  const dirty: string[] = [];
  const unsure: string[] = [];
  const options = {
    ...{ index, clock, transport: store, rules: { ...RULES, ...rules } },
    onDirty: (ids: readonly string[]) => dirty.push(...ids),
    onGone: () => {},
    events: { synced: () => {}, interrupted: () => {}, state: () => {} },
  };
  const polled = new NamespacePoll(options, ({ about, cause, retryInMs }) => {
    unsure.push(`${about}: ${cause} (${retryInMs})`);
  });
  watched(index, deployment());
  const controller = new AbortController();
  const running = polled.run(controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  t.teardown(stop);
  return { options, clock, index, dirty, unsure, polled, stop };
}

const paths = ({ requests }: Store): readonly string[] => requests.map(({ method, path }) => `${method} ${path}`);

t.test('each namespace is asked for by its name, at the start and once a minute, and none is listed', async (t) => {
  const store = new Store(namespace('shop', { [INJECT]: 'enabled' }), namespace('stage'));
  const { clock, index, dirty, polled } = poll(t, store);
  await polled.synced;
  const asked = ['GET /api/v1/namespaces/shop', 'GET /api/v1/namespaces/stage'];
  t.strictSame(paths(store), asked);
  t.strictSame(dirty, ['Deployment shop/web']);
  t.equal(index.managedCount(), 1);
  await clock.advance(MINUTE - 1);
  t.equal(store.requests.length, 2);
  await clock.advance(1);
  t.strictSame(paths(store), [...asked, ...asked]);
  t.equal(dirty.length, 1, 'nothing changed');
});

t.test('what a namespace comes to say is found within a minute', async (t) => {
  const store = new Store(namespace('shop'), namespace('stage'));
  const { clock, index, dirty, polled } = poll(t, store);
  await polled.synced;
  t.strictSame(dirty, []);
  store.put(namespace('shop', { [INJECT]: 'enabled' }, { [SETTLE]: '5s', other: 'x' }));
  await clock.advance(MINUTE);
  t.strictSame(dirty, ['Deployment shop/web']);
  t.strictSame(index.namespaceFacts('shop'), labelled('enabled', { settings: { [SETTLE]: '5s' } }));
  store.remove(namespace('shop'));
  await clock.advance(MINUTE);
  t.equal(index.managedCount(), 0, 'and so is that it has gone');
});

t.test('a selector of namespaces counts', async (t) => {
  const store = new Store(namespace('shop', { [INJECT]: 'enabled', team: 'b' }));
  const namespaceSelector = { text: 'team=a', matches: ({ team }: Readonly<Record<string, string>>) => team === 'a' };
  const { clock, index, polled } = poll(t, store, { namespaces: ['shop'], namespaceSelector });
  await polled.synced;
  t.equal(index.managedCount(), 0);
  store.put(namespace('shop', { [INJECT]: 'enabled', team: 'a' }));
  await clock.advance(MINUTE);
  t.equal(index.managedCount(), 1);
});

t.test('a namespace that may not be asked for holds up nothing, is told once, and what was known stays', async (t) => {
  const store = new Store(namespace('shop', { [INJECT]: 'enabled' }), namespace('stage'));
  const { clock, index, unsure, polled } = poll(t, store);
  await polled.synced;
  store.before = (request) => {
    if (request.path.endsWith('/shop')) throw fault(request, 403, 'Forbidden');
  };
  await clock.advance(5 * MINUTE);
  t.equal(unsure.length, 1);
  t.match(unsure[0], /^namespace shop: .*Forbidden \(60000\)$/);
  t.equal(index.managedCount(), 1);
  store.before = () => {};
  await clock.advance(MINUTE);
  store.before = (request) => {
    throw fault(request, 500, 'Trouble');
  };
  await clock.advance(MINUTE);
  t.equal(unsure.length, 3, 'other trouble, or the same after it was over, is told again');
});

t.test('where nothing may be asked for it is ready all the same, and annotations decide', async (t) => {
  const store = new Store();
  store.before = (request) => {
    throw fault(request, 403, 'Forbidden');
  };
  const { index, polled, unsure } = poll(t, store);
  await polled.synced;
  t.equal(unsure.length, 2);
  t.strictSame(watched(index, deployment({ name: 'own', annotations: { [INJECT]: 'enabled' } })), [
    'Deployment shop/own',
  ]);
  t.equal(index.managedCount(), 1);
});

t.test('where all namespaces are watched nothing is asked for', async (t) => {
  const store = new Store();
  const { clock, polled, options } = poll(t, store, { namespaces: [] });
  await polled.synced;
  await clock.advance(10 * MINUTE);
  t.strictSame(store.requests, []);
  t.equal(namespaceFeeds(options).length, 1);
});

t.test('to stop ends it at once', async (t) => {
  const { clock, polled, stop } = poll(t, new Store(namespace('shop'), namespace('stage')));
  await polled.synced;
  await stop();
  t.strictSame(clock.sleeping, []);
});

t.test('to stop while it asks is no trouble worth telling', async (t) => {
  const hanging: KubeTransport = {
    request: ({ signal }) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new KubeError('GET /path', { status: 0, reason: 'ABORT_ERR' })));
      }),
    stream: () => {
      throw new Error('no namespace is watched');
    },
    close: () => {},
  };
  const { polled, stop, unsure } = poll(t, hanging);
  await settled();
  await stop();
  await polled.synced;
  t.strictSame(unsure, []);
});

t.test('everything else is watched namespace by namespace, and the namespaces themselves are not', async (t) => {
  const { options } = poll(t, new Store());
  t.strictSame(namespaceFeeds(options), []);
  t.equal(workloadFeeds(options, DEPLOYMENT).length, 2);
  t.equal(sourceFeeds(options).length, 4);
});
