import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  readonly what: string;
  readonly deadlineMs: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks again and again until the answer is not undefined. An error counts as "not yet"; the last one is told when time is up.
 */
export async function eventually<T>(question: () => Promise<T | undefined>, patience: Patience): Promise<T> {
  const end = performance.now() + patience.deadlineMs;
  let last: unknown;
  while (performance.now() < end) {
    patience.signal?.throwIfAborted();
    try {
      const answer = await question();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    // An abort ends the sleep; its reason is thrown at the top of the next round.
    await sleep(patience.everyMs ?? 50, undefined, { ...(patience.signal && { signal: patience.signal }) }).catch(
      () => {},
    );
  }
  patience.signal?.throwIfAborted();
  const reason = last instanceof Error ? `; the last error was: ${last.message}` : '';
  throw new Error(`${patience.what} did not happen within ${patience.deadlineMs / 1000} s${reason}`, { cause: last });
}
