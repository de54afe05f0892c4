import t, { type Test } from 'tap';
import { Queue } from '../../watcher/queue.ts';
import { Workers, type WorkersOptions, type WorkResult } from '../../watcher/workers.ts';
import { FakeClock, settled } from '../kube/fake-clock.ts';

const DONE: WorkResult = { result: 'done' };
const AGAIN: WorkResult = { result: 'again', cause: 'trouble' };

interface Bench {
  readonly queue: Queue;
  readonly clock: FakeClock;
  readonly workers: Workers;
  /** What was worked on: name and time, in the order in which it began. */
  readonly begun: { name: string; at: number }[];
  readonly retries: Parameters<WorkersOptions['onRetry']>[0][];
  readonly stop: () => Promise<void>;
}

/** Workers at work until the test ends. */
function atWork(t: Test, work: WorkersOptions['work'], concurrency = 2): Bench {
  const clock = new FakeClock(1);
  const queue = new Queue({ settleMs: 1_000, settleLimitMs: 10_000 });
  const begun: Bench['begun'] = [];
  const retries: Bench['retries'] = [];
  const workers = new Workers({
    queue,
    clock,
    concurrency,
    work: (name) => {
      begun.push({ name, at: clock.monotonic() });
      return work(name);
    },
    onRetry: (facts) => retries.push(facts),
  });
  const controller = new AbortController();
  const running = workers.run(controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  t.teardown(() => controller.abort());
  return { queue, clock, workers, begun, retries, stop };
}

/** Work that ends when the test says so. */
function held(): { work: WorkersOptions['work']; end: (name: string) => void; ended: string[] } {
  const under = new Map<string, () => void>();
  const ended: string[] = [];
  return {
    ended,
    end: (name) => under.get(name)?.(),
    work: async (name) => {
      await new Promise<void>((resolve) => under.set(name, resolve));
      ended.push(name);
      return DONE;
    },
  };
}

const names = (begun: Bench['begun']): readonly string[] => begun.map(({ name }) => name);

t.test('a name is worked on when it is due', async (t) => {
  const { queue, clock, workers, begun } = atWork(t, async () => DONE);
  await settled();
  queue.settle('a', clock.monotonic());
  workers.wake();
  await clock.advance(999);
  t.strictSame(begun, []);
  await clock.advance(1);
  t.strictSame(begun, [{ name: 'a', at: 1_000 }]);
  await clock.advance(60_000);
  t.equal(begun.length, 1, 'and once');
});

t.test('a wake-up that was missed costs a second at most', async (t) => {
  const { queue, clock, begun } = atWork(t, async () => DONE);
  await settled();
  queue.after('a', 0, clock.monotonic());
  await clock.advance(1_000);
  t.strictSame(names(begun), ['a']);
});

t.test('no more than so many are worked on at once, and the next begins when one ends', async (t) => {
  const { work, end } = held();
  const { queue, clock, workers, begun } = atWork(t, work);
  for (const name of ['a', 'b', 'c', 'd']) queue.after(name, 0, 0);
  workers.wake();
  await clock.advance(60_000);
  t.strictSame(names(begun), ['a', 'b']);
  end('b');
  await settled();
  t.strictSame(names(begun), ['a', 'b', 'c']);
});

t.test('while all hands are busy the rest is waited for in peace', async (t) => {
  const { work } = held();
  const { queue, clock, workers } = atWork(t, work);
  for (const name of ['a', 'b', 'c', 'd']) queue.after(name, 0, 0);
  workers.wake();
  await settled();
  const before = clock.naps;
  await clock.advance(10_000);
  t.ok(clock.naps - before <= 11, `${clock.naps - before} times in ten seconds`);
});

t.test('a name is not worked on twice at once', async (t) => {
  const { work, end } = held();
  const { queue, clock, workers, begun } = atWork(t, work);
  queue.after('a', 0, 0);
  workers.wake();
  await settled();
  queue.settle('a', 0);
  workers.wake();
  await clock.advance(5_000);
  t.strictSame(names(begun), ['a']);
  end('a');
  await settled();
  t.strictSame(names(begun), ['a', 'a']);
});

t.test('a failure is tried again later and later, up to five minutes, for ever', async (t) => {
  const { queue, clock, workers, begun, retries } = atWork(t, async () => AGAIN);
  queue.after('a', 0, 0);
  workers.wake();
  await clock.advance(3_600_000);
  t.strictSame(
    retries.slice(0, 12).map(({ retryInMs }) => retryInMs),
    [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000],
  );
  t.strictSame(retries[1], { name: 'a', cause: 'trouble', attempt: 1, retryInMs: 1_000 });
  t.strictSame(
    begun.slice(0, 4).map(({ at }) => at),
    [0, 500, 1_500, 3_500],
  );
  t.ok(begun.length > 19, 'and it goes on');
});

t.test('a failure delays nobody else', async (t) => {
  const { queue, clock, workers, begun } = atWork(t, async (name) => (name === 'bad' ? AGAIN : DONE), 1);
  queue.after('bad', 0, 0);
  queue.after('good', 0, 0);
  workers.wake();
  await settled();
  t.strictSame(names(begun), ['bad', 'good']);
  await clock.advance(100);
  queue.after('good', 0, clock.monotonic());
  workers.wake();
  await settled();
  t.strictSame(begun.at(-1), { name: 'good', at: 100 });
});

t.test('a new change during a long wait is worked on once it has settled', async (t) => {
  const { queue, clock, workers, begun } = atWork(t, async () => AGAIN);
  queue.after('a', 0, 0);
  workers.wake();
  await clock.advance(600_000);
  const tries = begun.length;
  await clock.advance(5_000);
  t.equal(begun.length, tries, 'it waits for long by now');
  queue.settle('a', clock.monotonic());
  workers.wake();
  await clock.advance(999);
  t.equal(begun.length, tries);
  await clock.advance(1);
  t.equal(begun.length, tries + 1);
});

t.test('after a success a failure is tried again soon', async (t) => {
  const results = [AGAIN, AGAIN, DONE, AGAIN];
  const { queue, clock, workers, retries } = atWork(t, async () => results.shift() ?? DONE);
  queue.after('a', 0, 0);
  workers.wake();
  await clock.advance(10_000);
  queue.after('a', 0, clock.monotonic());
  workers.wake();
  await clock.advance(10_000);
  t.strictSame(
    retries.map(({ retryInMs }) => retryInMs),
    [500, 1_000, 500],
  );
});

t.test('a name that is forgotten is not tried again, and its failures do not count when it comes back', async (t) => {
  const { queue, clock, workers, begun, retries } = atWork(t, async () => AGAIN);
  queue.after('a', 0, 0);
  workers.wake();
  await clock.advance(20_000);
  workers.forget('a');
  const tries = begun.length;
  await clock.advance(600_000);
  t.equal(begun.length, tries);
  queue.after('a', 0, clock.monotonic());
  workers.wake();
  await settled();
  t.match(retries.at(-1), { attempt: 0, retryInMs: 500 });
});

t.test('to stop is to begin nothing more and to finish what is under way', async (t) => {
  const { work, end, ended } = held();
  const { queue, workers, begun, stop } = atWork(t, work);
  for (const name of ['a', 'b', 'c']) queue.after(name, 0, 0);
  workers.wake();
  await settled();
  let stopped = false;
  const stopping = stop().then(() => {
    stopped = true;
  });
  await settled();
  t.notOk(stopped, 'two are under way');
  end('a');
  await settled();
  t.notOk(stopped, 'one is under way');
  end('b');
  await stopping;
  t.strictSame(ended, ['a', 'b']);
  t.strictSame(names(begun), ['a', 'b']);
});

t.test('to stop with nothing under way takes no time and leaves nobody asleep', async (t) => {
  const { clock, stop } = atWork(t, async () => DONE);
  await settled();
  await stop();
  t.strictSame(clock.sleeping, []);
});

t.test('what is to be looked at later is, when its time has come, and that is no failure', async (t) => {
  const results: WorkResult[] = [{ result: 'later', inMs: 60_000 }, { result: 'later', inMs: 0 }, DONE];
  const { queue, clock, workers, begun, retries } = atWork(t, async () => results.shift() ?? DONE);
  queue.after('a', 0, 0);
  workers.wake();
  await clock.advance(59_999);
  t.equal(begun.length, 1);
  await clock.advance(600_000);
  t.strictSame(
    begun.map(({ at }) => at),
    [0, 60_000, 60_000],
  );
  t.strictSame(retries, []);
});

t.test('a change while something waits for its time is worked on once it has settled', async (t) => {
  const { queue, clock, workers, begun } = atWork(t, async () => ({ result: 'later', inMs: 600_000 }));
  queue.after('a', 0, 0);
  workers.wake();
  await clock.advance(5_000);
  queue.settle('a', clock.monotonic());
  workers.wake();
  await clock.advance(1_000);
  t.strictSame(
    begun.map(({ at }) => at),
    [0, 6_000],
  );
  await clock.advance(600_000);
  t.equal(begun.at(-1)?.at, 606_000, 'and its time counts from then');
});

t.test('a change while a name is worked on is not put off by what the work waits for', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const results: WorkResult[] = [{ result: 'later', inMs: 600_000 }];
  const { queue, clock, workers, begun } = atWork(t, async () => {
    await promise;
    return results.shift() ?? DONE;
  });
  queue.after('a', 0, 0);
  workers.wake();
  await settled();
  queue.settle('a', 0);
  resolve();
  await clock.advance(1_000);
  t.equal(begun.length, 2);
});

t.test('to be looked at later ends a row of failures', async (t) => {
  const results: WorkResult[] = [AGAIN, AGAIN, { result: 'later', inMs: 1_000 }, AGAIN];
  const { queue, clock, workers, retries } = atWork(t, async () => results.shift() ?? DONE);
  queue.after('a', 0, 0);
  workers.wake();
  await clock.advance(60_000);
  t.strictSame(
    retries.map(({ retryInMs }) => retryInMs),
    [500, 1_000, 500],
  );
});
