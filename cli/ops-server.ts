/**
 * `/livez`, `/readyz` and `/metrics`, over plain HTTP on a port of their own. On Node's own server: three fixed routes
 * do not need a framework, and the watcher, which has no other server, then need not keep one in memory.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Registry } from 'prom-client';

/** What readiness depends on, by name; `undefined` means fine, a text says what is not. */
export type ReadinessChecks = Readonly<Record<string, () => string | undefined>>;

export interface OpsServerOptions {
  readonly registry: Registry;
  readonly checks: ReadinessChecks;
}

export interface Answer {
  readonly statusCode: number;
  readonly headers: { readonly 'content-type': string };
  readonly body: string;
}

type Route = () => Answer | Promise<Answer>;

export class OpsServer {
  readonly #server: Server;
  readonly #routes: ReadonlyMap<string, Route>;
  #origin = '';

  constructor(options: OpsServerOptions) {
    this.#routes = routesOf(options);
    this.#server = createServer((request, response) => {
      this.#respond(request, response).catch(() => response.destroy());
    });
  }

  /** `http://127.0.0.1:8081`, once it listens. */
  get listeningOrigin(): string {
    return this.#origin;
  }

  /** Resolves when it listens; rejects when it cannot. */
  async listen({ host, port }: { host: string; port: number }): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, resolve);
    });
    const address = this.#server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    this.#origin = `http://${isIPv6(host) ? `[${host}]` : host}:${bound}`;
  }

  /** Answers as if it had come through the port. */
  async inject(request: string | { readonly method: string; readonly url: string }): Promise<Answer> {
    const { method, url } = typeof request === 'string' ? { method: 'GET', url: request } : request;
    const route = method === 'GET' || method === 'HEAD' ? this.#routes.get(url.replace(/\?.*$/s, '')) : undefined;
    if (route === undefined) return json(404, { error: 'expected GET /livez, /readyz or /metrics' });
    try {
      return await route();
    } catch {
      return json(500, { error: 'failed' });
    }
  }

  /** Closes every connection, idle or not: it is the last thing that a process does. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #respond({ method = '', url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { statusCode, headers, body } = await this.inject({ method, url });
    response.writeHead(statusCode, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
  }
}

/** The server with its routes, not listening. */
export function createOpsServer(options: OpsServerOptions): OpsServer {
  return new OpsServer(options);
}

function routesOf({ registry, checks }: OpsServerOptions): ReadonlyMap<string, Route> {
  return new Map<string, Route>([
    ['/livez', () => json(200, { alive: true })],
    ['/readyz', () => readiness(checks)],
    ['/metrics', async () => answer(200, registry.contentType, await registry.metrics())],
  ]);
}

function readiness(checks: ReadinessChecks): Answer {
  const failing = Object.entries(checks).flatMap(([name, check]) => {
    const fault = check();
    return fault === undefined ? [] : [`${name}: ${fault}`];
  });
  return json(failing.length === 0 ? 200 : 503, { ready: failing.length === 0, failing });
}

function json(statusCode: number, body: object): Answer {
  return answer(statusCode, 'application/json; charset=utf-8', JSON.stringify(body));
}

function answer(statusCode: number, type: string, body: string): Answer {
  return { statusCode, headers: { 'content-type': type }, body };
}
