/** When readiness says that a watch is down, and when it does not. */
import t from 'tap';
import type { ReflectorState } from '../../kube/reflector.ts';
import { WatchHealth } from '../../kube/watch-health.ts';
import { EPOCH, FakeClock } from './fake-clock.ts';

const SECRETS = { resource: 'secrets', path: '/api/v1/secrets' };
const CONFIG_MAPS = { resource: 'configmaps', path: '/api/v1/configmaps' };

/** How long a watch may be down, and how long one has to last that was not heard. */
const DOWN_MS = 60_000;
const STEADY_MS = 10_000;

function setUp() {
  const clock = new FakeClock();
  const health = new WatchHealth(clock);
  const enter = (...states: readonly ReflectorState[]): void => {
    for (const state of states) health.state({ ...SECRETS, state });
  };
  return { clock, health, enter };
}

t.test('without a watch nothing is down', (t) => {
  t.equal(setUp().health.fault(), undefined);
  t.end();
});

t.test('a watch that is up for hours without a word is up: the reflector ends it if it is too quiet', async (t) => {
  const { clock, health, enter } = setUp();
  enter('listing', 'watching');
  await clock.advance(86_400_000);
  t.equal(health.fault(), undefined);
});

for (const state of ['listing', 'opening', 'waiting'] as const) {
  t.test(`a watch that is ${state} for longer than a minute is down, and how long is told`, async (t) => {
    const { clock, health, enter } = setUp();
    enter('listing', 'watching');
    await clock.advance(3_600_000);
    enter(state);
    await clock.advance(DOWN_MS);
    t.equal(health.fault(), undefined);
    await clock.advance(1);
    t.equal(health.fault(), `no watch of /api/v1/secrets for 60 s (${state})`);
  });
}

t.test('attempts that fail do not count as being up', async (t) => {
  const { clock, health, enter } = setUp();
  enter('listing', 'watching');
  await clock.advance(STEADY_MS);
  for (let n = 0; n < 7; n += 1) {
    enter('waiting', 'opening');
    await clock.advance(10_000);
  }
  t.match(health.fault(), 'for 70 s');
});

t.test('a watch that is opened and cut off without a word, again and again, is down', async (t) => {
  const { clock, health, enter } = setUp();
  enter('listing', 'watching');
  health.heard(SECRETS);
  await clock.advance(STEADY_MS);
  for (let n = 0; n < 7; n += 1) {
    enter('waiting', 'opening', 'watching');
    await clock.advance(STEADY_MS - 1);
  }
  t.match(health.fault(), 'for 70 s');
});

t.test('a watch that is cut off again and again, and brings something each time, is up', async (t) => {
  const { clock, health, enter } = setUp();
  for (let n = 0; n < 70; n += 1) {
    enter('opening', 'watching');
    health.heard(SECRETS);
    await clock.advance(1_000);
  }
  t.equal(health.fault(), undefined);
});

t.test('a list that breaks off again and again is down', async (t) => {
  const { clock, health, enter } = setUp();
  for (let n = 0; n < 7; n += 1) {
    enter('listing');
    await clock.advance(10_000);
    enter('waiting');
  }
  t.match(health.fault(), 'for 70 s');
});

for (const [what, ms, hears] of [
  ['when it is heard', 0, true],
  ['when it has lasted for ten seconds', STEADY_MS, false],
] as const) {
  t.test(`a watch that was down is up again ${what}`, async (t) => {
    const { clock, health, enter } = setUp();
    enter('listing', 'waiting');
    await clock.advance(2 * DOWN_MS);
    enter('opening', 'watching');
    t.match(health.fault(), 'for 120 s');
    if (hears) health.heard(SECRETS);
    await clock.advance(ms);
    t.equal(health.fault(), undefined);
  });
}

t.test('of several that are down the longest is named, and the others are counted', async (t) => {
  const { clock, health, enter } = setUp();
  enter('waiting');
  await clock.advance(5_000);
  health.state({ ...CONFIG_MAPS, state: 'listing' });
  health.state({ resource: 'jobs', path: '/apis/batch/v1/jobs', state: 'watching' });
  await clock.advance(DOWN_MS + 1);
  t.equal(health.fault(), 'no watch of /api/v1/secrets for 65 s (waiting), and 1 more');
});

t.test('a watch that was stopped is no fault: its kind is not served any more', async (t) => {
  const { clock, health, enter } = setUp();
  enter('waiting', 'stopped');
  health.heard(SECRETS);
  await clock.advance(2 * DOWN_MS);
  t.equal(health.fault(), undefined);
  t.equal(health.count('secrets', 'waiting'), 0);
});

t.test('a clock that jumps makes no watch go down', (t) => {
  const { clock, health, enter } = setUp();
  enter('waiting');
  clock.jump(86_400_000);
  t.equal(health.fault(), undefined);
  t.end();
});

t.test('watches are counted by resource and state, one for each namespace', (t) => {
  const { health, enter } = setUp();
  enter('watching');
  health.state({ resource: 'secrets', path: '/api/v1/namespaces/shop/secrets', state: 'listing' });
  health.state({ resource: 'secrets', path: '/api/v1/namespaces/bank/secrets', state: 'watching' });
  t.equal(health.count('secrets', 'watching'), 2);
  t.equal(health.count('secrets', 'listing'), 1);
  t.equal(health.count('configmaps', 'watching'), 0);
  t.end();
});

t.test('of several watches of a resource the one that was heard least lately says when', async (t) => {
  const { clock, health, enter } = setUp();
  enter('watching');
  t.equal(health.lastSeenAt('secrets'), undefined);
  health.heard(SECRETS);
  await clock.advance(1_000);
  const other = { resource: 'secrets', path: '/api/v1/namespaces/shop/secrets' };
  health.state({ ...other, state: 'watching' });
  health.heard(other);
  t.equal(health.lastSeenAt('secrets')?.getTime(), EPOCH);
});
