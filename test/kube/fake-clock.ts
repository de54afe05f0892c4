/** A clock that stands still until a test moves it. Chance is a number that the test chooses. */
import type { Clock } from '../../kube/clock.ts';

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

export const EPOCH = Date.parse('2030-01-01T00:00:00Z');

/** Lets every promise settle that can without time passing. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

export class FakeClock implements Clock {
  /** What `random` answers. */
  chance: number;
  readonly #sleepers = new Set<Sleeper>();
  #elapsed = 0;
  #offset = 0;
  #naps = 0;

  constructor(chance = 0.5) {
    this.chance = chance;
  }

  readonly monotonic = (): number => this.#elapsed;
  readonly now = (): Date => new Date(EPOCH + this.#elapsed + this.#offset);
  readonly random = (): number => this.chance;

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    this.#naps += 1;
    if (signal?.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleeper = { due: this.#elapsed + ms, wake: resolve };
    this.#sleepers.add(sleeper);
    signal?.addEventListener('abort', () => this.#wake(sleeper), { once: true });
    return promise;
  };

  /** How often anybody has gone to sleep: a loop that does nothing but turn shows here. */
  get naps(): number {
    return this.#naps;
  }

  /** How long each that sleeps now has still to sleep, the shortest first. */
  get sleeping(): readonly number[] {
    return [...this.#sleepers].map(({ due }) => due - this.#elapsed).sort((a, b) => a - b);
  }

  /** Sets the time of day forward or back, as somebody who corrects a clock does. No time passes. */
  jump(ms: number): void {
    this.#offset += ms;
  }

  /** Moves time on, and wakes each sleeper when its time has come. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settled();
    for (let next = this.#nextBy(end); next !== undefined; next = this.#nextBy(end)) {
      this.#elapsed = Math.max(this.#elapsed, next.due);
      this.#wake(next);
      await settled();
    }
    this.#elapsed = end;
  }

  #nextBy(end: number): Sleeper | undefined {
    const due = [...this.#sleepers].filter((sleeper) => sleeper.due <= end);
    return due.sort((a, b) => a.due - b.due)[0];
  }

  #wake(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
    sleeper.wake();
  }
}
