/** The watcher as a whole, on scripted watches and a store in memory: the order of its start, settling, and its end. */
import t, { type Test } from 'tap';
import { asObject, type JsonObject } from '../../core/json.ts';
import { RELOADER, SETTLE } from '../../core/names.ts';
import { oursOf } from '../../core/ours.ts';
import type { WatcherRules } from '../../watcher/rules.ts';
import { Watcher, type WatcherOptions } from '../../watcher/watcher.ts';
import { KEYRING, withOurs, workloadJson, workloadOf } from '../core/build.ts';
import { stampedFor } from '../core/decision-run.ts';
import { APP, app, of } from '../core/decision-worlds.ts';
import { FakeClock, settled } from '../kube/fake-clock.ts';
import { annotated, RULES, specced } from './look.ts';
import { Store } from './store.ts';
import { LIST_END, WATCHED, Wire } from './wire.ts';

const DEPLOYMENTS = '/apis/apps/v1/deployments';
const CONFIG_MAPS = '/api/v1/configmaps';
const SECRETS = '/api/v1/secrets';
const NAMESPACES = '/api/v1/namespaces';

const enabled = { metadata: { name: 'shop', resourceVersion: '5', labels: { 'restamp.dev/inject': 'enabled' } } };

interface Run {
  readonly wire: Wire;
  readonly clock: FakeClock;
  readonly watcher: Watcher;
  readonly told: string[];
  readonly stop: () => Promise<void>;
  readonly stamp: () => string | undefined;
}

interface Given {
  readonly rules?: Partial<WatcherRules>;
  /** What is so before it starts. */
  readonly prepare?: (wire: Wire) => void;
}

