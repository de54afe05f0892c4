/** How the watches are, from what reflectors tell of themselves: for readiness and metrics. */
import type { Clock } from './clock.ts';
import type { ReflectorEvents, ReflectorState, WatchName } from './reflector.ts';

/**
 * How long a watch may be down before that is told. An API server that restarts is back within half a minute as a rule,
 * and the wait before the attempt that meets it is half a minute at most (`backoff.ts`).
 */
const DOWN_MS = 60_000;

/** A watch that was opened and broke sooner than this, without a word, was none: something cuts each of them off. */
const STEADY_MS = 10_000;

interface Watch extends WatchName {
  state: ReflectorState;
  /** When it got into its state; monotonic, like all but the last. */
  since: number;
  downSince: number;
  heardAt: number | undefined;
  /** Time of day. */
  lastSeenAt: Date | undefined;
}

export interface DownWatch extends WatchName {
  readonly state: ReflectorState;
  readonly forMs: number;
}

export class WatchHealth implements Pick<Required<ReflectorEvents>, 'state' | 'heard'> {
  readonly #clock: Pick<Clock, 'monotonic' | 'now'>;
  /** By path, of which each has one watch. */
  readonly #watches = new Map<string, Watch>();

  constructor(clock: Pick<Clock, 'monotonic' | 'now'>) {
    this.#clock = clock;
  }

  state({ resource, path, state }: WatchName & { state: ReflectorState }): void {
    const now = this.#clock.monotonic();
    const before = this.#watches.get(path);
    if (state === 'stopped') return void this.#watches.delete(path);
    const downSince = before === undefined || isUp(before, now) ? now : before.downSince;
    const { heardAt, lastSeenAt } = before ?? {};
    this.#watches.set(path, { resource, path, state, since: now, downSince, heardAt, lastSeenAt });
  }

  heard({ path }: WatchName): void {
    const watch = this.#watches.get(path);
    if (watch === undefined) return;
    watch.heardAt = this.#clock.monotonic();
    watch.lastSeenAt = this.#clock.now();
  }

  /** The watches that have been down for longer than an API server needs to come back. */
  down(): readonly DownWatch[] {
    const now = this.#clock.monotonic();
    return [...this.#watches.values()].flatMap((watch) => {
      const { resource, path, state, downSince } = watch;
      const forMs = now - downSince;
      return isUp(watch, now) || forMs <= DOWN_MS ? [] : [{ resource, path, state, forMs }];
    });
  }

  /** What readiness says: nothing where each watch is up, or was a moment ago. */
  fault(): string | undefined {
    const [first, ...others] = this.down().toSorted((a, b) => b.forMs - a.forMs);
    if (first === undefined) return undefined;
    const seconds = Math.round(first.forMs / 1_000);
    const more = others.length === 0 ? '' : `, and ${others.length} more`;
    return `no watch of ${first.path} for ${seconds} s (${first.state})${more}`;
  }

  /** How many watches of a resource are in a state. */
  count(resource: string, state: ReflectorState): number {
    return this.#of(resource).filter((watch) => watch.state === state).length;
  }

  /** When something came last on the watch of a resource; of several, on the one that was heard least lately. */
  lastSeenAt(resource: string): Date | undefined {
    return this.#of(resource)
      .flatMap(({ lastSeenAt }) => lastSeenAt ?? [])
      .toSorted((a, b) => a.getTime() - b.getTime())[0];
  }

  #of(resource: string): readonly Watch[] {
    return [...this.#watches.values()].filter((watch) => watch.resource === resource);
  }
}

/** A list under way does not count: until it is complete, what changed before it is not known. */
function isUp({ state, since, heardAt }: Watch, now: number): boolean {
  return state === 'watching' && ((heardAt ?? Number.NEGATIVE_INFINITY) >= since || now - since >= STEADY_MS);
}
