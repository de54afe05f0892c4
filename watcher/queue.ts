/**
 * A queue of names that are due some time. Pure: the time is an argument (milliseconds, monotonic), waiting is the
 * workers' business. Guarantees: a name is in the queue once; while it is worked on it is not handed out again, and
 * what is added meanwhile is offered once more afterwards; changes put a name off only up to a limit.
 */

export interface QueueOptions {
  /** Quiet time after a change before a name is due. */
  readonly settleMs: number;
  /** The longest that changes may put a name off, counted from the first. */
  readonly settleLimitMs: number;
}

interface Entry {
  /** When the first change of this round came, if any did: the settle limit counts from here. */
  readonly since: number | undefined;
  readonly due: number;
}

export class Queue {
  readonly #options: QueueOptions;
  readonly #waiting = new Map<string, Entry>();
  readonly #working = new Set<string>();

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Names waiting, those being worked on left out. */
  get size(): number {
    return this.#waiting.size;
  }

  /** A change was seen: due once things have been quiet, for as long as the name asks or else everybody. */
  settle(name: string, now: number, settleMs = this.#options.settleMs): void {
    const since = this.#waiting.get(name)?.since ?? now;
    const limitMs = Math.max(settleMs, this.#options.settleLimitMs);
    this.#waiting.set(name, { since, due: Math.min(now + settleMs, since + limitMs) });
  }

  /** Due after that many milliseconds, unless it is due earlier already. */
  after(name: string, delayMs: number, now: number): void {
    const known = this.#waiting.get(name);
    this.#waiting.set(name, { since: known?.since, due: Math.min(known?.due ?? Infinity, now + delayMs) });
  }

  /** Hands out the name that is due longest, and holds it until {@link done}. */
  take(now: number): string | undefined {
    let next: { name: string; due: number } | undefined;
    for (const [name, { due }] of this.#waiting) {
      if (due <= now && !this.#working.has(name) && (next === undefined || due < next.due)) next = { name, due };
    }
    if (next === undefined) return undefined;
    this.#waiting.delete(next.name);
    this.#working.add(next.name);
    return next.name;
  }

  done(name: string): void {
    this.#working.delete(name);
  }

  /** When the next name that is not being worked on is due; `undefined` where none waits. */
  nextDue(): number | undefined {
    let next: number | undefined;
    for (const [name, { due }] of this.#waiting) {
      if (!this.#working.has(name) && (next === undefined || due < next)) next = due;
    }
    return next;
  }

  forget(name: string): void {
    this.#waiting.delete(name);
  }
}
