/**
 * The one door to the API server: JSON over one HTTPS agent that keeps connections alive.
 * @kubernetes/client-node reads the kubeconfig and authenticates (files, exec plugins, in-cluster tokens that rotate);
 * its own request path would open a TLS connection for each request (docs/decisions/0004).
 */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { Connections } from './connections.ts';
import { KubeError, statusReason } from './error.ts';

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** For the whole of a request; for a stream until its first byte of head. Milliseconds. */
  readonly timeoutMs?: number;
  /** Called when a stream is answered, which may be long before its first byte comes. */
  readonly onOpen?: () => void;
}

export interface KubeTransport {
  /** Sends a request and parses the JSON that comes back. Throws a {@link KubeError} for anything but a 2xx. */
  request(request: KubeRequest): Promise<unknown>;
  /** Opens a stream (a watch) and yields its bytes until the server ends it. Throws a {@link KubeError} likewise. */
  stream(request: KubeRequest): AsyncIterable<Buffer>;
  /** Closes every connection: for the end of the process, when nothing is under way any more. */
  close(): void;
}

/** The API server itself gives a request up after 60 s (`--request-timeout`); nobody here waits that long. */
const REQUEST_TIMEOUT_MS = 15_000;

/** A transport for the current context of a kubeconfig. `userAgent` shows in the API server's audit log. */
export function createTransport(config: KubeConfig, userAgent: string): KubeTransport {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig has no current cluster: set current-context');
  const server = new URL(cluster.server);
  if (server.protocol !== 'https:') {
    throw new Error(`the kubeconfig's server is ${cluster.server}: restamp speaks https:// only`);
  }
  const connections = new Connections();

  const send = async (request: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> => {
    const options: RequestOptions & { headers: OutgoingHttpHeaders } = { headers: {} };
    await config.applyToHTTPSOptions(options);
    const { ca, cert, key, servername, rejectUnauthorized, auth, headers } = options;
    const tls = defined({ ca, cert, key, servername, rejectUnauthorized });
    return exchange(request, {
      ...defined({ auth }),
      agent: connections.agentFor(tls),
      host: server.hostname.replace(/^\[|\]$/g, ''), // an IPv6 address is bracketed in a URL only
      port: server.port || 443,
      method: request.method,
      path: `${server.pathname.replace(/\/$/, '')}${request.path}${queryString(request.query)}`,
      headers: { ...headers, ...ownHeaders(request, userAgent) },
      signal,
    });
  };

  return {
    request: async (request) => {
      const deadline = AbortSignal.timeout(request.timeoutMs ?? REQUEST_TIMEOUT_MS);
      const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
      return attempt(request, async () => {
        const body = await text(await succeeded(request, await send(request, signal)));
        return body === '' ? undefined : JSON.parse(body);
      });
    },
    stream: async function* (request) {
      const opening = new AbortController();
      const timer = setTimeout(() => opening.abort(), request.timeoutMs ?? REQUEST_TIMEOUT_MS);
      const signal = request.signal === undefined ? opening.signal : AbortSignal.any([opening.signal, request.signal]);
      const response = await attempt(request, async () => succeeded(request, await send(request, signal))).finally(() =>
        clearTimeout(timer),
      );
      request.onOpen?.();
      try {
        yield* response;
      } catch (error) {
        throw asKubeError(request, error);
      } finally {
        response.destroy();
      }
    },
    close: () => connections.close(),
  };
}

function ownHeaders(request: KubeRequest, userAgent: string): OutgoingHttpHeaders {
  return {
    'user-agent': userAgent,
    accept: request.accept ?? 'application/json',
    ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
  };
}

/**
 * One exchange; again where a kept-alive connection turned out to have been closed by the server meanwhile. All that
 * are kept may have been: each attempt uses one of them up, and what fails on a new connection has failed.
 */
async function exchange(request: KubeRequest, options: RequestOptions): Promise<IncomingMessage> {
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const once = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const outgoing = httpsRequest(options, resolve);
      // Node leaves it out with a DELETE: the server would take the body for a request of its own, without preconditions.
      if (body !== undefined) outgoing.setHeader('content-length', Buffer.byteLength(body));
      outgoing.on('error', (error) => reject(Object.assign(error, { reused: outgoing.reusedSocket })));
      outgoing.end(body);
    });
  for (;;) {
    try {
      return await once();
    } catch (error) {
      if (!isStaleConnection(error)) throw error;
    }
  }
}

/** https://nodejs.org/api/http.html#requestreusedsocket */
function isStaleConnection(error: unknown): boolean {
  return error instanceof Error && 'reused' in error && error.reused === true && errorCode(error) === 'ECONNRESET';
}

async function attempt<T>(request: KubeRequest, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw asKubeError(request, error);
  }
}

async function succeeded(request: KubeRequest, response: IncomingMessage): Promise<IncomingMessage> {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return response;
  const retryAfter = Number(response.headers['retry-after']);
  throw new KubeError(`${request.method} ${request.path}`, {
    status,
    reason: statusReason(await text(response)),
    retryAfterMs: retryAfter > 0 ? retryAfter * 1000 : undefined,
  });
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function asKubeError(request: KubeRequest, error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  return new KubeError(`${request.method} ${request.path}`, { status: 0, reason: errorCode(error) });
}

function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function queryString(query: KubeRequest['query']): string {
  return query === undefined ? '' : `?${new URLSearchParams(query)}`;
}

/** Leaves out what is undefined: `https` tells an absent option from an undefined one. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
