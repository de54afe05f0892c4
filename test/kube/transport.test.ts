/** The transport against a local HTTPS server: what goes over the wire, and what comes of trouble on it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { KubeConfig } from '@kubernetes/client-node';
import t, { type Test } from 'tap';
import { makeSelfSignedPair } from '../../certs/authority.ts';
import { systemClock } from '../../kube/clock.ts';
import { KubeError } from '../../kube/error.ts';
import { createTransport, type KubeTransport } from '../../kube/transport.ts';
import { collect } from './collect.ts';

const TOKEN = 'token-of-the-test';
const VALUE = 'hunter2';

const pair = await makeSelfSignedPair(['localhost', '127.0.0.1', '::1'], systemClock);

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

interface Peer {
  readonly transport: KubeTransport;
  readonly requests: IncomingMessage[];
  readonly sockets: Socket[];
}

/** A server for one test, and a transport to it. */
async function serve(t: Test, handler: Handler, { host = '127.0.0.1', base = '' } = {}): Promise<Peer> {
  const requests: IncomingMessage[] = [];
  const sockets: Socket[] = [];
  const server = createServer({ cert: pair.certificate, key: pair.key }, (request, response) => {
    requests.push(request);
    handler(request, response);
  });
  server.on('secureConnection', (socket: Socket) => sockets.push(socket));
  const port = await listen(server, host);
  const address = host.includes(':') ? `[${host}]` : host;
  const transport = createTransport(kubeConfig(`https://${address}:${port}${base}`), 'restamp-test/1');
  t.teardown(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
  });
  return { transport, requests, sockets };
}

function listen(server: Server, host: string): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, host, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : 0);
    });
  });
}

function kubeConfig(server: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server, caData: Buffer.from(pair.authority).toString('base64') }],
    users: [{ name: 'u', token: TOKEN }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  return config;
}

const answer =
  (body: unknown): Handler =>
  (_request, response) => {
    response.end(JSON.stringify(body));
  };

const get = { method: 'GET', path: '/api/v1/namespaces/shop/secrets/db' } as const;

async function failure(promise: Promise<unknown>): Promise<KubeError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof KubeError) return error;
    throw error;
  }
  throw new Error('it was to fail, and did not');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await collect(request)).toString();
}

t.test('twenty requests in a row share one connection', async (t) => {
  const { transport, requests, sockets } = await serve(t, answer({}));
  for (let n = 0; n < 20; n += 1) await transport.request(get);
  t.equal(requests.length, 20);
  t.equal(sockets.length, 1);
});

t.test('a stream and the requests beside it share the rest of the connections', async (t) => {
  const { transport, sockets } = await serve(t, (request, response) => {
    if (request.url?.includes('watch')) response.write('line\n');
    else response.end('{}');
  });
  for await (const _ of transport.stream({ ...get, query: { watch: 'true' } })) {
    await transport.request(get);
    await transport.request(get);
    break;
  }
  t.equal(sockets.length, 2);
});

t.test('a request carries token, user agent, query and what it accepts', async (t) => {
  const { transport, requests } = await serve(t, answer({ kind: 'Secret' }));
  const query = { fieldSelector: 'type!=helm.sh/release.v1', limit: '500' };
  t.strictSame(await transport.request({ ...get, query, accept: 'application/json;as=Table' }), { kind: 'Secret' });
  t.equal(requests[0]?.url, `${get.path}?fieldSelector=type%21%3Dhelm.sh%2Frelease.v1&limit=500`);
  t.match(requests[0]?.headers, {
    authorization: `Bearer ${TOKEN}`,
    'user-agent': 'restamp-test/1',
    accept: 'application/json;as=Table',
  });
  t.notMatch(requests[0]?.headers, { 'content-type': /./ });
});

t.test('a request accepts JSON unless it says otherwise', async (t) => {
  const { transport, requests } = await serve(t, answer({}));
  await transport.request(get);
  t.equal(requests[0]?.headers.accept, 'application/json');
});

