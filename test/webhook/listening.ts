/** The server on a real port with a real certificate. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { makeSelfSignedPair, type SelfSignedPair } from '../../certs/authority.ts';
import { systemClock } from '../../kube/clock.ts';
import type { ServerOptions } from '../../webhook/server.ts';
import { serverWith } from './build.ts';

export const HOST = '127.0.0.1';

export interface Listening {
  readonly app: FastifyInstance;
  readonly port: number;
  /** What it serves to begin with. */
  readonly pair: SelfSignedPair;
}

export interface ListenOptions extends Partial<ServerOptions> {
  /** Changes settings of the server before it listens. */
  readonly prepare?: (server: FastifyInstance['server']) => void;
}

export async function listen(t: Test, { prepare, ...options }: ListenOptions = {}): Promise<Listening> {
  const pair = await makeSelfSignedPair([HOST, 'localhost'], systemClock);
  const app = serverWith({ tls: { cert: pair.certificate, key: pair.key }, ...options });
  prepare?.(app.server);
  await app.listen({ host: HOST, port: 0 });
  t.teardown(async () => {
    const closed = app.close();
    app.server.closeAllConnections();
    await closed;
  });
  return { app, port: (app.server.address() as AddressInfo).port, pair };
}
