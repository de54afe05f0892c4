/** A thousand reviews at once, and clients that hold connections without a use for them: everybody else is served. */
import { once } from 'node:events';
import { Agent } from 'node:https';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import t, { type Test } from 'tap';
import { eventually } from '../cluster/deadline.ts';
import { workloadJson } from '../core/build.ts';
import { APP_AND_DB, app, db } from '../core/decision-worlds.ts';
import { responseOf, reviewJson, UID } from '../webhook/build.ts';
import { type Call, call, type Ended, open, type Target } from '../webhook/client.ts';
import { fakeApi } from '../webhook/fake-api.ts';
import { HOST, type Listening, listen } from '../webhook/listening.ts';
import { handlers } from './wired.ts';

t.setTimeout(300_000);

/** What the API server would wait for. */
const TIMEOUT_MS = 3_000;

const PATIENCE = { what: 'the reviews being under way', deadlineMs: 60_000 };

/** Of a handshake that nobody makes, in webhook/server.ts. */
const HANDSHAKE_MS = 5_000;

const OBJECTS = [app('1'), db()];
const OBJECT = workloadJson({ spec: APP_AND_DB });

function target({ port, pair }: Listening): Omit<Target, 'agent'> {
  return { port, ca: pair.authority };
}

const CROWD = 1_000;
/** Connections that are made at once: a handshake may take 5 s, and a thousand of them take longer on a busy machine. */
const BATCH = 100;

t.test('a thousand reviews under way at once, on a connection each, are all answered and stamped', async (t) => {
  const api = fakeApi(OBJECTS);
  const real = handlers(api);
  const gate = Promise.withResolvers<void>();
  let entered = 0;
  const { port, pair } = await listen(t, {
    ...real,
    mutate: async (request) => {
      entered += 1;
      await gate.promise;
      return real.mutate(request);
    },
  });
  // Made once: reading the authority a thousand times would be what is measured.
  const secureContext = createSecureContext({ ca: pair.authority });
  const agent = new Agent({ keepAlive: true, maxFreeSockets: CROWD, secureContext });
  t.teardown(() => agent.destroy());
  const ask = async (number: number): Promise<{ call: Call; uid: string }> => {
    const uid = `uid-${number}`;
    return { uid, call: await call({ port, agent }, reviewJson({ uid, object: OBJECT })) };
  };

  const waiting = [];
  for (let number = 0; number < CROWD; number += 1) {
    waiting.push(ask(number));
    if (waiting.length % BATCH === 0) await eventually(async () => entered === waiting.length || undefined, PATIENCE);
  }
  gate.resolve();
  stampedAlike(t, await Promise.all(waiting));

  const began = process.cpuUsage();
  stampedAlike(t, await Promise.all(Array.from({ length: CROWD }, (_, number) => ask(number))));
  const { user, system } = process.cpuUsage(began);
  const busyMs = (user + system) / 1_000;
  t.comment(`once more, on connections that are there: ${Math.round(busyMs)} ms of a processor, clients included`);
  // Time of a processor, not of the clock: other tests may be running.
  t.ok(busyMs < TIMEOUT_MS);
  t.equal(api.open(), 0);
});

function stampedAlike(t: Test, answers: readonly { readonly call: Call; readonly uid: string }[]): void {
  const responses = answers.map(({ call }) => responseOf(call));
  t.strictSame(
    responses.map(({ uid }) => uid),
    answers.map(({ uid }) => uid),
  );
  t.ok(responses.every(({ allowed, patch }) => allowed === true && typeof patch === 'string'));
  t.equal(new Set(responses.map(({ patch }) => patch)).size, 1, 'one configuration, one stamp');
  t.equal(new Set(answers.map(({ call }) => call.port)).size, CROWD, 'a connection each');
}

/** With shorter ones in the place of the server's own timeouts. */
const impatient = (server: object): void => {
  Object.assign(server, { headersTimeout: 1_000, requestTimeout: 1_000, connectionsCheckingInterval: 100 });
};

const HEAD = 'POST /mutate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
const BODY = JSON.stringify(reviewJson({ object: OBJECT }));
const REQUEST = `${HEAD}content-length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`;

