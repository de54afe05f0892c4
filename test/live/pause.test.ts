import t from 'tap';
import { asList, asObject, asText, type JsonObject, parseJson } from '../../core/json.ts';
import { INJECT, RELOADER } from '../../core/names.ts';
import { configMap, envFrom, type WorkloadOptions, workload } from './manifest.ts';
import { decided, decisionsOf, reasonsOf } from './told.ts';
import { startWorld, type WorkloadAt, type World } from './world.ts';

/** Reloader's pause period: several changes are one rollout, at its end; what a person paused stays paused. */
const world: World = await startWorld(t);
t.jobs = 8;

/** What runs side by side, to be waited for before the watcher is killed. */
const tests: PromiseLike<unknown>[] = [];

/** Longer than three changes take that each wait for their settle time. */
const PERIOD = '12s';
const PERIOD_MS = 12_000;

const WAYS = [
  { way: 'in a labelled namespace', labels: { [INJECT]: 'enabled' }, annotations: {} },
  { way: 'by annotation alone', labels: {}, annotations: { [INJECT]: 'enabled' } },
] as const;

async function created(
  labels: Readonly<Record<string, string>>,
  { annotations, ...more }: WorkloadOptions = {},
): Promise<WorkloadAt> {
  const namespace = await world.namespace(labels);
  await world.create(namespace, configMap('source', { used: 'one' }));
  const object = workload({
    ...{
      annotations: { [RELOADER.pausePeriod]: PERIOD, ...annotations },
      container: envFrom('configMapRef', 'source'),
    },
    ...more,
  });
  return world.createWorkload(namespace, object);
}

const labelled = (options?: WorkloadOptions): Promise<WorkloadAt> => created({ [INJECT]: 'enabled' }, options);

const change = (at: WorkloadAt): Promise<void> => world.touch(at.namespace, 'source', 'used');

interface Standing {
  readonly paused: boolean;
  readonly pausedAt: string | undefined;
  /** Rollouts in the history: the stamps that were written. */
  readonly stamps: number;
}

async function standing(at: WorkloadAt): Promise<Standing> {
  const { metadata, spec }: JsonObject = await world.api.get(at);
  return {
    paused: asObject(spec).paused === true,
    pausedAt: asText(asObject(asObject(metadata).annotations)[RELOADER.pausedAt]),
    stamps: asList(parseJson((await world.annotations(at)).history ?? '[]')).length,
  };
}

async function stamped(at: WorkloadAt, times: number): Promise<Standing> {
  await world.eventually(`stamp ${times}`, async () => (await standing(at)).stamps === times);
  return standing(at);
}

