/** Posts a message to a URL and wants nothing back but a status. */
import { type AgentOptions, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Clock } from '../kube/clock.ts';
import { shownUrl } from './url.ts';

export interface Message {
  readonly contentType: string;
  readonly body: string;
}

/** Resolves when the receiver answered 2xx. Throws a {@link PostError} otherwise. */
export type Poster = (message: Message, signal?: AbortSignal) => Promise<void>;

export interface PosterOptions {
  readonly url: URL;
  readonly proxy?: URL;
  readonly clock: Clock;
}

/** From the first byte out to the status back, a proxy's part included. */
export const POST_TIMEOUT_MS = 10_000;

/** Why a message was not taken. Its text shows of the URL no more than scheme, host and port. */
export class PostError extends Error {
  override readonly name = 'PostError';
  /** Whether the same message may be taken later. */
  readonly retryable: boolean;
  /** What the receiver asked for, where it did. */
  readonly retryAfterMs: number | undefined;

  constructor(url: URL, reason: string, { retryable, retryAfterMs }: { retryable: boolean; retryAfterMs?: number }) {
    super(`${shownUrl(url)}: ${reason}`);
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A function that posts to the URL, each message on a connection of its own. Redirects are not followed. */
export function createPoster({ url, proxy, clock }: PosterOptions): Poster {
  const open = opener(url, proxy);
  return async (message, signal) => {
    const deadline = new AbortController();
    const answered = new AbortController();
    void clock.sleep(POST_TIMEOUT_MS, answered.signal).then(() => {
      if (!answered.signal.aborted) deadline.abort();
    });
    const stop = signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal]);
    let response: IncomingMessage;
    try {
      response = await exchange(open, message, stop);
    } catch (error) {
      throw transportError(url, error, { late: deadline.signal.aborted, stopped: signal?.aborted === true });
    } finally {
      answered.abort();
    }
    response.destroy(); // Unread: it says nothing that the status does not.
    const failure = statusError(url, response);
    if (failure !== undefined) throw failure;
  };
}

type Open = (message: Message, signal: AbortSignal) => ReturnType<typeof httpRequest>;

function opener(url: URL, proxy: URL | undefined): Open {
  // The agent picks by the scheme of the URL: an http:// one is asked of the proxy, an https:// one tunnelled.
  const options: AgentOptions =
    proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href } };
  const headers = ({ contentType, body }: Message) => ({
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'user-agent': 'restamp',
  });
  if (url.protocol === 'https:') {
    const agent = new HttpsAgent(options);
    return (message, signal) => httpsRequest(url, { method: 'POST', agent, signal, headers: headers(message) });
  }
  const agent = new HttpAgent(options);
  return (message, signal) => httpRequest(url, { method: 'POST', agent, signal, headers: headers(message) });
}

function exchange(open: Open, message: Message, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = open(message, signal);
    request.on('response', resolve);
    request.on('error', reject);
    request.end(message.body);
  });
}

/** Node's own messages are left out: they may hold a URL. Its codes do not. */
function transportError(url: URL, error: unknown, { late, stopped }: { late: boolean; stopped: boolean }): PostError {
  if (stopped) return new PostError(url, 'stopped', { retryable: false });
  if (late) return new PostError(url, `no answer within ${POST_TIMEOUT_MS / 1000} s`, { retryable: true });
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  return new PostError(url, code, { retryable: true });
}

function statusError(url: URL, { statusCode = 0, headers }: IncomingMessage): PostError | undefined {
  if (statusCode >= 200 && statusCode < 300) return undefined;
  const seconds = Number(headers['retry-after']);
  return new PostError(url, `status ${statusCode}`, {
    retryable: statusCode >= 500 || statusCode === 408 || statusCode === 429,
    ...(seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}),
  });
}