t.test(
  'three hundred clients that send a byte at a time are cut off, and reviews are answered meanwhile',
  async (t) => {
    const listening = await listen(t, { ...handlers(fakeApi(OBJECTS)), prepare: impatient });
    const slow = await Promise.all(
      [...Array(300).keys()].map((number) =>
        // In their headers, or in their body.
        open(target(listening), number % 2 === 0 ? `${HEAD}x-slow: ` : `${HEAD}content-length: 9999\r\n\r\n{"a":"`),
      ),
    );
    const drip = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write('x');
    }, 50);
    t.teardown(() => clearInterval(drip));
    const ended = Promise.all(slow.map(({ ended }) => ended));
    const [answers, ends] = await Promise.all([servedMeanwhile(listening, ended), ended]);
    served(t, answers);
    const longest = Math.max(...ends.map(({ afterMs }: Ended) => afterMs));
    t.comment(`the last was cut off after ${Math.round(longest)} ms`);
    t.ok(longest < 20_000);
  },
);

t.test('a client that has sent its request and closed its half gets the answer', async (t) => {
  const listening = await listen(t, handlers(fakeApi(OBJECTS)));
  const { socket, ended } = await open(target(listening));
  let answer = '';
  socket.on('data', (bytes) => {
    answer += String(bytes);
  });
  socket.end(REQUEST);
  t.equal((await ended).by, 'FIN');
  t.match(answer, /^HTTP\/1\.1 200 /);
  t.match(answer, UID);
});

t.test('clients that close their half within a request, or vanish, leave nothing behind', async (t) => {
  const listening = await listen(t, handlers(fakeApi(OBJECTS)));
  const halves = await Promise.all([...Array(100).keys()].map(() => open(target(listening))));
  for (const [number, { socket }] of halves.entries()) {
    const part = REQUEST.slice(0, 1 + ((number * 37) % (REQUEST.length - 1)));
    if (number % 2 === 0) socket.end(part);
    else socket.write(part, () => socket.destroy());
  }
  await Promise.all(halves.map(({ ended }) => ended));
  served(t, await servedMeanwhile(listening, sleep(200)));
  t.equal(await connections(listening), 0);
});

t.test(
  'clients that take every connection and say nothing, as if they had vanished, hold the port for the time of a handshake',
  async (t) => {
    const listening = await listen(t, handlers(fakeApi(OBJECTS)));
    const { maxConnections } = listening.app.server;
    const sockets: Socket[] = [];
    t.teardown(() => {
      for (const socket of sockets) socket.destroy();
    });
    for (let number = 0; number < maxConnections; number += 1) {
      const socket = connect({ port: listening.port, host: HOST }).on('error', () => {});
      sockets.push(socket);
      await once(socket, 'connect');
    }
    t.equal(await answered(listening), undefined, 'there is no connection left');
    const began = performance.now();
    while ((await answered(listening)) === undefined) {
      if (performance.now() - began > 4 * HANDSHAKE_MS) throw new Error('the port is held for good');
      await sleep(100);
    }
    const heldMs = performance.now() - began;
    t.comment(`held for ${Math.round(heldMs)} ms`);
    t.ok(heldMs < 2 * HANDSHAKE_MS);
  },
);

async function answered(listening: Listening): Promise<Call | undefined> {
  return call({ ...target(listening), agent: false }, reviewJson({ object: OBJECT })).catch(() => undefined);
}

interface Served {
  readonly status: number;
  readonly tookMs: number;
}

/** One review after the other, each on a connection of its own, until something has happened, and one more. */
async function servedMeanwhile(listening: Listening, happened: Promise<unknown>): Promise<readonly Served[]> {
  const answers: Served[] = [];
  let over = false;
  void happened.then(() => {
    over = true;
  });
  for (;;) {
    const last = over;
    const began = performance.now();
    const answer = await answered(listening);
    answers.push({ status: answer?.status ?? 0, tookMs: performance.now() - began });
    if (last) return answers;
  }
}

function served(t: Test, answers: readonly Served[]): void {
  const longest = Math.max(...answers.map(({ tookMs }) => tookMs));
  t.comment(`${answers.length} reviews meanwhile, the longest took ${Math.round(longest)} ms`);
  t.strictSame(
    answers.filter(({ status, tookMs }) => status !== 200 || tookMs > TIMEOUT_MS),
    [],
  );
}

function connections({ app }: Listening): Promise<number> {
  return new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