/** A watcher at work on a workload whose pods have `app` at 1, where `app` is at 2. */
function run(t: Test, objects: readonly JsonObject[] = [app('2')], given: Given = {}): Run {
  const workload = withOurs({ spec: APP }, stampedFor(of(APP, app('1'))));
  const wire = new Wire(new Store(workload, ...objects));
  given.prepare?.(wire);
  const clock = new FakeClock(1);
  const told: string[] = [];
  const events: WatcherOptions['events'] = {
    started: ({ workloads, managed }) => told.push(`started ${workloads} ${managed}`),
    decided: ({ decision }) => told.push(decision.outcome),
    advised: () => {},
    kind: ({ kind, served }) => told.push(`${kind} ${served ? 'came' : 'went'}`),
    unsure: ({ cause }) => told.push(`unsure: ${cause}`),
    retried: ({ cause }) => told.push(`again: ${cause}`),
    synced: () => {},
    interrupted: () => {},
    state: () => {},
  };
  const options = {
    transport: wire,
    clock,
    keyring: KEYRING,
    rules: { ...RULES, ...given.rules },
    concurrency: 2,
    events,
  };
  const watcher = new Watcher(options);
  const controller = new AbortController();
  const running = watcher.run(controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  t.teardown(() => controller.abort());
  return { wire, clock, watcher, told, stop, stamp: () => oursOf(workloadOf(wire.store.get(workload))).stamp };
}

const STAMPED_1 = stampedFor(of(APP, app('1'))).stamp;
const STAMPED_2 = stampedFor(of(APP, app('2'))).stamp;
const STAMPED_3 = stampedFor(of(APP, app('3'))).stamp;

function everything(wire: Wire): Readonly<Record<string, readonly JsonObject[]>> {
  return {
    [NAMESPACES]: [enabled],
    [DEPLOYMENTS]: [wire.store.get(workloadJson())],
    [CONFIG_MAPS]: [wire.store.get(app('2'))],
  };
}

for (const missing of [NAMESPACES, CONFIG_MAPS, SECRETS, DEPLOYMENTS]) {
  t.test(
    `nothing is read or written before ${missing} is known, and then all that is managed is looked at`,
    async (t) => {
      const { wire, clock, watcher, told, stamp } = run(t);
      wire.list(everything(wire), missing);
      await clock.advance(60_000);
      t.strictSame(wire.store.requests, []);
      t.match(watcher.status, { synced: false, waiting: 0 });
      for (const object of everything(wire)[missing] ?? []) wire.send(missing, { type: 'ADDED', object });
      wire.send(missing, LIST_END);
      await clock.advance(1_000);
      t.strictSame(told, ['started 1 1', 'roll']);
      t.equal(stamp(), STAMPED_2);
      t.strictSame(watcher.status, { synced: true, workloads: 1, managed: 1, waiting: 0 });
    },
  );
}

t.test('a change that nobody saw is found at the start, without an event', async (t) => {
  const { wire, clock, stamp } = run(t);
  t.equal(stamp(), STAMPED_1);
  wire.list(everything(wire));
  await clock.advance(0);
  t.equal(stamp(), STAMPED_2);
});

t.test('several changes in a row are one rollout, once they have settled', async (t) => {
  const { wire, clock, told, stamp } = run(t, [app('1')]);
  wire.list(everything(wire));
  await clock.advance(10_000);
  told.length = 0;
  for (const value of ['2', '3', '2', '3']) {
    wire.store.put(app(value));
    wire.send(CONFIG_MAPS, { type: 'MODIFIED', object: wire.store.get(app(value)) });
    await clock.advance(500);
  }
  t.strictSame(told, []);
  await clock.advance(500);
  t.strictSame(told, ['roll']);
  t.equal(stamp(), STAMPED_3);
});

t.test("the watcher's own write, when it comes back on the watch, is looked at once and is nothing", async (t) => {
  const { wire, clock, told } = run(t);
  wire.list(everything(wire));
  await clock.advance(0);
  wire.send(DEPLOYMENTS, { type: 'MODIFIED', object: wire.store.get(workloadJson()) });
  await clock.advance(60_000);
  t.strictSame(told, ['started 1 1', 'roll', 'none']);
  t.equal(wire.store.patches.length, 1);
});

t.test('what fails is tried again until it works', async (t) => {
  const { wire, clock, told, stamp } = run(t);
  let failures = 3;
  wire.store.before = ({ method }) => {
    if (method === 'PATCH' && failures-- > 0) throw new Error('trouble');
  };
  wire.list(everything(wire));
  await clock.advance(10_000);
  t.strictSame(told, ['started 1 1', 'again: trouble', 'again: trouble', 'again: trouble', 'roll']);
  t.equal(stamp(), STAMPED_2);
});

t.test('a workload that is deleted while it waits is not looked at any more', async (t) => {
  const { wire, clock, told, watcher } = run(t, [app('1')]);
  wire.list(everything(wire));
  await clock.advance(10_000);
  told.length = 0;
  wire.store.requests.length = 0;
  wire.send(CONFIG_MAPS, {
    type: 'MODIFIED',
    object: { metadata: { ...asObject(app('2').metadata), resourceVersion: '900' } },
  });
  await clock.advance(100);
  t.equal(watcher.status.waiting, 1);
  wire.send(DEPLOYMENTS, { type: 'DELETED', object: wire.store.get(workloadJson()) });
  await clock.advance(100);
  t.equal(watcher.status.waiting, 0);
  await clock.advance(60_000);
  t.strictSame(wire.store.requests, []);
  t.strictSame(told, []);
});

t.test('to stop before the first sync ends it at once', async (t) => {
  const { wire, stop, clock } = run(t);
  wire.list(everything(wire), SECRETS);
  await settled();
  await stop();
  t.strictSame(clock.sleeping, []);
  t.strictSame(wire.store.requests, []);
});

t.test('to stop while at work leaves nobody asleep', async (t) => {
  const { wire, stop, clock } = run(t);
  wire.list(everything(wire));
  await clock.advance(5_000);
  await stop();
  t.strictSame(clock.sleeping, []);
});

t.test('a signal that aborted before the start ends it at once', async (t) => {
  const { watcher, wire } = run(t);
  await watcher.run(AbortSignal.abort());
  t.strictSame(wire.store.requests, []);
});

for (const [what, own, settings] of [
  ['of its own', { [SETTLE]: '5s' }, {}],
  ['of its namespace', {}, { [SETTLE]: '5s' }],
] as const) {
  t.test(`a workload with a quiet time ${what} waits for that`, async (t) => {
    const { wire, clock, told } = run(t, [app('1')]);
    const workload = annotated(wire.store.get(workloadJson()), own);
    const namespace = { metadata: { ...enabled.metadata, annotations: settings } };
    wire.list({ ...everything(wire), [NAMESPACES]: [namespace], [DEPLOYMENTS]: [workload] });
    await clock.advance(10_000);
    told.length = 0;
    wire.store.put(app('2'));
    wire.send(CONFIG_MAPS, { type: 'MODIFIED', object: wire.store.get(app('2')) });
    await clock.advance(4_999);
    t.strictSame(told, []);
    await clock.advance(1);
    t.strictSame(told, ['roll']);
  });
}

t.test('a pause that ended while no watcher ran is ended at the start, managed or not', async (t) => {
  const { wire, clock, told } = run(t, []);
  const paused = annotated(wire.store.get(workloadJson()), { [RELOADER.pausedAt]: '2029-12-31T00:00:00Z' });
  wire.store.put(specced(paused, { paused: true }));
  wire.list({ [DEPLOYMENTS]: [wire.store.get(workloadJson())] });
  await clock.advance(1_000);
  t.strictSame(told.slice(0, 2), ['started 1 0', 'resume']);
  t.equal(asObject(wire.store.get(workloadJson()).spec).paused, false);
});

t.test('the start waits for the list of kinds, and not for kinds that are still being listed', async (t) => {
  const { wire, clock, told, watcher } = run(t, [app('2')], {
    prepare: (wired) => {
      wired.served = { 'argoproj.io/v1alpha1': [{ name: 'rollouts', kind: 'Rollout' }] };
    },
  });
  wire.list(everything(wire));
  await clock.advance(1_000);
  t.strictSame(told, ['Rollout came', 'started 1 1', 'roll']);
  t.equal(watcher.status.synced, true);
});

t.test('while the list of kinds cannot be had, nothing is read or written', async (t) => {
  let isTrouble = true;
  const { wire, clock, told } = run(t, [app('2')], {
    prepare: (wired) => {
      const request = wired.request.bind(wired);
      wired.request = (asked) =>
        isTrouble && asked.path === '/apis' ? Promise.reject(new Error('trouble')) : request(asked);
    },
  });
  wire.list(everything(wire));
  await clock.advance(1_000);
  t.strictSame(wire.store.requests, []);
  t.strictSame(new Set(told), new Set(['unsure: trouble']));
  isTrouble = false;
  await clock.advance(60_000);
  t.strictSame(told.slice(-2), ['started 1 1', 'roll']);
});

t.test('a watcher that is held to some namespaces asks for nothing outside of them', async (t) => {
  const { wire, clock, told } = run(t, [app('2'), { apiVersion: 'v1', kind: 'Namespace', ...enabled }], {
    rules: { namespaces: ['shop'] },
  });
  for (const path of WATCHED) wire.sendList(scoped(path), everything(wire)[path]);
  await clock.advance(1_000);
  t.strictSame(told, ['started 1 1', 'roll']);
  const paths = [...wire.watches, ...wire.store.requests].map(({ path }) => path);
  t.strictSame(
    paths.filter((path) => !/\/namespaces\/shop(\/|$)/.test(path)),
    [],
  );
});

/** The path of a collection in one namespace. */
function scoped(path: string): string {
  const slash = path.lastIndexOf('/');
  return `${path.slice(0, slash)}/namespaces/shop${path.slice(slash)}`;
}
