/**
 * An API server with faults on the wire, behind the real transport. A fake is right here: a real one cannot be made to
 * answer half a line, or one byte in a while.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import type { Test } from 'tap';
import { makeSelfSignedPair } from '../../certs/authority.ts';
import { systemClock } from '../../kube/clock.ts';
import { createTransport, type KubeTransport } from '../../kube/transport.ts';
import { configMapJson } from '../core/build.ts';

/** What becomes of a request. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => void;

export interface FaultyApi {
  readonly transport: KubeTransport;
  /** Requests that have been neither answered nor given up. */
  readonly open: () => number;
}

/** Each read meets the fault, but for that of the ConfigMap `app`: half of a configuration is none. */
export async function startFaultyApi(t: Test, fault: Fault): Promise<FaultyApi> {
  const pair = await makeSelfSignedPair(['127.0.0.1'], systemClock);
  let open = 0;
  const server = createServer({ cert: pair.certificate, key: pair.key }, (request, response) => {
    open += 1;
    response.once('close', () => {
      open -= 1;
    });
    response.setHeader('content-type', 'application/json');
    if (request.url?.endsWith('/app')) response.end(JSON.stringify(configMapJson('app', { a: '1' })));
    else fault(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const transport = transportTo(port, pair.authority);
  t.teardown(async () => {
    transport.close();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return { transport, open: () => open };
}

/** A transport to whatever listens there. */
export function transportTo(port: number, authority: string): KubeTransport {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    {
      name: 'faulty',
      server: `https://127.0.0.1:${port}`,
      caData: Buffer.from(authority).toString('base64'),
      skipTLSVerify: false,
    },
    { name: 'webhook', token: 'none' },
  );
  return createTransport(config, 'restamp-test');
}
