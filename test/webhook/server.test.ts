/** The server on real sockets: many requests, many connections, slow clients, and what its settings promise. */
import { Agent } from 'node:https';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { asObject, parseJson } from '../../core/json.ts';
import { reviewJson } from './build.ts';
import { call, open } from './client.ts';
import { HOST, listen } from './listening.ts';

/** Go's http.DefaultTransport, and with it the API server, closes connections that were idle for 90 s. */
const API_SERVER_IDLE_MS = 90_000;

t.test(
  'an idle connection is kept for longer than the API server keeps it, so that the server never closes first',
  async (t) => {
    const { app, port, pair } = await listen(t);
    t.ok(app.server.keepAliveTimeout > API_SERVER_IDLE_MS);
    t.equal(app.server.timeout, 0, 'no other timeout closes it earlier');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.teardown(() => agent.destroy());
    const first = await call({ port, ca: pair.authority, agent });
    t.equal(first.connection, 'keep-alive');
    await sleep(50);
    t.equal((await call({ port, ca: pair.authority, agent })).port, first.port);
  },
);

t.test('a request may not take for ever to arrive', async (t) => {
  const { app } = await listen(t);
  t.ok(app.server.requestTimeout > 0 && app.server.requestTimeout <= 30_000);
  t.ok(app.server.headersTimeout > 0 && app.server.headersTimeout <= 60_000);
});

/** What the server does with its timeouts, with short ones in their place. */
const impatient = (server: object): void => {
  Object.assign(server, { headersTimeout: 200, requestTimeout: 200, connectionsCheckingInterval: 50 });
};

/** Beginnings of a request that a slow client never ends. */
const SLOW = {
  'says nothing': '',
  'stops within its headers': 'POST /mutate HTTP/1.1\r\nhost: a\r\ncontent-',
  'stops within its body':
    'POST /mutate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{',
};

for (const [name, text] of Object.entries(SLOW)) {
  t.test(`a client that ${name} is cut off, and others are served meanwhile`, async (t) => {
    const { port, pair } = await listen(t, { prepare: impatient });
    const { ended } = await open({ port, ca: pair.authority }, text);
    t.equal((await call({ port, ca: pair.authority, agent: false })).status, 200);
    const { by, afterMs } = await ended;
    t.comment(`by ${by} after ${Math.round(afterMs)} ms`);
    t.ok(afterMs < 10_000);
  });
}

t.test('a client that sends its headers a byte at a time is cut off all the same', async (t) => {
  const { port, pair } = await listen(t, { prepare: impatient });
  const { socket, ended } = await open({ port, ca: pair.authority }, 'POST /mutate HTTP/1.1\r\nx-slow: ');
  const drip = setInterval(() => socket.write('x'), 20);
  const { afterMs } = await ended;
  clearInterval(drip);
  t.ok(afterMs < 10_000);
});

t.test('the number of connections is bounded: the one too many is closed, the others live', async (t) => {
  const { app, port, pair } = await listen(t);
  const { maxConnections } = app.server;
  t.ok(maxConnections >= 100 && maxConnections <= 10_000);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const sockets: Socket[] = [];
  t.teardown(() => {
    agent.destroy();
    for (const socket of sockets) socket.destroy();
  });
  await call({ port, ca: pair.authority, agent });
  await Promise.all(
    [...Array(maxConnections - 1)].map(
      () =>
        new Promise<void>((resolve, reject) => {
          sockets.push(connect(port, HOST, resolve).on('error', reject));
        }),
    ),
  );
  const refused = await call({ port, ca: pair.authority, agent: false }).then(
    ({ status }) => String(status),
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
  t.match(refused, /ECONNRESET|EPIPE|hang up|disconnected/);
  t.equal((await call({ port, ca: pair.authority, agent })).status, 200);
  for (const socket of sockets.splice(0, 10)) socket.destroy();
  await sleep(100);
  t.equal((await call({ port, ca: pair.authority, agent: false })).status, 200, 'room is made again');
});

for (const keepAlive of [true, false]) {
  t.test(`two hundred reviews at once are all answered, each with its own uid, keep-alive: ${keepAlive}`, async (t) => {
    const { port, pair } = await listen(t, {
      mutate: async ({ uid }) => {
        await sleep(uid.length);
        return { auditAnnotations: { uid } };
      },
    });
    const agent = new Agent({ keepAlive });
    t.teardown(() => agent.destroy());
    const uids = [...Array(200).keys()].map((number) => `uid-${number}`);
    const answers = await Promise.all(
      uids.map((uid) => call({ port, ca: pair.authority, agent }, reviewJson({ uid }))),
    );
    t.ok(answers.every(({ status }) => status === 200));
    t.strictSame(
      answers.map(({ body }) => asObject(asObject(parseJson(body)).response)),
      uids.map((uid) => ({ uid, allowed: true, auditAnnotations: { uid } })),
    );
  });
}

t.test('a body too large is refused on the wire, before it has all come', async (t) => {
  const { port, pair } = await listen(t);
  const { socket } = await open(
    { port, ca: pair.authority },
    'POST /mutate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n{',
  );
  const [bytes] = (await new Promise<unknown[]>((resolve) => socket.once('data', (...data) => resolve(data)))) as [
    Buffer,
  ];
  t.match(bytes.toString(), /^HTTP\/1\.1 413 /);
  socket.destroy();
});

t.test('bytes that are no HTTP get a 400 that quotes nothing', async (t) => {
  const { port, pair } = await listen(t);
  const { socket, ended } = await open({ port, ca: pair.authority });
  let text = '';
  socket.on('data', (bytes) => {
    text += String(bytes);
  });
  socket.write('hunter2\r\n\r\n');
  await ended;
  t.match(text, /^HTTP\/1\.1 400 /);
  t.notMatch(text, /hunter2/);
});

t.test(
  'a closing server finishes what is under way, says so to the client, and closes idle connections in order',
  async (t) => {
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let draining = false;
    const { app, port, pair } = await listen(t, {
      draining: () => draining,
      mutate: async () => {
        entered.resolve();
        await gate.promise;
        return {};
      },
    });
    const target = { port, ca: pair.authority };
    const agent = new Agent({ keepAlive: true });
    t.teardown(() => agent.destroy());
    const idle = await open(target);
    idle.socket.write('GET /mutate HTTP/1.1\r\nhost: a\r\n\r\n');
    await new Promise((resolve) => idle.socket.once('data', resolve));
    const answer = call({ ...target, agent });
    await entered.promise;
    draining = true;
    const closed = app.close();
    t.equal((await idle.ended).by, 'FIN');
    gate.resolve();
    const { status, connection } = await answer;
    t.strictSame([status, connection], [200, 'close']);
    await closed;
    await t.rejects(call({ ...target, agent: false }), { code: 'ECONNREFUSED' });
  },
);
