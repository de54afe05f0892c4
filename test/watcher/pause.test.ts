/** Reloader's pause period: a rollout pauses the Deployment for a while, and whoever else pauses it is left alone. */
import t from 'tap';
import { asObject, type JsonObject } from '../../core/json.ts';
import { MIN_INTERVAL, RELOADER } from '../../core/names.ts';
import { stampedFor } from '../core/decision-run.ts';
import { APP, app, of } from '../core/decision-worlds.ts';
import { annotated, specced, type World, worldOf } from './look.ts';
import { carrying, deployment, objectOf } from './objects.ts';

const DONE = { result: 'done' };
const BEFORE = stampedFor(of(APP, app('1')));
const PERIOD = { [RELOADER.pausePeriod]: '5m' };
const PAUSED_AT = RELOADER.pausedAt;
const MINUTE = 60_000;

/** A Deployment with a pause period whose pods have `app` at 1; it is at 2 now, unless told otherwise. */
function waiting(object: JsonObject = deployment({ annotations: PERIOD }), source = app('2')): World {
  return worldOf(carrying(object, BEFORE), [source]);
}

const stampOf = (value: string): string | undefined => stampedFor(of(APP, app(value))).stamp;
const isPaused = (world: World): unknown => asObject(world.stored().spec).paused;
const pausedAt = (world: World): unknown => asObject(asObject(world.stored().metadata).annotations)[PAUSED_AT];
const words = (world: World): readonly string[] =>
  world.told.map(({ decision, rollout }) => [decision.outcome, rollout?.waiting].filter(Boolean).join(' '));

t.test('a rollout stamps and pauses in one write, and is told as waiting', async (t) => {
  const world = waiting();
  t.strictSame(await world.look(), DONE);
  t.equal(world.store.writes.length, 1);
  t.equal(isPaused(world), true);
  t.equal(pausedAt(world), '2030-01-01T00:00:00Z');
  t.equal(world.ours().stamp, stampOf('2'));
  t.strictSame(words(world), ['roll pause-period']);
});

t.test('a period on the pod template counts, and one without a rollout does nothing', async (t) => {
  const world = waiting(deployment({ templateAnnotations: PERIOD }));
  await world.look();
  t.equal(isPaused(world), true);
  const calm = waiting(undefined, app('1'));
  t.strictSame(await calm.look(), DONE);
  t.strictSame(calm.store.writes, []);
});

t.test('until the period is over it is looked at then, and not resumed before', async (t) => {
  const world = waiting();
  await world.look();
  t.strictSame(world.watch(), ['Deployment shop/web'], 'its own pause has it looked at');
  t.strictSame(await world.look(), { result: 'later', inMs: 5 * MINUTE });
  await world.clock.advance(2 * MINUTE);
  t.strictSame(await world.look(), { result: 'later', inMs: 3 * MINUTE });
  t.equal(world.store.writes.length, 1);
});

t.test('a change during the pause is stamped, still paused, and the pause gets no longer', async (t) => {
  const world = waiting();
  await world.look();
  world.watch();
  await world.clock.advance(2 * MINUTE);
  world.store.put(app('3'));
  t.strictSame(await world.look(), { result: 'later', inMs: 3 * MINUTE });
  t.equal(world.ours().stamp, stampOf('3'));
  t.equal(isPaused(world), true);
  t.equal(pausedAt(world), '2030-01-01T00:00:00Z');
  t.strictSame(words(world), ['roll pause-period', 'roll pause-period']);
});

t.test('when the period is over it is resumed once, without a rollout of its own', async (t) => {
  const world = waiting();
  await world.look();
  world.watch();
  await world.clock.advance(5 * MINUTE);
  t.strictSame(await world.look(), { result: 'later', inMs: 0 }, 'and its configuration is looked at once more');
  t.equal(isPaused(world), false);
  t.equal(pausedAt(world), undefined);
  t.equal(world.ours().stamp, stampOf('2'));
  t.strictSame(words(world), ['roll pause-period', 'resume']);
  world.watch();
  t.strictSame(await world.look(), DONE);
  t.equal(world.store.writes.length, 2);
});

