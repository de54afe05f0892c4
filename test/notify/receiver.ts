/** Receivers of alerts: real servers on loopback that write down what they are sent. */
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';
import { makeSelfSignedPair } from '../../certs/authority.ts';
import { systemClock } from '../../kube/clock.ts';

/** For HTTPS; `authority` is what a client has to trust. */
export const pair = await makeSelfSignedPair(['localhost', '127.0.0.1'], systemClock);

export interface Received {
  readonly method: string | undefined;
  /** As it stood in the request line. */
  readonly target: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (response: ServerResponse, request: Received) => void;

export interface Receiver {
  readonly port: number;
  readonly received: Received[];
  readonly sockets: Set<Socket>;
  /** How many connections were made in all. */
  connections(): number;
  /** Resolves when that many requests have come in. */
  until(count: number): Promise<void>;
}

/** Answers everything with that status. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(code, headers).end('ok');
}

/** Starts a receiver for the time of a test. Each request is answered by the next of the answers, the last for ever. */
export async function receive(
  t: Test,
  answers: readonly Answer[] = [status(200)],
  scheme: 'http' | 'https' = 'http',
): Promise<Receiver> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url: target, headers } = request;
    const entry = { method, target, headers, body: await text(request) };
    received.push(entry);
    answers[Math.min(received.length, answers.length) - 1]?.(response, entry);
    for (const look of waiting) look();
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch(() => response.destroy());
  };
  const server =
    scheme === 'http'
      ? createHttpServer(listener)
      : createHttpsServer({ cert: pair.certificate, key: pair.key }, listener);
  const { port, sockets, connections } = await listen(t, server);
  const until = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (received.length < count) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { port, received, sockets, connections, until };
}

/** Listens on loopback, at any port, until the test is over. */
export async function listen(
  t: Test,
  server: Server,
): Promise<{ port: number; sockets: Set<Socket>; connections: () => number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    sockets,
    connections: () => connections,
  };
}