t.test('a body goes out as JSON, of the type the request names', async (t) => {
  const bodies: string[] = [];
  const { transport, requests } = await serve(t, (request, response) => {
    bodyOf(request).then((body) => {
      bodies.push(body);
      response.end('{}');
    }, t.threw);
  });
  await transport.request({ ...get, method: 'PATCH', body: { a: 'ä' }, contentType: 'application/merge-patch+json' });
  await transport.request({ ...get, method: 'POST', body: { a: 1 } });
  t.strictSame(bodies, ['{"a":"ä"}', '{"a":1}']);
  t.strictSame(
    requests.map(({ headers }) => headers['content-type']),
    ['application/merge-patch+json', 'application/json'],
  );
});

t.test('the body of a DELETE is part of it, and the connection stays good', async (t) => {
  const bodies: string[] = [];
  const { transport, sockets } = await serve(t, (request, response) => {
    bodyOf(request).then((body) => {
      bodies.push(body);
      response.end('{}');
    }, t.threw);
  });
  const preconditions = { uid: 'ü' };
  await transport.request({ method: 'DELETE', path: '/x', body: { preconditions } });
  await transport.request({ method: 'GET', path: '/x' });
  t.same(bodies, [JSON.stringify({ preconditions }), '']);
  t.equal(sockets.length, 1);
});

t.test('a server behind a path keeps its path', async (t) => {
  const { transport, requests } = await serve(t, answer({}), { base: '/k8s/clusters/c-1/' });
  await transport.request(get);
  t.equal(requests[0]?.url, `/k8s/clusters/c-1${get.path}`);
});

t.test('an answer without a body is undefined', async (t) => {
  const { transport } = await serve(t, (_request, response) => response.writeHead(204).end());
  t.equal(await transport.request(get), undefined);
});

t.test('a server with an IPv6 address is reached', async (t) => {
  const all = Object.values(networkInterfaces()).flat();
  if (!all.some((one) => one?.address === '::1')) {
    t.comment('this machine has no IPv6');
    return;
  }
  const { transport, requests } = await serve(t, answer({}), { host: '::1' });
  await transport.request(get);
  t.match(requests[0]?.headers.host, /^\[::1\]:\d+$/);
});

t.test('http:// is refused, with a text that says why', (t) => {
  t.throws(() => createTransport(kubeConfig('http://127.0.0.1:8080'), 'test'), {
    message: "the kubeconfig's server is http://127.0.0.1:8080: restamp speaks https:// only",
  });
  t.end();
});

t.test('a kubeconfig without a current cluster is refused, with a text that says why', (t) => {
  t.throws(() => createTransport(new KubeConfig(), 'test'), {
    message: 'the kubeconfig has no current cluster: set current-context',
  });
  t.end();
});

t.test('a server that the authority does not vouch for is not spoken to', async (t) => {
  const { transport, requests } = await serve(t, answer({}));
  const strangers = await makeSelfSignedPair(['127.0.0.1'], systemClock);
  const impostor = createServer({ cert: strangers.certificate, key: strangers.key }, answer({ token: 'wanted' }));
  const port = await listen(impostor, '127.0.0.1');
  t.teardown(() => impostor.close());
  const misled = createTransport(kubeConfig(`https://127.0.0.1:${port}`), 'test');
  t.match(await failure(misled.request(get)), { status: 0, reason: /SIGNATURE|CERT|VERIFY/ });
  await transport.request(get);
  t.equal(requests.length, 1);
});

t.test('an error carries request, status and reason, and never the body', async (t) => {
  const status = { kind: 'Status', reason: 'Invalid', message: `${VALUE} is not valid`, details: { name: VALUE } };
  const { transport } = await serve(t, (_request, response) => {
    response.writeHead(422).end(JSON.stringify(status));
  });
  const error = await failure(transport.request(get));
  t.equal(error.message, `GET ${get.path}: 422 Invalid`);
  t.match(error, { status: 422, reason: 'Invalid', retryAfterMs: undefined });
  t.notMatch(`${error.stack}${JSON.stringify(error)}`, VALUE);
});

