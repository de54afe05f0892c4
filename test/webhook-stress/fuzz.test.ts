/**
 * Anything at all is sent to the webhook: it answers with a valid review or a 4xx, and lives. FUZZ_SEED and FUZZ_RUNS
 * have it try others, and more.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createConnection } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { secretJson } from '../core/build.ts';
import { app, db } from '../core/decision-worlds.ts';
import { post, reviewJson } from '../webhook/build.ts';
import { call } from '../webhook/client.ts';
import { fakeApi } from '../webhook/fake-api.ts';
import { listen } from '../webhook/listening.ts';
import { disturb, random } from './bytes.ts';
import { disturbed, review } from './reviews.ts';
import { faultOf, PATHS, type Path } from './verify.ts';
import { handlers, wired } from './wired.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const RUNS = Number(process.env.FUZZ_RUNS ?? 1_000);

const API = fakeApi([app('1'), db(), secretJson('app', { a: '1' })]);
const { app: server, crashes } = wired(API);
t.teardown(() => server.close());

const path = fc.constantFrom(...PATHS);

async function judged(path: Path, body: string | Buffer, headers?: Readonly<Record<string, string>>): Promise<string> {
  const answer = await post(server, { path, body, ...(headers && { headers }) });
  const fault = faultOf({ path, sent: String(body), status: answer.statusCode, answer: answer.body });
  if (fault !== undefined) throw new Error(fault);
  if (crashes.length > 0) throw crashes[0];
  return summaryOf(answer);
}

/** `200 patched`, `200 denied`, `200` or `400`: what the random reviews are good for shows in how often each is seen. */
function summaryOf({ statusCode, body }: { readonly statusCode: number; readonly body: string }): string {
  const what = body.includes('"patchType"') ? ' patched' : body.includes('"allowed":false') ? ' denied' : '';
  return `${statusCode}${what}`;
}

const KINDS_OF_JSON: readonly {
  readonly name: string;
  readonly arbitrary: fc.Arbitrary<unknown>;
  /** Each has to be seen, or the property would say nothing. */
  readonly seen: readonly string[];
}[] = [
  { name: 'every review in order', arbitrary: review, seen: ['200', '200 patched', '200 denied'] },
  {
    name: 'every review with something else in places',
    arbitrary: disturbed,
    seen: ['200', '200 patched', '200 denied', '400'],
  },
  { name: 'every JSON', arbitrary: fc.jsonValue(), seen: ['400'] },
];

for (const { name, arbitrary, seen: wanted } of KINDS_OF_JSON) {
  t.test(
    `${name} gets a valid answer or a 4xx, is not denied, and a patch is of restamp's annotations alone`,
    async (t) => {
      const seen = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(path, arbitrary, async (path, json) => {
          const status = await judged(path, JSON.stringify(json));
          seen.set(status, (seen.get(status) ?? 0) + 1);
        }),
        { seed: SEED, numRuns: RUNS },
      );
      t.comment(JSON.stringify(Object.fromEntries(seen)));
      t.strictSame(
        wanted.filter((what) => !seen.has(what)),
        [],
      );
    },
  );
}

t.test('the same review with no annotation of restamp’s is denied by nobody', async (t) => {
  const foreign = review.map((json) => JSON.stringify(json).replaceAll('restamp.dev/', 'example.com/'));
  await fc.assert(
    fc.asyncProperty(foreign, async (body) => {
      const { body: answer } = await post(server, { path: '/validate/enforce', body });
      if (answer.includes('"allowed":false')) throw new Error(answer);
    }),
    { seed: SEED, numRuns: RUNS },
  );
  t.pass();
});

const SENT = [reviewJson(), ...fc.sample(review, { seed: SEED, numRuns: 50 })].map((json) => JSON.stringify(json));

t.test('reviews with bytes flipped, lost, doubled and moved get a valid answer or a 4xx', async (t) => {
  const chance = random(SEED);
  const seen = new Map<string, number>();
  for (let run = 0; run < RUNS; run += 1) {
    const whole = Buffer.from(SENT[run % SENT.length] ?? '');
    const status = await judged(PATHS[run % PATHS.length] ?? '/mutate', disturb(whole, chance));
    seen.set(status, (seen.get(status) ?? 0) + 1);
  }
  t.comment(JSON.stringify(Object.fromEntries(seen)));
  t.ok(seen.has('200 patched') && seen.has('400'), 'some are still reviews, and some are not');
});

t.test('any content type, encoding and length said of a body gets a valid answer or a 4xx', async (t) => {
  const text = fc.oneof(
    fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/plain', 'a/b', '', 'gzip', '-1', '0'),
    fc.stringMatching(/^[ -~]*$/),
  );
  const named = fc.constantFrom('content-type', 'content-encoding', 'accept', 'x-forwarded-for', 'cookie', 'expect');
  await fc.assert(
    fc.asyncProperty(path, fc.dictionary(named, text), async (path, headers) => {
      await judged(path, SENT[0] ?? '', headers);
    }),
    { seed: SEED, numRuns: Math.ceil(RUNS / 2) },
  );
  t.pass();
});

/** A request as bytes on a connection, and all that comes back until it is closed. */
async function exchange(port: number, bytes: Buffer): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  let answer = '';
  socket.setEncoding('latin1');
  socket.on('data', (text) => {
    answer += text;
  });
  socket.on('error', () => {});
  socket.end(bytes);
  await once(socket, 'close');
  return answer;
}

t.test(
  'any bytes in the place of a request get a 200, a 4xx or a closed connection, and the next one is answered',
  async (t) => {
    const plain = wired(API);
    t.teardown(() => plain.app.close());
    await plain.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = plain.app.server.address() as AddressInfo;
    const chance = random(SEED);
    const seen = new Map<string, number>();
    for (let run = 0; run < RUNS / 2; run += 1) {
      const body = SENT[0] ?? '';
      const head = `POST /mutate?timeout=3s HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`;
      // Most of the damage where it is new: the lines before the body.
      const bytes = Buffer.concat([disturb(Buffer.from(head), chance), Buffer.from(body)]);
      const status = /^HTTP\/1\.1 (\d+) /.exec(await exchange(port, bytes))?.[1] ?? 'closed';
      seen.set(status, (seen.get(status) ?? 0) + 1);
    }
    t.comment(JSON.stringify(Object.fromEntries(seen)));
    t.strictSame(
      [...seen.keys()].filter((status) => !/^(200|4\d\d|closed)$/.test(status)),
      [],
    );
    t.strictSame(plain.crashes, []);
    t.equal((await post(plain.app, { body: SENT[0] ?? '' })).statusCode, 200);
  },
);

t.test('any bytes in the place of a TLS handshake end that connection and no other', async (t) => {
  const { port, pair } = await listen(t, handlers(API));
  const chance = random(SEED);
  // The beginning of a ClientHello, so that some get further than the first byte.
  const hello = Buffer.from('16030100c8010000c40303', 'hex');
  for (let run = 0; run < RUNS / 10; run += 1) {
    const noise = Buffer.from(Array.from({ length: 200 }, () => Math.floor(chance() * 256)));
    const socket = createConnection({ port, host: '127.0.0.1' }).on('error', () => {});
    socket.resume().end(run % 2 === 0 ? noise : Buffer.concat([hello, noise]));
    await once(socket, 'close');
  }
  t.equal((await call({ port, ca: pair.authority, agent: false })).status, 200);
});
