import t from 'tap';
import { asList, asObject, asText, type JsonObject, parseJson } from '../../core/json.ts';
import { INJECT, RELOADER, STRATEGY } from '../../core/names.ts';
import { configMap, envFrom, rollout, workload } from './manifest.ts';
import { eventsOf, reasonsOf } from './told.ts';
import { startWorld, type WorkloadAt, type World, workloadAt } from './world.ts';

/**
 * Argo Rollouts that ask to be restarted: `spec.restartAt` in place of a stamp, once for a change. Argo's controller does
 * not run here; what it would act on is what is looked at.
 */
const world: World = await startWorld(t, { crds: ['rollouts.argoproj.io'] });
t.jobs = 8;

/** What runs side by side, to be waited for before the watcher is restarted. */
const tests: PromiseLike<unknown>[] = [];

const RESTART = { [RELOADER.rolloutStrategy]: 'restart' };
const WAYS = [
  { way: 'in a labelled namespace', labels: { [INJECT]: 'enabled' }, annotations: {} },
  { way: 'by annotation alone', labels: {}, annotations: { [INJECT]: 'enabled' } },
] as const;

const container = envFrom('configMapRef', 'source');

async function created(
  object: JsonObject,
  labels: Readonly<Record<string, string>> = { [INJECT]: 'enabled' },
  annotations: Readonly<Record<string, string>> = {},
): Promise<WorkloadAt> {
  const namespace = await world.namespace(labels, annotations);
  await world.create(namespace, configMap('source', { used: 'one' }));
  const at = await world.createWorkload(namespace, object);
  await world.quiet();
  return at;
}

const change = (at: WorkloadAt): Promise<void> => world.touch(at.namespace, 'source', 'used');

async function restartAt(at: WorkloadAt): Promise<string | undefined> {
  return asText(asObject((await world.api.get(at)).spec).restartAt);
}

async function historyLength(at: WorkloadAt): Promise<number> {
  return asList(parseJson((await world.annotations(at)).history ?? '[]')).length;
}

for (const { way, labels, annotations } of WAYS) {
  tests.push(
    t.test(`each change restarts a Rollout once, and leaves its template alone, ${way}`, async (t) => {
      const at = await created(rollout({ container, annotations: { ...annotations, ...RESTART } }), labels);
      const template = world.template(at, await world.api.get(at));
      t.equal(await restartAt(at), undefined, 'not at admission');
      t.equal(await world.rolloutsAfter(at, () => change(at)), 1, 'one write to the spec');
      const first = await restartAt(at);
      t.match(first, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
      t.ok(Date.parse((await restartAt(at)) ?? '') > Date.parse(first ?? ''), 'later than the time before');
      t.same(world.template(at, await world.api.get(at)), template);
      t.equal(await historyLength(at), 2);
      t.same(await reasonsOf(world, at), ['Rolled', 'Rolled']);
      t.match((await eventsOf(world, at))[0]?.note, /^Restarted because configmap\/source changed \(used\)/);
    }),

    t.test(`a Rollout that runs a Deployment's template is restarted, and the template stays, ${way}`, async (t) => {
      const namespace = await world.namespace(labels);
      await world.create(namespace, configMap('source', { used: 'one' }));
      const lender = workload({ name: 'lent', replicas: 0, container });
      await world.create(namespace, lender);
      const borrower = rollout({ name: 'borrower', workloadRef: 'lent', annotations: { ...annotations, ...RESTART } });
      const at = await world.createWorkload(namespace, borrower);
      const lent = workloadAt(namespace, lender);
      await world.quiet();
      const before = await world.generation(lent);
      t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
      t.ok(await restartAt(at));
      t.equal((await world.generation(lent)) - before, 0, 'its change would be a second rollout');
      t.same(await reasonsOf(world, at), ['Rolled']);
      t.same(await reasonsOf(world, lent), []);
    }),
  );
}

tests.push(
  t.test('the strategy can be said in restamp’s own words, and on the pod template', async (t) => {
    for (const options of [{ annotations: { [STRATEGY]: 'restart' } }, { templateAnnotations: RESTART }]) {
      const at = await created(rollout({ container, ...options }));
      t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
      t.ok(await restartAt(at));
    }
  }),

  t.test('the strategy of a namespace counts for its Rollouts', async (t) => {
    const at = await created(rollout({ container }), { [INJECT]: 'enabled' }, { [STRATEGY]: 'restart' });
    t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
    t.ok(await restartAt(at));
  }),

  t.test('without the strategy a Rollout is stamped, and a time that a person wrote stays', async (t) => {
    const byPerson = '2026-01-01T00:00:00Z';
    const at = await created(
      rollout({ container, restartAt: byPerson, annotations: { [RELOADER.rolloutStrategy]: 'rollout' } }),
    );
    const { stamp } = await world.annotations(at);
    t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
    t.equal(await restartAt(at), byPerson);
    t.not((await world.annotations(at)).stamp, stamp);
  }),

  t.test('anything but a Rollout is stamped, whatever the strategy', async (t) => {
    const at = await created(workload({ container, annotations: RESTART }));
    const { stamp } = await world.annotations(at);
    t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
    t.not((await world.annotations(at)).stamp, stamp);
  }),

  t.test('a change of the template is stamped at admission and restarts nothing beside it', async (t) => {
    const at = await created(rollout({ container, annotations: RESTART }));
    const { stamp } = await world.annotations(at);
    const changed = async (): Promise<void> => {
      await change(at);
      const containers = [{ name: 'app', image: 'registry.example/app:2', ...container }];
      await world.api.patch(at, { spec: { template: { spec: { containers } } } });
    };
    t.equal(await world.rolloutsAfter(at, changed), 1, 'the user’s own write and no other');
    t.equal(await restartAt(at), undefined);
    t.not((await world.annotations(at)).stamp, stamp);
  }),
);
await Promise.all(tests);

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  await t.test(`a watcher that starts anew (${signal}) remembers what it restarted`, async (t) => {
    const at = await created(rollout({ container, annotations: RESTART }));
    await world.rolloutsAfter(at, () => change(at));
    const before = await world.api.get(at);
    t.equal(await world.rolloutsDespite(at, () => world.restamp.watcher.restart(signal)), 0);
    t.same(await world.api.get(at), before);
    await world.restamp.watcher.stop(signal);
    await change(at);
    t.equal(await world.rolloutsAfter(at, () => world.restamp.watcher.start()), 1, 'what it missed is one restart');
  });
}
