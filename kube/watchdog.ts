import type { Clock } from './clock.ts';

/** Until when a stream may go on, by when it was heard last. Milliseconds of the monotonic clock. */
export type Deadline = (heardAt: number) => number;

/** Aborts its signal when a stream that it guards is not heard in time: a peer that vanished says nothing. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #deadline: Deadline;
  readonly #late = new AbortController();

  constructor(clock: Clock, deadline: Deadline) {
    this.#clock = clock;
    this.#deadline = deadline;
  }

  get signal(): AbortSignal {
    return this.#late.signal;
  }

  /** Passes a stream on. What it does not bring in time aborts the signal, which is to end the stream. */
  async *guard(stream: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    const ended = new AbortController();
    const heard = { at: this.#clock.monotonic() };
    const watching = this.#watch(heard, ended.signal);
    try {
      for await (const chunk of stream) {
        heard.at = this.#clock.monotonic();
        yield chunk;
      }
    } finally {
      ended.abort();
      await watching;
    }
  }

  /** One sleep per span, however many chunks come: a busy stream costs no timers. */
  async #watch(heard: { readonly at: number }, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      const leftMs = this.#deadline(heard.at) - this.#clock.monotonic();
      if (leftMs <= 0) return this.#late.abort();
      await this.#clock.sleep(leftMs, ended);
    }
  }
}
