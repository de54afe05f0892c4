/** Many pieces of work, several at a time. */

export interface CrowdOptions {
  readonly atOnce: number;
  readonly signal: AbortSignal;
  /** Told how many are done, after each. */
  readonly onDone?: (done: number) => void;
}

/** Works through all of them; rejects with the first failure, or when the signal aborts. */
export async function inCrowd<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<unknown>,
  { atOnce, signal, onDone }: CrowdOptions,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  let done = 0;
  const hand = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      signal.throwIfAborted();
      await work(next.value);
      done += 1;
      onDone?.(done);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, hand));
}
