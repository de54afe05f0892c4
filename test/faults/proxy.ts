/**
 * A proxy that stands before a real API server and injects faults by script. TLS on both sides, with a certificate of
 * its own in front; the token of the client is passed on, so its rights are its own.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSelfSignedPair } from '../../certs/authority.ts';
import { asObject, asText, parseJson } from '../../core/json.ts';
import { systemClock } from '../../kube/clock.ts';
import { lines } from '../../kube/watch-line.ts';
import { LineStream, status } from './line-stream.ts';
import type { Fault, RequestFacts, RequestFault, Rule } from './rule.ts';
import { Script } from './script.ts';

export type { Fault, Match, Rule } from './rule.ts';

export interface FaultProxyOptions {
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** PEM of the authority of that server. */
  readonly ca: string;
  /** For rules with a probability. */
  readonly seed?: number;
  readonly rules?: readonly Rule[];
}

export interface ProxyStats {
  readonly connections: number;
  readonly requests: number;
  /** How often each fault was injected. */
  readonly faults: Readonly<Partial<Record<Fault['type'], number>>>;
}

/** What was injected between two looks. */
export function difference(before: ProxyStats['faults'], after: ProxyStats['faults']): ProxyStats['faults'] {
  const types = Object.keys(after) as Fault['type'][];
  const counts = types.map((type) => [type, (after[type] ?? 0) - (before[type] ?? 0)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

export interface FaultProxy {
  /** `https://127.0.0.1:PORT` */
  readonly origin: string;
  /** PEM of the authority of the proxy's own certificate. */
  readonly ca: string;
  readonly stats: ProxyStats;
  /** Writes a copy of a kubeconfig that leads here; resolves to its path. */
  kubeconfigFor(kubeconfig: string): Promise<string>;
  /** Replaces all rules, for watches that are under way too. Counts begin anew. */
  script(rules: readonly Rule[]): void;
  /** Resets every connection. */
  cut(): void;
  /** Takes a certificate of another authority; resolves to the PEM of that. */
  rotate(): Promise<string>;
  close(): Promise<void>;
}

const NAMES = ['127.0.0.1', 'localhost'];

/** Starts a proxy. Without rules it passes everything on. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { certificate, key, authority } = await makeSelfSignedPair(NAMES, systemClock);
  const server = createServer({ cert: certificate, key });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new ScriptedProxy(server, authority, options);
}

class ScriptedProxy implements FaultProxy {
  readonly #server: Server;
  readonly #target: URL;
  readonly #agent: Agent;
  readonly #seed: number;
  /** TCP beneath TLS, by the port of the client: only that can be reset. */
  readonly #sockets = new Map<number, Socket>();
  readonly #faults: Partial<Record<Fault['type'], number>> = {};
  readonly #directories: string[] = [];
  #ca: string;
  #script: Script;
  #requests = 0;
  #connections = 0;

  constructor(server: Server, ca: string, { server: target, ca: targetCa, seed = 1, rules = [] }: FaultProxyOptions) {
    this.#server = server;
    this.#ca = ca;
    this.#target = new URL(target);
    this.#agent = new Agent({ ca: targetCa, keepAlive: true });
    this.#seed = seed;
    this.#script = new Script(rules, seed);
    server.on('connection', (socket: Socket) => this.#keep(socket));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.#serve(request, response));
  }

  get origin(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get ca(): string {
    return this.#ca;
  }

  get stats(): ProxyStats {
    return { connections: this.#connections, requests: this.#requests, faults: { ...this.#faults } };
  }

  async kubeconfigFor(kubeconfig: string): Promise<string> {
    const config = asObject(JSON.parse(await readFile(kubeconfig, 'utf8')));
    const clusters = (config.clusters as { name: string }[]).map(({ name }) => ({
      name,
      cluster: { server: this.origin, 'certificate-authority-data': Buffer.from(this.#ca).toString('base64') },
    }));
    const directory = await mkdtemp(join(tmpdir(), 'restamp-proxy-'));
    this.#directories.push(directory);
    const path = join(directory, 'kubeconfig');
    await writeFile(path, JSON.stringify({ ...config, clusters }), { mode: 0o600 });
    return path;
  }

  script(rules: readonly Rule[]): void {
    this.#script = new Script(rules, this.#seed);
  }

  cut(): void {
    for (const socket of this.#sockets.values()) socket.resetAndDestroy();
  }

  async rotate(): Promise<string> {
    const { certificate, key, authority } = await makeSelfSignedPair(NAMES, systemClock);
    this.#server.setSecureContext({ cert: certificate, key });
    this.#ca = authority;
    return authority;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await closed;
    await Promise.all(this.#directories.map((directory) => rm(directory, { recursive: true, force: true })));
  }

  #keep(socket: Socket): void {
    this.#connections += 1;
    const port = socket.remotePort ?? 0;
    this.#sockets.set(port, socket);
    // What is reset on purpose is no fault of ours.
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(port));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#requests += 1;
    const facts = factsOf(request);
    const fault = this.#script.forRequest(facts);
    if (fault !== undefined) this.#count(fault);
    if (fault?.type === 'answer') answer(response, fault);
    else if (fault?.type === 'refuse') this.#reset(request);
    else if (fault?.type !== 'hang') this.#forward(facts, request, response, fault?.type === 'lose-answer');
  }

  #forward(facts: RequestFacts, request: IncomingMessage, response: ServerResponse, isLost: boolean): void {
    const { 'accept-encoding': _, host: __, ...headers } = request.headers;
    const { hostname, port } = this.#target;
    const options = { host: hostname, port, method: request.method, path: request.url, headers, agent: this.#agent };
    const outgoing = httpsRequest(options, (incoming) => {
      if (isLost) {
        incoming.resume();
        incoming.once('end', () => this.#reset(request));
        return;
      }
      response.writeHead(incoming.statusCode ?? 502, incoming.headers);
      incoming.on('error', () => this.#reset(request));
      if (facts.query.get('watch') === 'true' && incoming.statusCode === 200) this.#watch(facts, incoming, response);
      else incoming.pipe(response);
    });
    outgoing.on('error', () => this.#reset(request));
    response.once('close', () => outgoing.destroy());
    request.pipe(outgoing);
  }

  #watch(facts: RequestFacts, incoming: IncomingMessage, response: ServerResponse): void {
    response.flushHeaders();
    const stream = new LineStream(response, () => this.#reset(response.req));
    const pump = async (): Promise<void> => {
      for await (const line of lines(incoming)) {
        const fault = this.#script.forLine({ ...facts, event: eventOf(line) });
        if (fault !== undefined) this.#count(fault);
        stream.send(line, fault);
      }
      stream.end();
    };
    pump().catch(() => this.#reset(response.req));
  }

  #reset({ socket }: IncomingMessage): void {
    this.#sockets.get(socket.remotePort ?? 0)?.resetAndDestroy();
  }

  #count({ type }: Fault): void {
    this.#faults[type] = (this.#faults[type] ?? 0) + 1;
  }
}

function factsOf({ method = '', url = '', headers }: IncomingMessage): RequestFacts {
  const { pathname, searchParams } = new URL(url, 'https://proxy');
  return { method, path: pathname, query: searchParams, userAgent: headers['user-agent'] ?? '' };
}

function eventOf(line: string): { type: string; name: string } {
  const { type, object } = asObject(parseJson(line));
  return { type: asText(type) ?? '', name: asText(asObject(asObject(object).metadata).name) ?? '' };
}

function answer(response: ServerResponse, fault: Extract<RequestFault, { type: 'answer' }>): void {
  const { status: code, reason = '', retryAfterSeconds } = fault;
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(status(code, reason)));
}
