/** The proxy itself, before a server of our own that says what the test wants. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import t, { type Test } from 'tap';
import { makeSelfSignedPair } from '../../certs/authority.ts';
import { systemClock } from '../../kube/clock.ts';
import type { KubeError } from '../../kube/error.ts';
import { createTransport, type KubeTransport } from '../../kube/transport.ts';
import { kubeconfigText } from '../cluster/kubeconfig.ts';
import { type FaultProxy, type Rule, startFaultProxy } from './proxy.ts';

const pair = await makeSelfSignedPair(['127.0.0.1'], systemClock);
const directory = await mkdtemp(join(tmpdir(), 'restamp-proxy-test-'));
t.teardown(() => rm(directory, { recursive: true, force: true }));

interface Setting {
  readonly proxy: FaultProxy;
  readonly transport: KubeTransport;
  /** `METHOD URL TOKEN` of each request that reached the server. */
  readonly seen: string[];
}

const event = (type: string, name: string): string => JSON.stringify({ type, object: { metadata: { name } } });
const LINES = [event('ADDED', 'a'), event('BOOKMARK', ''), event('MODIFIED', 'a'), event('DELETED', 'b')];

/** `GET …?watch=true` brings these lines and stays open; all else `{"ok":true}`. */
const usual: RequestListener = (request, response) => {
  if (request.url?.includes('watch=true')) response.write(`${LINES.join('\n')}\n`);
  else response.end('{"ok":true}');
};

