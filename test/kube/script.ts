/**
 * A transport that answers by a script. It is for faults that a real API server cannot be made to show on demand; what
 * one does show is tested against one (reflector.live.test.ts).
 */
import type { JsonObject } from '../../core/json.ts';
import { KubeError } from '../../kube/error.ts';
import type { KubeRequest, KubeTransport } from '../../kube/transport.ts';
import { collect } from './collect.ts';

/** How one request is answered: by chunks of bytes, and then an end, a silence or a fault. */
export interface Answer {
  readonly chunks: readonly string[];
  readonly last: 'end' | 'silence' | KubeError;
  /** There is no answer to speak of: a stream is not opened by it. */
  readonly refused?: true;
}

/** The lines of a watch, which the server then ends. */
export function ends(...lines: readonly string[]): Answer {
  return { chunks: lines.map((line) => `${line}\n`), last: 'end' };
}

/** The lines of a watch, on which nothing comes any more. */
export function stays(...lines: readonly string[]): Answer {
  return { ...ends(...lines), last: 'silence' };
}

/** The lines of a watch that breaks off. */
export function breaks(...lines: readonly string[]): Answer {
  return { ...ends(...lines), last: unreachable('ECONNRESET') };
}

export function raw(...chunks: readonly string[]): Answer {
  return { chunks, last: 'end' };
}

export function refuses(status: number, reason = '', retryAfterMs?: number): Answer {
  return { chunks: [], last: new KubeError('GET /path', { status, reason, retryAfterMs }), refused: true };
}

export function fails(code: string): Answer {
  return { chunks: [], last: unreachable(code), refused: true };
}

/** A page of a list. */
export function page(items: readonly JsonObject[], metadata: JsonObject): Answer {
  return { chunks: [JSON.stringify({ kind: 'List', items, metadata })], last: 'end' };
}

function unreachable(code: string): KubeError {
  return new KubeError('GET /path', { status: 0, reason: code });
}

export class ScriptedTransport implements KubeTransport {
  readonly requests: KubeRequest[] = [];
  readonly #answers: Answer[];

  constructor(...answers: readonly Answer[]) {
    this.#answers = [...answers];
  }

  /** The query of each request so far. */
  get queries(): readonly Readonly<Record<string, string>>[] {
    return this.requests.map(({ query }) => query ?? {});
  }

  async request(request: KubeRequest): Promise<unknown> {
    return JSON.parse(Buffer.concat(await collect(this.stream(request))).toString());
  }

  async *stream(request: KubeRequest): AsyncIterable<Buffer> {
    this.requests.push(request);
    const { chunks, last, refused } = this.#answers.shift() ?? stays();
    if (!refused) request.onOpen?.();
    for (const chunk of chunks) yield Buffer.from(chunk);
    if (last === 'silence') await aborted(request.signal);
    if (last !== 'end') throw last === 'silence' ? unreachable('AbortError') : last;
  }

  close(): void {}
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