t.test('an error whose body is no Status has a status and no reason', async (t) => {
  const { transport } = await serve(t, (_request, response) => response.writeHead(502).end(`<html>${VALUE}`));
  t.equal((await failure(transport.request(get))).message, `GET ${get.path}: 502`);
});

t.test('Retry-After is seconds, and anything else is passed over', async (t) => {
  const given = ['7', 'Wed, 21 Oct 2015 07:28:00 GMT', '-1', ''];
  const { transport } = await serve(t, (_request, response) => {
    response.writeHead(429, { 'retry-after': given.shift() ?? '' }).end('{"reason":"TooManyRequests"}');
  });
  const waits: unknown[] = [];
  for (const _ of [...given]) waits.push((await failure(transport.request(get))).retryAfterMs);
  t.strictSame(waits, [7_000, undefined, undefined, undefined]);
});

t.test('a redirect is an error, not a way to take the token elsewhere', async (t) => {
  const { transport, requests } = await serve(t, (_request, response) => {
    response.writeHead(302, { location: 'https://127.0.0.1:1/' }).end();
  });
  t.match(await failure(transport.request(get)), { status: 302 });
  t.equal(requests.length, 1);
});

t.test('JSON that is cut off is an error that quotes nothing', async (t) => {
  const cut = `{"data":{"password":"${VALUE}`;
  const { transport } = await serve(t, (_request, response) => response.end(cut));
  const error = await failure(transport.request(get));
  t.match(error, { status: 0, reason: 'SyntaxError' });
  t.notMatch(`${error.stack}${error.cause}`, VALUE);
});

t.test('an answer whose connection breaks is an error that quotes nothing', async (t) => {
  const { transport } = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write(`{"data":{"password":"${VALUE}`, () => response.socket?.destroy());
  });
  const error = await failure(transport.request(get));
  t.match(error, { status: 0, reason: 'ECONNRESET' });
  t.notMatch(`${error.stack}`, VALUE);
});

t.test('a server that never answers meets the deadline of the request', async (t) => {
  const { transport } = await serve(t, () => {});
  t.match(await failure(transport.request({ ...get, timeoutMs: 20 })), { status: 0, reason: /Timeout|Abort|ABORT/ });
});

t.test('a body that never ends meets the deadline of the request', async (t) => {
  const { transport } = await serve(t, (_request, response) => void response.write('{'));
  t.match(await failure(transport.request({ ...get, timeoutMs: 50 })), { status: 0 });
});

t.test('a request ends when its signal aborts', async (t) => {
  const controller = new AbortController();
  const { transport } = await serve(t, () => controller.abort());
  t.match(await failure(transport.request({ ...get, signal: controller.signal })), { status: 0 });
});

t.test('a refused connection is an error without an answer', async (t) => {
  const server = createServer();
  const port = await listen(server, '127.0.0.1');
  await new Promise((resolve) => server.close(resolve));
  const transport = createTransport(kubeConfig(`https://127.0.0.1:${port}`), 'test');
  t.match(await failure(transport.request(get)), { status: 0, reason: 'ECONNREFUSED' });
});

t.test('a kept connection that the server has closed meanwhile is made anew, and nobody notices', async (t) => {
  const { transport, requests, sockets } = await serve(t, (request, response) => {
    // Closed without a word when it is used again, as by a load balancer that has forgotten it.
    if (requests.filter(({ socket }) => socket === request.socket).length === 1) response.end('{}');
    else request.socket.destroy();
  });
  await transport.request(get);
  t.strictSame(await transport.request(get), {});
  t.equal(sockets.length, 2);
  t.equal(requests.length, 3);
});

t.test('nobody notices either where the server has closed all connections that were kept', async (t) => {
  const { transport, requests, sockets } = await serve(t, (request, response) => {
    const used = requests.filter(({ socket }) => socket === request.socket).length;
    if (used === 1)
      setTimeout(() => response.end('{}'), 20); // Long enough for three to be under way at once.
    else request.socket.destroy();
  });
  const three = (): Promise<unknown[]> => Promise.all([1, 2, 3].map(() => transport.request(get)));
  await three();
  t.strictSame(await three(), [{}, {}, {}]);
  t.equal(sockets.length, 6);
});