async function setUp(t: Test, rules: readonly Rule[], seed = 1): Promise<Setting> {
  const seen: string[] = [];
  const server = createServer({ cert: pair.certificate, key: pair.key }, (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    usual(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxy = await startFaultProxy({ server: origin, ca: pair.authority, rules, seed });
  const path = join(directory, `kubeconfig-${crypto.randomUUID()}`);
  const access = { server: origin, ca: pair.authority, user: 'u', token: 'secret', cluster: 'c' };
  await writeFile(path, kubeconfigText(access));
  const config = new KubeConfig();
  config.loadFromFile(await proxy.kubeconfigFor(path));
  const transport = createTransport(config, 'restamp-test/1');
  t.teardown(async () => {
    transport.close();
    await proxy.close();
    server.closeAllConnections();
    server.close();
  });
  return { proxy, transport, seen };
}

const get = (path = '/a'): { method: 'GET'; path: string } => ({ method: 'GET', path });
const watch = { ...get('/w'), query: { watch: 'true' } };

const failure = (promise: Promise<unknown>): Promise<KubeError> =>
  promise.then(
    () => Promise.reject(new Error('it was to fail')),
    (error: KubeError) => error,
  );

/** What a watch brings until it ends, breaks, or is left after so many lines. */
async function read(transport: KubeTransport, enough = LINES.length): Promise<{ text: string; how: string }> {
  let text = '';
  try {
    for await (const chunk of transport.stream(watch)) {
      text += chunk.toString();
      if (text.split('\n').length > enough) return { text, how: 'left' };
    }
    return { text, how: 'ended' };
  } catch (error) {
    return { text, how: (error as KubeError).reason };
  }
}

t.test('without rules everything is passed on, with the token of the client', async (t) => {
  const { transport, seen, proxy } = await setUp(t, []);
  t.strictSame(await transport.request({ ...get('/a'), query: { limit: '5' } }), { ok: true });
  t.strictSame(seen, ['GET /a?limit=5 Bearer secret']);
  t.strictSame(await read(transport), { text: `${LINES.join('\n')}\n`, how: 'left' });
  t.strictSame(proxy.stats, { connections: 1, requests: 2, faults: {} });
});

t.test('an answer is given without asking the server', async (t) => {
  const fault = { type: 'answer', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 3 } as const;
  const { transport, seen } = await setUp(t, [{ fault }]);
  t.match(await failure(transport.request(get())), { status: 429, reason: 'TooManyRequests', retryAfterMs: 3_000 });
  t.strictSame(seen, []);
});

t.test('a request that is refused meets a reset', async (t) => {
  const { transport, seen } = await setUp(t, [{ fault: { type: 'refuse' } }]);
  t.match(await failure(transport.request(get())), { status: 0, reason: 'ECONNRESET' });
  t.strictSame(seen, []);
});

t.test('a request that hangs is not answered', async (t) => {
  const { transport, seen } = await setUp(t, [{ fault: { type: 'hang' } }]);
  t.match(await failure(transport.request({ ...get(), timeoutMs: 500 })), { status: 0, reason: /Timeout|ABORT/i });
  t.strictSame(seen, []);
});

t.test('an answer that is lost was given: the server has done its part', async (t) => {
  const { transport, seen } = await setUp(t, [{ fault: { type: 'lose-answer' } }]);
  t.match(await failure(transport.request({ method: 'POST', path: '/a', body: {} })), { reason: 'ECONNRESET' });
  t.equal(seen.length, 1);
});

for (const [fault, text, how] of [
  [{ type: 'reset' }, `${LINES[0]}\n`, 'ECONNRESET'],
  [{ type: 'reset', midLine: true }, `${LINES[0]}\n{"type":"BOOKMARK","object"`, 'ECONNRESET'],
  [{ type: 'half-line' }, `${LINES[0]}\n{"type":"BOOKMARK","object"`, 'ended'],
  [{ type: 'stall', forMs: 100 }, `${LINES[0]}\n`, 'ECONNRESET'],
] as const) {
  t.test(`${JSON.stringify(fault)} on the second line`, async (t) => {
    const { transport, proxy } = await setUp(t, [{ fault, after: 1, times: 1 }]);
    t.strictSame(await read(transport), { text, how });
    t.strictSame(proxy.stats.faults, { [fault.type]: 1 });
  });
}

t.test('an error comes as an event, and ends the watch', async (t) => {
  const { transport } = await setUp(t, [{ fault: { type: 'error-event', code: 410, reason: 'Expired' }, after: 1 }]);
  const { text, how } = await read(transport);
  t.match(JSON.parse(text.split('\n')[1] ?? ''), { type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  t.equal(how, 'ended');
});

t.test('lines are dropped by their type and by the name of their object', async (t) => {
  const { transport, proxy } = await setUp(t, [{ match: { event: { type: 'BOOKMARK' } }, fault: { type: 'drop' } }]);
  t.strictSame((await read(transport, 3)).text.split('\n').slice(0, 2), [LINES[0], LINES[2]]);
  proxy.script([{ match: { event: { name: 'a' } }, fault: { type: 'drop' } }]);
  t.strictSame((await read(transport, 2)).text.split('\n').slice(0, 2), [LINES[1], LINES[3]]);
});

t.test('what is late or held comes in order, and whole', async (t) => {
  const { promise: until, resolve } = Promise.withResolvers<void>();
  const { transport } = await setUp(t, [
    { fault: { type: 'delay', ms: 50 }, times: 1 },
    { fault: { type: 'hold', until }, times: 1 },
  ]);
  setTimeout(resolve, 200);
  const begun = performance.now();
  t.strictSame(await read(transport), { text: `${LINES.join('\n')}\n`, how: 'left' });
  t.ok(performance.now() - begun >= 190);
});

t.test('a rule applies where method, path, query and user agent are as it says, and nowhere else', async (t) => {
  const fault = { type: 'answer', status: 500 } as const;
  for (const [match, hits] of [
    [{ method: 'GET', path: '/a', query: { limit: '5', continue: true }, userAgent: /^restamp-test/ }, true],
    [{ path: /^\/[abc]$/ }, true],
    [{ method: 'POST' }, false],
    [{ path: '/' }, false],
    [{ query: { limit: '6' } }, false],
    [{ query: { watch: true } }, false],
    [{ userAgent: /kubectl/ }, false],
    [{ event: { type: 'ADDED' } }, false],
  ] as const) {
    const { transport } = await setUp(t, [{ match, fault }]);
    const outcome = transport.request({ ...get('/a'), query: { limit: '5', continue: 'x' } }).then(
      () => false,
      () => true,
    );
    t.equal(await outcome, hits, JSON.stringify(match));
  }
});

t.test(
  'a rule lets the first pass if told so, applies as often as told, and then leaves it to those behind it',
  async (t) => {
    const { transport } = await setUp(t, [
      { fault: { type: 'answer', status: 500 }, after: 1, times: 2 },
      { fault: { type: 'answer', status: 503 }, after: 1 },
    ]);
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      statuses.push(
        await transport.request(get()).then(
          () => 200,
          ({ status }: KubeError) => status,
        ),
      );
    }
    t.strictSame(statuses, [200, 500, 500, 503, 503]);
  },
);

t.test('with the same seed chance decides the same, path by path, in whatever order they come', async (t) => {
  const rules: Rule[] = [{ fault: { type: 'answer', status: 500 }, probability: 0.5 }];
  const outcomes = async (seed: number, paths: readonly string[]): Promise<Record<string, string>> => {
    const { transport } = await setUp(t, rules, seed);
    const all: Record<string, string> = {};
    for (const path of paths) {
      const hit = await transport.request(get(path)).then(
        () => '.',
        () => 'x',
      );
      all[path] = (all[path] ?? '') + hit;
    }
    return all;
  };
  const paths = Array.from({ length: 20 }, () => ['/a', '/b']).flat();
  const first = await outcomes(7, paths);
  t.strictSame(await outcomes(7, paths.toSorted()), first);
  t.notSame(await outcomes(8, paths), first);
  t.match(first['/a'], /x/);
  t.match(first['/a'], /\./);
});

t.test('a cut resets what is under way; a new script applies to it', async (t) => {
  const { transport, proxy } = await setUp(t, [{ match: { event: { type: 'MODIFIED' } }, fault: { type: 'stall' } }]);
  const reading = read(transport);
  await new Promise((resolve) => setTimeout(resolve, 200));
  proxy.cut();
  t.strictSame(await reading, { text: `${LINES.slice(0, 2).join('\n')}\n`, how: 'ECONNRESET' });
  proxy.script([]);
  t.equal((await read(transport)).how, 'left');
});

t.test('after a rotation clients that know the old authority are out', async (t) => {
  const { transport, proxy } = await setUp(t, []);
  await transport.request(get());
  const old = proxy.ca;
  t.not(await proxy.rotate(), old);
  proxy.cut();
  t.match(await failure(transport.request(get())), { status: 0, reason: /CERT|SIGNATURE|VERIFY/ });
});
