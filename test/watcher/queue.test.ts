import fc from 'fast-check';
import t from 'tap';
import { Queue } from '../../watcher/queue.ts';

const SETTLE_MS = 1_000;
const LIMIT_MS = 10_000;

function newQueue(): Queue {
  return new Queue({ settleMs: SETTLE_MS, settleLimitMs: LIMIT_MS });
}

t.test('a change is due after the quiet time and not before', (t) => {
  const queue = newQueue();
  queue.settle('a', 0);
  t.equal(queue.take(SETTLE_MS - 1), undefined);
  t.equal(queue.take(SETTLE_MS), 'a');
  t.end();
});

t.test('a change that follows begins the quiet time anew', (t) => {
  const queue = newQueue();
  queue.settle('a', 0);
  queue.settle('a', 900);
  t.equal(queue.take(1_899), undefined);
  t.equal(queue.take(1_900), 'a');
  t.end();
});

t.test('changes without an end put a name off only up to the limit, counted from the first', (t) => {
  const queue = newQueue();
  for (let now = 100; now <= LIMIT_MS; now += 500) queue.settle('a', now);
  t.equal(queue.take(LIMIT_MS + 99), undefined);
  t.equal(queue.take(LIMIT_MS + 100), 'a');
  t.end();
});

t.test('many changes of a name are one entry and are handed out once', (t) => {
  const queue = newQueue();
  for (let n = 0; n < 100; n += 1) queue.settle('a', 0);
  t.equal(queue.size, 1);
  t.equal(queue.take(SETTLE_MS), 'a');
  queue.done('a');
  t.equal(queue.take(LIMIT_MS), undefined);
  t.end();
});

t.test('a name that is worked on is not handed out again, however long it is due', (t) => {
  const queue = newQueue();
  queue.after('a', 0, 0);
  t.equal(queue.take(0), 'a');
  queue.settle('a', 0);
  queue.after('a', 0, 0);
  t.equal(queue.take(60_000), undefined);
  t.equal(queue.nextDue(), undefined);
  t.end();
});

t.test('what is added while a name is worked on is offered once more afterwards', (t) => {
  const queue = newQueue();
  queue.after('a', 0, 0);
  queue.take(0);
  queue.settle('a', 0);
  queue.settle('a', 10);
  queue.done('a');
  t.equal(queue.take(1_010), 'a');
  queue.done('a');
  t.equal(queue.take(60_000), undefined);
  t.end();
});

t.test('the limit of a round counts from its own first change, not from those that were worked on', (t) => {
  const queue = newQueue();
  queue.settle('a', 0);
  t.equal(queue.take(SETTLE_MS), 'a');
  queue.settle('a', 9_900);
  queue.done('a');
  t.equal(queue.take(10_000), undefined, 'not the limit of the first round');
  t.equal(queue.take(10_900), 'a');
  t.end();
});

t.test('a delay makes a name due no later than it is already', (t) => {
  const queue = newQueue();
  queue.settle('a', 0);
  queue.after('a', 60_000, 0);
  t.equal(queue.take(SETTLE_MS), 'a');
  t.end();
});

t.test('a shorter delay makes a name due earlier', (t) => {
  const queue = newQueue();
  queue.after('a', 60_000, 0);
  queue.after('a', 500, 0);
  t.equal(queue.take(500), 'a');
  t.end();
});

t.test('a change during a long delay is due once it has settled', (t) => {
  const queue = newQueue();
  queue.after('a', 300_000, 0);
  queue.settle('a', 10);
  t.equal(queue.take(1_009), undefined);
  t.equal(queue.take(1_010), 'a');
  t.end();
});

t.test('the limit counts from the first change, not from a delay that began before it', (t) => {
  const queue = newQueue();
  queue.after('a', 300_000, 0);
  queue.settle('a', 9_500);
  t.equal(queue.take(10_499), undefined);
  t.equal(queue.take(10_500), 'a');
  t.end();
});

t.test('of several that are due, the one that is due longest comes first', (t) => {
  const queue = newQueue();
  queue.after('c', 30, 0);
  queue.after('a', 10, 0);
  queue.after('b', 20, 0);
  t.strictSame([queue.take(50), queue.take(50), queue.take(50), queue.take(50)], ['a', 'b', 'c', undefined]);
  t.end();
});

t.test('one name that is due is not held up by another that is worked on or not due', (t) => {
  const queue = newQueue();
  queue.after('slow', 0, 0);
  queue.take(0);
  queue.after('slow', 0, 0);
  queue.after('later', 100_000, 0);
  queue.after('a', 5, 0);
  t.equal(queue.nextDue(), 5);
  t.equal(queue.take(5), 'a');
  t.end();
});

t.test('the next time is that of the earliest name, and there is none for an empty queue', (t) => {
  const queue = newQueue();
  t.equal(queue.nextDue(), undefined);
  queue.after('b', 20, 0);
  queue.after('a', 10, 0);
  t.equal(queue.nextDue(), 10);
  t.end();
});

