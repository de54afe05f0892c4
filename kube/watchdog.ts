import type { Clock } from './clock.ts';

/** Aborts its signal when a stream that it guards has been silent for too long: a peer that vanished says nothing. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #silenceMs: number;
  readonly #silent = new AbortController();

  constructor(clock: Clock, silenceMs: number) {
    this.#clock = clock;
    this.#silenceMs = silenceMs;
  }

  get signal(): AbortSignal {
    return this.#silent.signal;
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

  /** One sleep per span of silence, however many chunks come: a busy stream costs no timers. */
  async #watch(heard: { readonly at: number }, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      const leftMs = heard.at + this.#silenceMs - this.#clock.monotonic();
      if (leftMs <= 0) return this.#silent.abort();
      await this.#clock.sleep(leftMs, ended);
    }
  }
}