t.test('a watcher that starts anew finds the pause, waits for the rest of it, and ends it', async (t) => {
  const paused = specced(deployment({ annotations: { ...PERIOD, [PAUSED_AT]: '2029-12-31T23:58:00Z' } }), {
    paused: true,
  });
  const world = waiting(paused, app('1'));
  t.strictSame(await world.look(), { result: 'later', inMs: 3 * MINUTE });
  await world.clock.advance(3 * MINUTE);
  await world.look();
  t.equal(isPaused(world), false);
});

t.test('a pause of restamp is ended in a namespace that is not opted in any more', async (t) => {
  const paused = specced(deployment({ annotations: { ...PERIOD, [PAUSED_AT]: '2029-12-31T23:00:00Z' } }), {
    paused: true,
  });
  const world = worldOf(paused, [app('2')], { label: '' });
  await world.look();
  t.equal(isPaused(world), false);
  t.strictSame(words(world), ['resume']);
});

for (const [what, annotations] of [
  ['a time that cannot be read', { ...PERIOD, [PAUSED_AT]: 'yesterday' }],
  ['a period that was taken away', { [PAUSED_AT]: '2030-01-01T00:00:00Z' }],
] as const) {
  t.test(`${what} keeps nothing paused`, async (t) => {
    const world = waiting(specced(deployment({ annotations }), { paused: true }), app('1'));
    await world.look();
    t.equal(isPaused(world), false);
  });
}

t.test('one that a person paused is stamped, and stays paused for ever', async (t) => {
  const world = waiting(specced(deployment({ annotations: PERIOD }), { paused: true }));
  t.strictSame(await world.look(), DONE);
  t.strictSame(words(world), ['roll paused']);
  t.equal(pausedAt(world), undefined);
  await world.clock.advance(60 * MINUTE);
  world.watch();
  t.strictSame(await world.look(), DONE);
  t.equal(isPaused(world), true);
});

t.test('one that a person resumed during the pause is not paused or resumed again for that change', async (t) => {
  const world = waiting();
  await world.look();
  world.store.put(specced(world.stored(), { paused: false }));
  world.watch();
  await world.clock.advance(10 * MINUTE);
  t.strictSame(await world.look(), { result: 'later', inMs: 0 });
  t.equal(pausedAt(world), undefined, 'the mark of the pause goes');
  world.watch();
  t.strictSame(await world.look(), DONE);
  t.equal(world.store.writes.length, 2);
  t.equal(isPaused(world), false);
});

t.test('one that a person resumed during the pause and pauses later stays paused for ever', async (t) => {
  const world = waiting();
  await world.look();
  world.store.put(specced(world.stored(), { paused: false }));
  world.watch();
  await world.look();
  world.store.put(specced(world.stored(), { paused: true }));
  world.watch();
  await world.clock.advance(60 * MINUTE);
  await world.look();
  t.equal(isPaused(world), true);
});

t.test('a Deployment that changes while it is being resumed is looked at again', async (t) => {
  const world = waiting();
  await world.look();
  world.watch();
  await world.clock.advance(5 * MINUTE);
  world.store.before = ({ method }) => {
    if (method === 'PATCH') world.store.put(annotated(world.stored(), { note: 'changed' }));
  };
  t.strictSame(await world.look(), { result: 'again', cause: 'the workload changed meanwhile' });
  t.equal(isPaused(world), true);
  world.store.before = () => {};
  await world.look();
  t.equal(isPaused(world), false);
});

t.test('what waits for longer than the pause does not keep it paused', async (t) => {
  const world = waiting(deployment({ annotations: { ...PERIOD, [MIN_INTERVAL]: '1h' } }));
  await world.look();
  world.watch();
  await world.clock.advance(MINUTE);
  world.store.put(app('3'));
  t.strictSame(await world.look(), { result: 'later', inMs: 4 * MINUTE });
  await world.clock.advance(4 * MINUTE);
  await world.look();
  t.equal(isPaused(world), false);
});

t.test('a period on anything but a Deployment pauses nothing', async (t) => {
  const world = waiting(objectOf('apps/v1', 'StatefulSet', { annotations: PERIOD }));
  await world.look();
  t.equal(isPaused(world), undefined);
  t.equal(pausedAt(world), undefined);
});