t.test('a name that is forgotten is not handed out', (t) => {
  const queue = newQueue();
  queue.settle('a', 0);
  queue.forget('a');
  t.equal(queue.size, 0);
  t.equal(queue.take(60_000), undefined);
  t.end();
});

t.test('a name that is forgotten and comes back begins a round of its own', (t) => {
  const queue = newQueue();
  queue.settle('a', 0);
  queue.forget('a');
  queue.settle('a', 9_500);
  t.equal(queue.take(10_000), undefined);
  t.equal(queue.take(10_500), 'a');
  t.end();
});

type Command =
  | { readonly does: 'settle' | 'forget'; readonly name: string }
  | { readonly does: 'after'; readonly name: string; readonly delayMs: number }
  | { readonly does: 'take' | 'done' }
  | { readonly does: 'wait'; readonly ms: number };

const name = fc.constantFrom('a', 'b', 'c');
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ does: fc.constant('settle' as const), name }),
  fc.record({ does: fc.constant('after' as const), name, delayMs: fc.nat(20_000) }),
  fc.record({ does: fc.constantFrom('take' as const, 'done' as const) }),
  fc.record({ does: fc.constant('wait' as const), ms: fc.nat(4_000) }),
  { weight: 1, arbitrary: fc.record({ does: fc.constant('forget' as const), name }) },
);

/** Runs commands as workers would, and checks what is handed out against what was asked for. */
class Model {
  readonly queue = newQueue();
  readonly held: string[] = [];
  readonly wanted = new Set<string>();
  /** When the first change came that is not handed out yet. */
  readonly since = new Map<string, number>();
  now = 0;
  fault: string | undefined;

  run(command: Command): void {
    switch (command.does) {
      case 'settle':
        this.queue.settle(command.name, this.now);
        this.wanted.add(command.name);
        if (!this.since.has(command.name)) this.since.set(command.name, this.now);
        break;
      case 'after':
        this.queue.after(command.name, command.delayMs, this.now);
        this.wanted.add(command.name);
        break;
      case 'forget':
        this.queue.forget(command.name);
        this.wanted.delete(command.name);
        this.since.delete(command.name);
        break;
      case 'take':
        this.take();
        break;
      case 'done':
        this.done();
        break;
      case 'wait':
        this.now += command.ms;
    }
  }

  take(): string | undefined {
    const name = this.queue.take(this.now);
    if (name === undefined) {
      this.checkLimit();
      return undefined;
    }
    if (this.held.includes(name)) this.fault = `${name} was handed out twice`;
    if (!this.wanted.has(name)) this.fault = `${name} was handed out, and nobody had asked for it`;
    this.held.push(name);
    this.wanted.delete(name);
    this.since.delete(name);
    return name;
  }

  done(): void {
    const name = this.held.shift();
    if (name !== undefined) this.queue.done(name);
  }

  checkLimit(): void {
    for (const [name, since] of this.since) {
      if (!this.held.includes(name) && this.now >= since + LIMIT_MS) this.fault = `${name} was put off for too long`;
    }
  }

  /** Lets all that is held be done and all that is due come: what is left then was lost. */
  drain(): void {
    this.now += 60_000;
    while (this.held.length > 0) this.done();
    while (this.take() !== undefined) this.done();
    if (this.wanted.size > 0) this.fault = `${[...this.wanted]} got lost`;
    if (this.queue.size > 0) this.fault = 'something is left';
  }
}

t.test('nothing is handed out twice at once, put off beyond the limit, lost, or made up', (t) => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const model = new Model();
      for (const each of commands) model.run(each);
      model.drain();
      if (model.fault !== undefined) throw new Error(model.fault);
    }),
    { numRuns: 1_000 },
  );
  t.end();
});

t.test('a name can ask for a quiet time of its own', (t) => {
  const queue = newQueue();
  queue.settle('patient', 0, 5_000);
  queue.settle('hasty', 0, 0);
  queue.settle('usual', 0);
  t.equal(queue.take(0), 'hasty');
  t.equal(queue.take(SETTLE_MS), 'usual');
  t.equal(queue.take(4_999), undefined);
  t.equal(queue.take(5_000), 'patient');
  t.end();
});

t.test('a quiet time that is longer than the limit is the limit, and no change puts it off beyond', (t) => {
  const queue = newQueue();
  queue.settle('a', 0, 30_000);
  t.equal(queue.take(29_999), undefined);
  queue.settle('a', 20_000, 30_000);
  t.equal(queue.take(29_999), undefined);
  t.equal(queue.take(30_000), 'a');
  t.end();
});

t.test('the quiet time of one name is not that of its next round', (t) => {
  const queue = newQueue();
  queue.settle('a', 0, 5_000);
  t.equal(queue.take(5_000), 'a');
  queue.done('a');
  queue.settle('a', 6_000);
  t.equal(queue.take(7_000), 'a');
  t.end();
});
