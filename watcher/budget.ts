/**
 * What all rollouts together may do to a cluster: so many a second, and so many under way at once. It remembers no
 * change: who is refused is told when to ask again, and is looked at anew then. Times are monotonic milliseconds.
 */

export interface BudgetOptions {
  /** Rollouts begun in a second; also how many may be begun at once after a quiet time. */
  readonly perSecond: number;
  /** Rollouts under way; none counts as no limit. */
  readonly inFlight: number | undefined;
}

/** A rollout that does not come to its end is its owner's trouble, and must not hold up others for longer than this: the progress deadline of a Deployment. */
const ABANDONED_MS = 600_000;

/** How soon somebody asks again who found all places taken. */
const FULL_RETRY_MS = 2_000;

export class Budget {
  readonly #options: BudgetOptions;
  /** When the next rollout may begin; in the past while there is something in the bucket. */
  #nextAt = Number.NEGATIVE_INFINITY;
  /** Places in the line, by name: who asks again has not lost its own. */
  readonly #places = new Map<string, number>();
  readonly #underWay = new Map<string, number>();

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** Rollouts that were begun and are not known to have ended. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** Milliseconds until `name` may roll: 0 is now. */
  waitMs(name: string, now: number): number {
    if (this.#isFull(name, now)) return FULL_RETRY_MS;
    const at = this.#places.get(name) ?? this.#line(now);
    this.#places.set(name, at);
    return Math.max(0, at - now);
  }

  /** `name` rolls now: its place in the line is used up. */
  begin(name: string, now: number): void {
    this.#places.delete(name);
    if (this.#options.inFlight !== undefined) this.#underWay.set(name, now);
  }

  /** `name` has finished rolling, does not roll after all, or is gone. */
  end(name: string): void {
    this.#places.delete(name);
    this.#underWay.delete(name);
  }

  #isFull(name: string, now: number): boolean {
    const { inFlight } = this.#options;
    if (inFlight === undefined || this.#underWay.has(name)) return false;
    for (const [each, since] of this.#underWay) if (now - since > ABANDONED_MS) this.#underWay.delete(each);
    return this.#underWay.size >= inFlight;
  }

  /** A place at the end of the line. After a quiet second as many are free at once as a second allows. */
  #line(now: number): number {
    const at = Math.max(this.#nextAt, now - 1_000);
    this.#nextAt = at + 1_000 / this.#options.perSecond;
    return at;
  }
}
