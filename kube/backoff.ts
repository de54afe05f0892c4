export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/** From one fast retry to one every half minute: an API server that comes back is not met by a crowd. */
export const DEFAULT_BACKOFF: Backoff = { baseMs: 200, capMs: 30_000 };

/**
 * Full jitter: anything between nothing and the doubled wait, so that clients that failed together do not
 * come back together. `attempt` counts from 0, `random` is in [0, 1). Milliseconds.
 */
export function backoffMs(attempt: number, random: number, { baseMs, capMs }: Backoff = DEFAULT_BACKOFF): number {
  // 2^30 is beyond any cap and still exact.
  return Math.round(random * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30)));
}

/** Longer than any wait that the API server asks for (it says 1 s), short enough for a server that asks for a day. */
const ASKED_CAP_MS = 60_000;

/**
 * How long to wait after a failure: never less than the server asked for, and not just as long as everybody else that
 * it asked. Milliseconds.
 */
export function retryMs(attempt: number, random: number, askedMs = 0): number {
  return Math.min(askedMs, ASKED_CAP_MS) + backoffMs(attempt, random);
}
