/** The pairs of a directory in a running server: no connection and no request is lost when they change. */
import { Agent, createServer, request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import t from 'tap';
import { makeSelfSignedPair } from '../../certs/authority.ts';
import { directorySource } from '../../certs/directory.ts';
import type { PairListener } from '../../certs/source.ts';
import { systemClock } from '../../kube/clock.ts';
import { fixture, serialOf, until } from './build.ts';
import { makeMount } from './mount.ts';
import { address } from './server.ts';

interface Call {
  /** Serial number of the certificate of the connection. */
  readonly serial: string;
  /** Local port: the connection itself. */
  readonly connection: number | undefined;
}

function call(port: number, agent: Agent | false, ca: readonly string[]): Promise<Call> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, agent, ca: [...ca] }, (response) => {
      const socket = response.socket as TLSSocket;
      const made = { serial: socket.getPeerCertificate().serialNumber, connection: socket.localPort };
      response.resume();
      response.on('end', () => resolve(made));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

t.test('eight busy keep-alive connections live through six swaps, new ones get the new pair', async (t) => {
  const pairs = [await makeSelfSignedPair(['127.0.0.1'], systemClock), fixture('ecdsa')];
  pairs.push(await makeSelfSignedPair(['127.0.0.1'], systemClock));
  const ca = pairs.map((pair) => ('authority' in pair ? String(pair.authority) : pair.certificate));
  const mount = await makeMount();
  const stop = new AbortController();
  const server = createServer((_, response) => setTimeout(() => response.end('ok'), 2));
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  t.teardown(async () => {
    stop.abort();
    agent.destroy();
    server.close();
    await mount.end();
  });

  let swaps = 0;
  const listener: PairListener = {
    accepted: ({ certificate, key }) => {
      server.setSecureContext({ cert: certificate, key });
      swaps += 1;
    },
    refused: (reason) => t.fail(`refused ${reason}`),
  };
  const [initial] = pairs;
  if (initial === undefined) throw new Error('there are three pairs');
  await mount.swap(initial);
  await directorySource({ path: mount.path, clock: systemClock }).start(stop.signal, listener);
  const port = await address(server);

  let busy = true;
  const connections = new Set<number | undefined>();
  let requests = 0;
  const clients = Array.from({ length: 8 }, async () => {
    while (busy) {
      connections.add((await call(port, agent, ca)).connection);
      requests += 1;
    }
  });
  for (let swap = 1; swap <= 6; swap++) {
    const pair = pairs[swap % pairs.length] ?? initial;
    await mount.swap(pair);
    await until(() => swaps === swap + 1, `swap ${swap}`);
    t.equal((await call(port, false, ca)).serial, serialOf(pair.certificate));
  }
  busy = false;
  await t.resolves(Promise.all(clients), 'no request failed');
  t.equal(connections.size, 8, 'no connection was made anew');
  t.ok(requests > 100, `${requests} requests`);
});
