/** Waits until a name of the queue is due and has it worked on, several at a time. */
import { backoffMs } from '../kube/backoff.ts';
import type { Clock } from '../kube/clock.ts';
import type { Queue } from './queue.ts';

/** What a piece of work came to: finished, to be looked at again because of trouble, or when a time has come. */
export type WorkResult =
  | { readonly result: 'done' }
  | { readonly result: 'again'; readonly cause: string }
  | { readonly result: 'later'; readonly inMs: number };

export interface WorkersOptions {
  readonly queue: Queue;
  readonly concurrency: number;
  readonly work: (name: string) => Promise<WorkResult>;
  readonly clock: Clock;
  /** Called when work on a name has to be repeated, with the number of failures in a row. */
  readonly onRetry: (facts: { name: string; cause: string; attempt: number; retryInMs: number }) => void;
}

/** A retry for a workload comes within 5 minutes however long the trouble lasts: retried for ever, never a burden. */
const RETRY = { baseMs: 500, capMs: 300_000 };

/** With nothing due the workers look again after this, should a wake-up have been missed. */
const IDLE_MS = 1_000;

export class Workers {
  readonly #options: WorkersOptions;
  readonly #failures = new Map<string, number>();
  #wake: () => void = () => {};

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /** To be called after something was put into the queue. */
  wake(): void {
    this.#wake();
  }

  /** The name is gone for good: it is not worked on any more, and nothing is kept of it. */
  forget(name: string): void {
    this.#options.queue.forget(name);
    this.#failures.delete(name);
  }

  /** Works until the signal aborts; resolves when what is under way is finished. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const underWay = new Set<Promise<void>>();
    while (!signal.aborted) {
      const { queue, clock, concurrency } = this.#options;
      const full = underWay.size >= concurrency;
      const name = full ? undefined : queue.take(clock.monotonic());
      if (name === undefined) {
        await this.#idle(full, signal);
        continue;
      }
      const work = this.#workOn(name).finally(() => {
        underWay.delete(work);
        this.#wake();
      });
      underWay.add(work);
    }
    await Promise.all(underWay);
  }

  async #workOn(name: string): Promise<void> {
    const { queue, clock, work, onRetry } = this.#options;
    const outcome = await work(name);
    queue.done(name);
    if (outcome.result !== 'again') this.#failures.delete(name);
    if (outcome.result === 'done') return;
    if (outcome.result === 'later') return queue.after(name, outcome.inMs, clock.monotonic());
    const attempt = this.#failures.get(name) ?? 0;
    this.#failures.set(name, attempt + 1);
    const retryInMs = backoffMs(attempt, clock.random(), RETRY);
    onRetry({ name, cause: outcome.cause, attempt, retryInMs });
    queue.after(name, retryInMs, clock.monotonic());
  }

  /** With all hands busy nothing can be taken, however long it is due: the end of a piece of work is what wakes. */
  async #idle(full: boolean, signal: AbortSignal): Promise<void> {
    const { queue, clock } = this.#options;
    const due = full ? undefined : queue.nextDue();
    const waitMs = due === undefined ? IDLE_MS : Math.min(IDLE_MS, Math.max(0, due - clock.monotonic()));
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await clock.sleep(waitMs, AbortSignal.any([signal, woken.signal]));
  }
}
