/** The authority that the API server is known by is rotated on disk, as Kubernetes does in a pod. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import t, { type Test } from 'tap';
import { makeSelfSignedPair } from '../../certs/authority.ts';
import { systemClock } from '../../kube/clock.ts';
import { createTransport } from '../../kube/transport.ts';

const directory = await mkdtemp(join(tmpdir(), 'restamp-rotation-'));
t.teardown(() => rm(directory, { recursive: true, force: true }));
const caFile = join(directory, 'ca.crt');
const before = await makeSelfSignedPair(['127.0.0.1'], systemClock);
const after = await makeSelfSignedPair(['127.0.0.1'], systemClock);

/** A server with the certificate of before, and a transport that knows it by a file. `GET /watch` stays open. */
async function serve(t: Test) {
  await writeFile(caFile, before.authority);
  const sockets: Socket[] = [];
  const streams: ServerResponse[] = [];
  const server = createServer(
    { cert: before.certificate, key: before.key },
    (request: IncomingMessage, response: ServerResponse) => {
      if (request.url !== '/watch') return void response.end('{}');
      streams.push(response);
      response.write('first\n');
    },
  );
  // Whoever closes an idle connection, it is not the server.
  server.keepAliveTimeout = 0;
  server.on('secureConnection', (socket: Socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: `https://127.0.0.1:${port}`, caFile }],
    users: [{ name: 'u', token: 'token-of-the-test' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const transport = createTransport(config, 'restamp-test/1');
  t.teardown(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
  });
  const rotate = (): void => server.setSecureContext({ cert: after.certificate, key: after.key });
  return { transport, sockets, streams, rotate };
}

const get = { method: 'GET', path: '/one' } as const;

t.test('a CA that is rotated on disk is taken up, and a watch that is under way goes on', async (t) => {
  const { transport, sockets, streams, rotate } = await serve(t);
  const lines = transport.stream({ method: 'GET', path: '/watch' })[Symbol.asyncIterator]();
  t.equal(String((await lines.next()).value), 'first\n');
  await transport.request(get);
  t.equal(sockets.length, 2);

  rotate();
  await writeFile(caFile, `${before.authority}${after.authority}`);
  await transport.request(get);
  t.equal(sockets.length, 3, 'on a connection of its own');
  t.equal(sockets[0]?.destroyed, false);
  streams[0]?.end('second\n');
  t.equal(String((await lines.next()).value), 'second\n');
  t.equal((await lines.next()).done, true);
});

t.test('idle connections that were made with the old CA are closed, and busy ones when they get idle', async (t) => {
  const { transport, sockets, streams } = await serve(t);
  const lines = transport.stream({ method: 'GET', path: '/watch' })[Symbol.asyncIterator]();
  await lines.next();
  await transport.request(get);
  const [busy, idle] = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  await writeFile(caFile, `${before.authority}${after.authority}`);
  await transport.request(get);
  await idle;
  t.equal(sockets[0]?.destroyed, false);
  streams[0]?.end();
  t.equal((await lines.next()).done, true);
  await busy;
  t.equal(sockets.length, 3);
});

t.test('close ends what is under way on connections of before, too', async (t) => {
  const { transport, sockets } = await serve(t);
  const lines = transport.stream({ method: 'GET', path: '/watch' })[Symbol.asyncIterator]();
  await lines.next();
  const ended = new Promise((resolve) => sockets[0]?.once('close', resolve));
  await writeFile(caFile, `${before.authority}${after.authority}`);
  await transport.request(get);
  transport.close();
  await ended;
  t.match(await lines.next().catch((error) => error), { status: 0 });
});

t.test(
  'a server that shows a certificate of the new CA before the file has it is not spoken to until it has',
  async (t) => {
    const { transport, rotate } = await serve(t);
    rotate();
    const refusal = await transport.request(get).catch((error) => error);
    t.match(refusal, { status: 0, reason: /CERT|SIGNATURE|VERIFY/ });
    await writeFile(caFile, after.authority);
    t.strictSame(await transport.request(get), {});
  },
);
