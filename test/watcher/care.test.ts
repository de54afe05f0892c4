/** What old versions of wave left on a workload is taken off: once, and not before its sources are there. */
import t from 'tap';
import { asList, asObject, type JsonObject } from '../../core/json.ts';
import { WAVE } from '../../core/names.ts';
import { stampedFor } from '../core/decision-run.ts';
import { APP, APP_AND_DB, app, db, of } from '../core/decision-worlds.ts';
import { annotated, type World, worldOf } from './look.ts';
import { carrying, deployment } from './objects.ts';

const DONE = { result: 'done' };
const SOON = { result: 'later', inMs: 0 };
const ON = { [WAVE.update]: 'true' };

interface Parked {
  readonly scheduler?: string;
  readonly before?: string;
  readonly finalizers?: readonly string[];
  readonly spec?: JsonObject;
}

/** A Deployment that wave parked. */
function parked({ scheduler = WAVE.parkedScheduler, before = 'default-scheduler', finalizers, spec }: Parked = {}) {
  return deployment({
    annotations: { ...ON, [WAVE.schedulingDisabled]: before },
    podSpec: { ...(spec ?? APP_AND_DB), schedulerName: scheduler },
    ...(finalizers && { metadata: { finalizers } }),
  });
}

const podSpecOf = (world: World): JsonObject =>
  asObject(asObject(asObject(asObject(world.stored()).spec).template).spec);
const annotationsOf = (world: World): JsonObject => asObject(asObject(world.stored().metadata).annotations);
const finalizersOf = (world: World): readonly unknown[] => asList(asObject(world.stored().metadata).finalizers);
const words = (world: World): readonly string[] => world.told.map(({ decision }) => decision.outcome);

for (const scheduler of [WAVE.parkedScheduler, 'invalid']) {
  t.test(`one that is parked under ${scheduler} gets its scheduler back, now that its sources are there`, async (t) => {
    const world = worldOf(parked({ scheduler }), [app('1'), db()], { label: '' });
    t.strictSame(await world.look(), SOON);
    t.equal(podSpecOf(world).schedulerName, 'default-scheduler');
    t.notOk(WAVE.schedulingDisabled in annotationsOf(world));
    t.strictSame(words(world), ['release']);
    t.strictSame(await world.look(), DONE, 'and then its configuration is looked at');
    t.strictSame(words(world), ['release', 'adopt']);
    t.equal(world.store.writes.length, 2);
  });
}

t.test('one that had no scheduler named gets none', async (t) => {
  const world = worldOf(parked({ before: '' }), [app('1'), db()], { label: '' });
  await world.look();
  t.notOk('schedulerName' in podSpecOf(world));
});

t.test('a scheduler that is not one of those of wave is left alone', async (t) => {
  const world = worldOf(parked({ scheduler: 'mine' }), [app('1'), db()], { label: '' });
  await world.look();
  t.equal(podSpecOf(world).schedulerName, 'mine');
  t.notOk(WAVE.schedulingDisabled in annotationsOf(world));
});

t.test('while a required source is missing it stays parked, and is released when that is there', async (t) => {
  const world = worldOf(parked(), [app('1')], { label: '' });
  t.strictSame(await world.look(), DONE);
  t.equal(podSpecOf(world).schedulerName, WAVE.parkedScheduler);
  t.notOk(words(world).includes('release'));
  world.store.put(db());
  t.strictSame(await world.look(), SOON);
  t.equal(podSpecOf(world).schedulerName, 'default-scheduler');
});

t.test('the finalizer goes at once, those of others stay', async (t) => {
  const world = worldOf(parked({ finalizers: ['other/one', WAVE.finalizer] }), [app('1')], { label: '' });
  t.strictSame(await world.look(), SOON);
  t.strictSame(finalizersOf(world), ['other/one']);
  t.equal(podSpecOf(world).schedulerName, WAVE.parkedScheduler, 'while a source is missing');
  world.store.put(db());
  await world.look();
  t.equal(podSpecOf(world).schedulerName, 'default-scheduler', 'and then it is released too');
});

t.test('the finalizer of one that is being deleted goes, so that it can', async (t) => {
  const metadata = { finalizers: [WAVE.finalizer], deletionTimestamp: '2030-01-01T00:00:00Z' };
  const world = worldOf(deployment({ annotations: ON, metadata }), [app('1')], { label: '' });
  await world.look();
  t.strictSame(finalizersOf(world), []);
});

t.test('while the workload owns a source its finalizer stays, which is told once', async (t) => {
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'uid-of-web', controller: false };
  const owned = app('1');
  const references = { ...owned, metadata: { ...asObject(owned.metadata), ownerReferences: [owner] } };
  const metadata = { finalizers: [WAVE.finalizer], uid: 'uid-of-web' };
  const world = worldOf(deployment({ annotations: ON, metadata }), [references], { label: '' });
  for (let n = 0; n < 3; n += 1) await world.look();
  t.strictSame(finalizersOf(world), [WAVE.finalizer]);
  t.equal(words(world).filter((word) => word === 'hold').length, 1);
  world.store.put(owned);
  await world.look();
  t.strictSame(finalizersOf(world), [], 'and goes with the reference');
});

t.test('what comes back is wanted by somebody else, and is not fought over', async (t) => {
  const world = worldOf(parked(), [app('1'), db()], { label: '' });
  await world.look();
  world.store.put({ ...parked(), metadata: { ...asObject(parked().metadata), uid: 'uid-of-web' } });
  world.watch();
  for (let n = 0; n < 3; n += 1) await world.look();
  t.equal(podSpecOf(world).schedulerName, WAVE.parkedScheduler);
  t.equal(words(world).filter((word) => word === 'release').length, 1);
});

t.test('one that is deleted and made again parked is another, and is released', async (t) => {
  const world = worldOf(parked(), [app('1'), db()], { label: '' });
  await world.look();
  world.store.put({ ...parked(), metadata: { ...asObject(parked().metadata), uid: 'another' } });
  world.watch();
  t.strictSame(await world.look(), SOON);
  t.equal(podSpecOf(world).schedulerName, 'default-scheduler');
});

t.test('one that changes while it is released is looked at again', async (t) => {
  const world = worldOf(parked(), [app('1'), db()], { label: '' });
  world.store.before = ({ method }) => {
    if (method === 'PATCH') world.store.put(annotated(world.stored(), { note: 'changed' }));
  };
  t.strictSame(await world.look(), { result: 'again', cause: 'the workload changed meanwhile' });
  t.strictSame(world.told, []);
  world.store.before = () => {};
  t.strictSame(await world.look(), SOON, 'that it failed once is no reason not to');
  t.equal(podSpecOf(world).schedulerName, 'default-scheduler');
});

t.test('one that is not managed is left as it is', async (t) => {
  const { annotations: _, ...metadata } = asObject(parked({ finalizers: [WAVE.finalizer] }).metadata);
  const world = worldOf({ ...parked(), metadata }, [app('1'), db()], { label: '' });
  t.strictSame(await world.look(), DONE);
  t.strictSame(world.store.writes, []);
});

t.test('a release and a change of the configuration are two writes, the rollout last', async (t) => {
  const spec = { ...APP, schedulerName: WAVE.parkedScheduler };
  const ours = stampedFor(of(spec, app('1')));
  const world = worldOf(carrying(parked({ spec: APP }), ours), [app('2')], { label: '' });
  t.strictSame(await world.look(), SOON);
  t.strictSame(await world.look(), DONE);
  t.strictSame(words(world), ['release', 'roll']);
});
