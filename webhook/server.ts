/**
 * The webhook's HTTP server: a ladder from bytes to an answer (method, type, size, JSON, review, decision), each rung
 * with its own refusal. It does not listen by itself, so tests inject requests without a port.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Server } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type AdmissionRequest, parseReview, reviewOf, type Verdict } from './review.ts';

export type Handler = (request: AdmissionRequest) => Promise<Verdict>;

export interface ServerOptions {
  readonly mutate: Handler;
  readonly validate: Handler;
  /** The same for namespaces that have malformed annotations of restamp's denied. */
  readonly enforce: Handler;
  /** Certificate and key to start with; later ones are swapped in with {@link swapCertificate}. */
  readonly tls?: SecureContextOptions;
  /** True while the process winds down: answers then ask the client to close its connection. */
  readonly draining: () => boolean;
  /** Told of a handler that threw: the request was allowed all the same. */
  readonly onCrash: (path: string, error: unknown) => void;
}

/**
 * Two objects of at most 3 MiB each, the most the API server takes in one request (its MaxRequestBodyBytes),
 * and the review around them.
 */
const BODY_LIMIT = 7 * 1024 * 1024;

/** Longer than the 90 s after which the API server closes an idle connection: it closes, we never do (Go's IdleConnTimeout). */
const KEEP_ALIVE_MS = 95_000;

/** The API server gives a webhook at most 30 s in all; a request that takes longer to arrive has nobody waiting for it. */
const REQUEST_MS = 30_000;

/** Far above the few connections of a handful of API servers; a bound all the same. */
const MAX_CONNECTIONS = 1_000;

/** A handshake is two round trips. Node's own 120 s would let a client that says nothing hold up the end of the process. */
const HANDSHAKE_MS = 5_000;

const MIN_VERSION = 'TLSv1.2';

/** Each path and the handler that answers it. */
const PATHS = { '/mutate': 'mutate', '/validate': 'validate', '/validate/enforce': 'enforce' } as const;

/** What is said with a refusal. Fixed texts: a parser's own message would quote the request. */
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'the body is no valid JSON',
  404: 'expected POST /mutate, POST /validate or POST /validate/enforce',
  405: 'expected POST',
  413: `the body is larger than ${BODY_LIMIT} bytes`,
  415: 'expected content-type: application/json',
};

/** The server with its routes, not listening. With `tls` absent it speaks plain HTTP, for tests that inject. */
export function createServer(options: ServerOptions): FastifyInstance {
  const app = instance(options.tls);
  app.server.maxConnections = MAX_CONNECTIONS;
  // Only JSON is understood; without this, fastify would hand text to the routes as well.
  app.removeContentTypeParser('text/plain');
  app.addHook('onSend', async (_request, reply) => {
    if (options.draining()) reply.header('connection', 'close');
  });
  // Path and method come first: what nobody will answer is not read.
  app.addHook('onRequest', async (request, reply) => {
    if (!isPath(request.url)) return refuse(reply, 404);
    if (request.method !== 'POST') return refuse(reply.header('allow', 'POST'), 405);
  });
  app.setErrorHandler((error: { statusCode?: number }, _request, reply) => refuse(reply, error.statusCode ?? 500));
  for (const [path, handler] of Object.entries(PATHS)) {
    app.post(path, (request, reply) => answer(options[handler], { request, reply }, options));
  }
  return app;
}

/** Whether a URL is one of ours; the API server adds a query to it (`?timeout=3s`). */
function isPath(url: string): boolean {
  return Object.keys(PATHS).some((path) => url === path || url.startsWith(`${path}?`));
}

function instance(tls: SecureContextOptions | undefined): FastifyInstance {
  const bounds = {
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_MS,
    // A hostile key is data like any other here: objects are read by own members only (core/json.ts).
    onProtoPoisoning: 'ignore',
    onConstructorPoisoning: 'ignore',
    // While it closes, the server goes on answering what arrives on connections that are open.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // A URL that cannot be decoded: fastify's own answer would quote it.
    frameworkErrors: (_error: unknown, _request: unknown, reply: FastifyReply): void => void refuse(reply, 404),
  } as const;
  if (tls === undefined) return fastify(bounds);
  // The two instances differ in the type of `server` alone, of which nothing but the common part is used.
  return fastify({
    ...bounds,
    https: { ...tls, minVersion: MIN_VERSION, handshakeTimeout: HANDSHAKE_MS },
  }) as unknown as FastifyInstance;
}

/** New connections get the new certificate; those that are open go on undisturbed. Throws if the pair does not fit. */
export function swapCertificate(app: FastifyInstance, { cert, key }: { cert: string; key: string }): void {
  // OpenSSL takes an RSA certificate and an ECDSA key for halves of two pairs, and then serves neither.
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new Error('the key does not fit');
  (app.server as unknown as Server).setSecureContext({ cert, key, minVersion: MIN_VERSION });
}

async function answer(
  handler: Handler,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  { onCrash }: ServerOptions,
): Promise<unknown> {
  const review = parseReview(request.body);
  if (!review.ok) return refuse(reply, 400, review.message);
  return reviewOf(review.request.uid, await verdictOf(handler, review.request, onCrash));
}

/** A fault of ours is not the user's: the request is allowed, with a warning. */
async function verdictOf(
  handler: Handler,
  request: AdmissionRequest,
  onCrash: ServerOptions['onCrash'],
): Promise<Verdict> {
  try {
    return await handler(request);
  } catch (error) {
    onCrash(request.kind, error);
    return { warnings: ['restamp failed on this request and left it as it was; its watcher will see to the workload'] };
  }
}

function refuse(reply: FastifyReply, status: number, message = REFUSALS[status] ?? 'failed'): FastifyReply {
  return reply.code(status).send({ error: message });
}
