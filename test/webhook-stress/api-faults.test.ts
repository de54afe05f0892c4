/** Reads that are slow, hang or fail: the review is answered within the budget, and allowed with a warning. */
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { ADMISSION_BUDGET_MS } from '../../core/defaults.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { secretJson, workloadJson } from '../core/build.ts';
import { APP_AND_DB } from '../core/decision-worlds.ts';
import { responseOf, reviewJson } from '../webhook/build.ts';
import { type Call, call } from '../webhook/client.ts';
import { listen } from '../webhook/listening.ts';
import { type Fault, startFaultyApi, transportTo } from './faulty-api.ts';
import { handlers } from './wired.ts';

/** `timeoutSeconds` of the webhooks as they ship. */
const TIMEOUT_MS = 3_000;

const WARNING =
  'restamp could not read the configuration in time and stamped nothing; its watcher sees to this workload';

const SECRET = JSON.stringify(secretJson('db', { password: 'hunter2' }));

const slowly = async (write: (byte: string) => boolean): Promise<void> => {
  for (const byte of SECRET.repeat(10)) {
    if (!write(byte)) return;
    await sleep(100);
  }
};

const FAULTS: Readonly<Record<string, Fault>> = {
  'that get no answer': () => {},
  'that get their headers and nothing more': (_, response) => void response.writeHead(200).write('{'),
  'that come a byte at a time': (_, response) => {
    response.writeHead(200);
    void slowly((byte) => !response.destroyed && (response.write(byte) || true));
  },
  'whose connection is reset': (request) => request.socket.destroy(),
  'whose connection is reset within the answer': (request, response) => {
    response.writeHead(200, { 'content-length': SECRET.length });
    response.write(SECRET.slice(0, 20), () => request.socket.destroy());
  },
  'that end within the JSON': (_, response) => void response.end(SECRET.slice(0, 40)),
  'that are answered with something else': (_, response) => void response.end('<html>hunter2</html>'),
  'that are sent elsewhere': (_, response) => void response.writeHead(302, { location: 'https://example.com/' }).end(),
  'that are forbidden': (_, response) => void response.writeHead(403).end('{}'),
  'that are too many': (_, response) => void response.writeHead(429, { 'retry-after': '1' }).end('{}'),
  'that fail': (_, response) => void response.writeHead(500).end('hunter2'),
  'that come at a bad time': (_, response) => void response.writeHead(503).end(),
};

for (const [name, fault] of Object.entries(FAULTS)) {
  t.test(`reads ${name}: allowed with a warning, within the budget`, async (t) => {
    const api = await startFaultyApi(t, fault);
    await unstamped(t, api.transport);
    await sleep(50);
    t.equal(api.open(), 0, 'nothing is waited for any more');
  });
}

t.test('reads that are slow and come within the budget: stamped', async (t) => {
  const api = await startFaultyApi(t, (_, response) => void setTimeout(() => response.end(SECRET), 500));
  const { response } = await reviewed(t, api.transport, '/mutate');
  t.equal(response.warnings, undefined);
  t.type(response.patch, 'string');
});

t.test(
  'an API server that takes connections and says nothing: allowed with a warning, within the budget',
  async (t) => {
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const transport = transportTo((server.address() as AddressInfo).port, '');
    t.teardown(() => transport.close());
    await unstamped(t, transport);
  },
);

t.test('no API server at all: allowed with a warning, at once', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const tookMs = await unstamped(t, transportTo(port, ''));
  t.ok(tookMs < ADMISSION_BUDGET_MS);
});

t.test('the budget is below the time that the shipped configuration gives each webhook', async (t) => {
  const manifest = await readFile('deploy/base/webhook-configuration.yaml', 'utf8');
  const timeouts = [...manifest.matchAll(/^ {4}timeoutSeconds: (\d+)$/gm)].map(
    ([, seconds]) => Number(seconds) * 1_000,
  );
  t.strictSame(timeouts, [TIMEOUT_MS, TIMEOUT_MS, TIMEOUT_MS]);
  t.ok(ADMISSION_BUDGET_MS <= TIMEOUT_MS - 1_000, 'a second is left for the way and a busy machine');
});

/** Asks all paths at once, as the API server could; resolves to how long the slowest took. */
async function unstamped(t: Test, transport: KubeTransport): Promise<number> {
  const answers = await Promise.all(
    (['/mutate', '/validate', '/validate/enforce'] as const).map((path) => reviewed(t, transport, path)),
  );
  for (const { status, response, body, tookMs } of answers) {
    t.equal(status, 200);
    t.equal(response.allowed, true);
    t.equal(response.patch, undefined);
    t.notMatch(body, /hunter2/);
    t.ok(tookMs < TIMEOUT_MS, `${Math.round(tookMs)} ms`);
  }
  t.strictSame(answers[0]?.response.warnings, [WARNING]);
  return Math.max(...answers.map(({ tookMs }) => tookMs));
}

interface Reviewed extends Call {
  readonly response: ReturnType<typeof responseOf>;
  readonly tookMs: number;
}

async function reviewed(t: Test, transport: KubeTransport, path: string): Promise<Reviewed> {
  const { port, pair } = await listen(t, handlers(transport, { budgetMs: ADMISSION_BUDGET_MS }));
  const began = performance.now();
  const review = reviewJson({ object: workloadJson({ spec: APP_AND_DB }) });
  const answer = await call({ port, ca: pair.authority, agent: false }, review, path);
  return { ...answer, response: responseOf(answer), tookMs: performance.now() - began };
}
