/** Time and chance, passed in so that tests own them. */
export interface Clock {
  /** Milliseconds of a clock that never goes back; only differences mean anything. */
  readonly monotonic: () => number;
  /** The time of day, for what people read. */
  readonly now: () => Date;
  /** Resolves after that many milliseconds, or at once when the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  now: () => new Date(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done);
    }),
  random: Math.random,
};