for (const { way, labels, annotations } of WAYS) {
  tests.push(
    t.test(`several changes in a pause period are one rollout at its end, ${way}`, { buffered: true }, async (t) => {
      const at = await created(labels, { annotations });
      await change(at);
      const first = await stamped(at, 1);
      t.equal(first.paused, true);
      t.match(first.pausedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      await change(at);
      t.equal((await stamped(at, 2)).pausedAt, first.pausedAt, 'a further change does not begin the period anew');
      t.equal(await world.revisions(at), 1, 'nothing has rolled yet');
      await decided(world, at, 'resume pause-over');
      const tookMs = Date.now() - Date.parse(first.pausedAt ?? '');
      t.ok(tookMs >= PERIOD_MS, `not before its time (${tookMs} ms)`);
      await world.quiet();
      t.same(await standing(at), { paused: false, pausedAt: undefined, stamps: 2 });
      t.equal(await world.revisions(at), 2, 'one rollout for both changes');
      t.same(await reasonsOf(world, at), ['Stamped', 'Stamped', 'Resumed'], 'never told as rolled');
      await change(at);
      t.equal((await stamped(at, 3)).paused, true, 'the next change begins a new period');
    }),
  );
}

tests.push(
  t.test('the annotation counts on the pod template too', { buffered: true }, async (t) => {
    const at = await labelled({ annotations: {}, templateAnnotations: { [RELOADER.pausePeriod]: PERIOD } });
    await change(at);
    t.equal((await stamped(at, 1)).paused, true);
    await decided(world, at, 'resume pause-over');
    t.equal((await standing(at)).paused, false);
  }),

  t.test('what a person paused is stamped and stays paused, longer than the period', { buffered: true }, async (t) => {
    const at = await labelled({ annotations: { [RELOADER.pausePeriod]: '2s' } });
    await world.api.patch(at, { spec: { paused: true } });
    await change(at);
    t.same(await stamped(at, 1), { paused: true, pausedAt: undefined, stamps: 1 });
    await world.despite(at.namespace, world.quiet);
    t.same(await standing(at), { paused: true, pausedAt: undefined, stamps: 1 });
    t.same(await reasonsOf(world, at), ['Stamped']);
    t.equal(await world.rolloutsAfter(at, () => world.api.patch(at, { spec: { paused: false } })), 1);
  }),

  t.test(
    'a person who resumes early is not paused again, and who pauses later stays so',
    { buffered: true },
    async (t) => {
      const at = await labelled({ annotations: { [RELOADER.pausePeriod]: '6s' } });
      await change(at);
      t.equal((await stamped(at, 1)).paused, true);
      t.equal(await world.rolloutsAfter(at, () => world.api.patch(at, { spec: { paused: false } })), 1);
      t.equal((await standing(at)).paused, false);
      await world.eventually('no mark of a pause', async () => (await standing(at)).pausedAt === undefined);
      await world.api.patch(at, { spec: { paused: true } });
      await world.despite(at.namespace, () => new Promise((resolve) => setTimeout(resolve, 7_000)));
      t.equal((await standing(at)).paused, true, 'a pause by a person has no end');
    },
  ),

  t.test('a period that is taken away ends at once', { buffered: true }, async (t) => {
    const at = await labelled({ annotations: { [RELOADER.pausePeriod]: '1h' } });
    await change(at);
    t.equal((await stamped(at, 1)).paused, true);
    const without = { metadata: { annotations: { [RELOADER.pausePeriod]: null } } };
    t.equal(await world.rolloutsAfter(at, () => world.api.patch(at, without)), 1);
    t.same(await standing(at), { paused: false, pausedAt: undefined, stamps: 1 });
  }),

  t.test('kubectl apply of the same manifest neither ends a pause nor makes it last', { buffered: true }, async (t) => {
    const namespace = await world.namespace();
    await world.create(namespace, configMap('source', { used: 'one' }));
    const annotations = { [RELOADER.pausePeriod]: PERIOD };
    const stdin = JSON.stringify(workload({ annotations, container: envFrom('configMapRef', 'source') }));
    const apply = (): Promise<unknown> => world.cluster.kubectl(['-n', namespace, 'apply', '-f', '-'], { stdin });
    await apply();
    const at: WorkloadAt = { kind: 'Deployment', namespace, name: 'app' };
    await world.eventually('a first ReplicaSet', async () => (await world.revisions(at)) === 1);
    await change(at);
    const before = await stamped(at, 1);
    await apply();
    t.same(await standing(at), before);
    await decided(world, at, 'resume pause-over');
    await world.quiet();
    t.equal(await world.revisions(at), 2);
  }),

  t.test('a pause period on anything but a Deployment pauses nothing', { buffered: true }, async (t) => {
    const at = await labelled({ kind: 'StatefulSet' });
    t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
    t.same(await standing(at), { paused: false, pausedAt: undefined, stamps: 1 });
  }),
);
await Promise.all(tests);

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  await t.test(`a watcher that ended (${signal}) during the period resumes when it is back`, async (t) => {
    const { watcher } = world.restamp;
    const [within, over] = [await labelled(), await labelled({ annotations: { [RELOADER.pausePeriod]: '3s' } })];
    await change(within);
    await change(over);
    const { pausedAt } = await stamped(within, 1);
    await stamped(over, 1);
    await watcher.stop(signal);
    await change(within);
    await world.eventually('the end of the short period', async () => Date.now() > Date.parse(pausedAt ?? '') + 5_000);
    t.equal((await standing(over)).paused, true, 'nobody was there to resume it');
    await watcher.start();
    t.equal((await stamped(within, 2)).pausedAt, pausedAt);
    await world.eventually(
      'both resumed',
      async () => !(await standing(over)).paused && !(await standing(within)).paused,
    );
    await world.quiet();
    t.same([await world.revisions(over), await world.revisions(within)], [2, 2], 'one rollout each');
    t.ok(decisionsOf(world, within).includes('resume pause-over'));
  });
}