t.test('a new connection that breaks is not tried again behind the back of the caller', async (t) => {
  const { transport, requests } = await serve(t, (request) => request.socket.destroy());
  t.match(await failure(transport.request(get)), { status: 0, reason: 'ECONNRESET' });
  t.equal(requests.length, 1);
});

t.test('a stream yields bytes as they come, and ends with the answer', async (t) => {
  const { promise: seen, resolve } = Promise.withResolvers<void>();
  const { transport } = await serve(t, (_request, response) => {
    response.write('one\n');
    seen.then(() => response.end('two\n'), t.threw);
  });
  const chunks: string[] = [];
  for await (const chunk of transport.stream(get)) {
    chunks.push(chunk.toString());
    resolve();
  }
  t.strictSame(chunks, ['one\n', 'two\n']);
});

t.test('a stream is open when its head has come, though nothing comes yet', async (t) => {
  const { transport } = await serve(t, (_request, response) => response.flushHeaders());
  const { promise: open, resolve: onOpen } = Promise.withResolvers<void>();
  const stopping = new AbortController();
  const reading = failure(collect(transport.stream({ ...get, signal: stopping.signal, onOpen })));
  await open;
  stopping.abort();
  t.match(await reading, { status: 0 });
});

t.test('a stream that is refused is an error with status and reason, and was never open', async (t) => {
  const { transport } = await serve(t, (_request, response) => {
    response.writeHead(410).end('{"reason":"Expired"}');
  });
  const onOpen = (): void => {
    t.fail('it was refused');
  };
  t.match(await failure(collect(transport.stream({ ...get, onOpen }))), { status: 410, reason: 'Expired' });
});

t.test('a stream that breaks off is an error', async (t) => {
  const { transport } = await serve(t, (_request, response) => {
    response.write('one\n', () => response.socket?.destroy());
  });
  t.match(await failure(collect(transport.stream(get))), { status: 0, reason: 'ECONNRESET' });
});

t.test('the deadline of a stream ends with its head: later it may be silent', async (t) => {
  const { promise: quiet, resolve } = Promise.withResolvers<void>();
  const { transport } = await serve(t, (request, response) => {
    if (request.url?.includes('warm')) {
      response.end('{}');
      return;
    }
    response.flushHeaders();
    quiet.then(() => response.end('late\n'), t.threw);
  });
  await transport.request({ ...get, query: { warm: 'true' } }); // The handshake is not to count.
  const reading = collect(transport.stream({ ...get, timeoutMs: 200 }));
  setTimeout(resolve, 300);
  t.equal(Buffer.concat(await reading).toString(), 'late\n');
});

t.test('a stream leaves no timer behind, opened or not', async (t) => {
  const { transport } = await serve(t, (request, response) => {
    response.writeHead(request.url?.includes('refuse') ? 500 : 200).end();
  });
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  await collect(transport.stream(get));
  t.equal(timers(), before);
  await failure(collect(transport.stream({ ...get, query: { refuse: 'true' } })));
  t.equal(timers(), before);
});

t.test('a stream without a head meets the deadline', async (t) => {
  const { transport } = await serve(t, () => {});
  t.match(await failure(collect(transport.stream({ ...get, timeoutMs: 20 }))), { status: 0 });
});

t.test('a stream that its reader leaves is closed at once', async (t) => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { transport } = await serve(t, (_request, response) => {
    response.on('close', resolve);
    response.write('one\n');
  });
  for await (const _ of transport.stream(get)) break;
  await closed;
  t.pass('the server saw it close');
});

t.test('close ends every connection', async (t) => {
  const { transport, sockets } = await serve(t, answer({}));
  await transport.request(get);
  const [socket] = sockets;
  const ended = new Promise((resolve) => socket?.once('close', resolve));
  transport.close();
  await ended;
  t.ok(socket?.destroyed);
});
