import { access, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { type Download, download, fetchText } from '../download.ts';
import { CLOSED, type Handler, localServer, sha256, temporaryDirectory } from './support.ts';

const CONTENT = Buffer.from('0123456789'.repeat(20_000));

/** Serves CONTENT with ranges, as release servers do. */
const serve: Handler = (request, response) => {
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(from ?? 0);
  if (start >= CONTENT.length) return void response.writeHead(416).end();
  response.writeHead(from === undefined ? 200 : 206, { 'content-length': CONTENT.length - start });
  response.end(CONTENT.subarray(start));
};

/** Promises everything, sends the first half and hangs up. */
function cutOff(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': CONTENT.length });
  response.write(CONTENT.subarray(0, CONTENT.length / 2), () => setTimeout(() => response.destroy(), 100));
}

async function wanted(t: Parameters<typeof temporaryDirectory>[0], url: string): Promise<Download> {
  return { url: `${url}/file`, path: join(await temporaryDirectory(t), 'file'), sha256: sha256(CONTENT) };
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

t.test('a file with the right checksum arrives whole, and nothing else stays', async (t) => {
  const { url, requests } = await localServer(t, serve);
  const file = await wanted(t, url);
  await download(file);
  t.ok((await readFile(file.path)).equals(CONTENT));
  t.notOk(await exists(`${file.path}.part`));
  t.equal(requests.length, 1);
});

t.test('a file with a wrong checksum is refused, however often it comes', async (t) => {
  const { url, requests } = await localServer(t, serve);
  const file = { ...(await wanted(t, url)), sha256: sha256('something else') };
  await t.rejects(download(file), { failure: 'damaged', message: /has the SHA-256 [0-9a-f]{64} instead of/ });
  t.notOk(await exists(file.path));
  t.notOk(await exists(`${file.path}.part`));
  t.equal(requests.length, 3);
});

t.test('a transfer that is cut off goes on where it stopped', async (t) => {
  const ranges: (string | undefined)[] = [];
  const { url } = await localServer(t, (request, response) => {
    ranges.push(request.headers.range);
    if (ranges.length === 1) cutOff(response);
    else serve(request, response);
  });
  const file = await wanted(t, url);
  await download(file);
  t.ok((await readFile(file.path)).equals(CONTENT));
  t.strictSame(ranges, [undefined, `bytes=${CONTENT.length / 2}-`]);
});

t.test('a transfer that is always cut off fails, and a later run needs only the rest', async (t) => {
  let healthy = false;
  const ranges: (string | undefined)[] = [];
  const { url } = await localServer(t, (request, response) => {
    ranges.push(request.headers.range);
    if (healthy) serve(request, response);
    else if (request.headers.range === undefined) cutOff(response);
    else response.destroy();
  });
  const file = await wanted(t, url);
  await t.rejects(download(file), { failure: 'cut', message: /hang up|ECONNRESET/ });
  t.equal(ranges.length, 3);
  t.notOk(await exists(file.path));
  healthy = true;
  await download(file);
  t.ok((await readFile(file.path)).equals(CONTENT));
  t.equal(ranges.at(-1), `bytes=${CONTENT.length / 2}-`);
});

t.test('an interrupted download is continued by the next', async (t) => {
  let hold = true;
  const { url } = await localServer(t, (request, response) => {
    if (!hold) return serve(request, response);
    response.writeHead(200, { 'content-length': CONTENT.length });
    response.write(CONTENT.subarray(0, 1000));
  });
  const file = await wanted(t, url);
  const controller = new AbortController();
  const progress = (): void => void setTimeout(() => controller.abort(new Error('interrupted')), 100);
  await t.rejects(download({ ...file, progress, signal: controller.signal }), { message: 'interrupted' });
  t.equal((await readFile(`${file.path}.part`)).length, 1000);
  hold = false;
  await download(file);
  t.ok((await readFile(file.path)).equals(CONTENT));
});

t.test('a server without ranges sends the whole file again', async (t) => {
  const { url } = await localServer(t, (_, response) => response.writeHead(200).end(CONTENT));
  const file = await wanted(t, url);
  await writeFile(`${file.path}.part`, CONTENT.subarray(0, 5000));
  await download(file);
  t.ok((await readFile(file.path)).equals(CONTENT));
});

t.test('a damaged beginning from an earlier run is thrown away and fetched again', async (t) => {
  const { url, requests } = await localServer(t, serve);
  const file = await wanted(t, url);
  await writeFile(`${file.path}.part`, 'x'.repeat(5000));
  await download(file);
  t.ok((await readFile(file.path)).equals(CONTENT));
  t.equal(requests.length, 2);
});

t.test('a beginning that is longer than the file is thrown away too', async (t) => {
  const { url } = await localServer(t, serve);
  const file = await wanted(t, url);
  await writeFile(`${file.path}.part`, 'x'.repeat(CONTENT.length + 1));
  await download(file);
  t.ok((await readFile(file.path)).equals(CONTENT));
});

t.test('a file that is not there is asked for once', async (t) => {
  const { url, requests } = await localServer(t, (_, response) => response.writeHead(404).end());
  await t.rejects(download(await wanted(t, url)), { failure: 'refused', message: `${url}/file answered 404` });
  t.equal(requests.length, 1);
});

t.test('a server in trouble is asked again', async (t) => {
  let answers = 0;
  const { url } = await localServer(t, (request, response) => {
    answers += 1;
    if (answers < 3) response.writeHead(503).end();
    else serve(request, response);
  });
  const file = await wanted(t, url);
  await download(file);
  t.equal(answers, 3);
});

t.test('redirects are followed', async (t) => {
  const store = await localServer(t, serve);
  const { url } = await localServer(t, (_, response) =>
    response.writeHead(302, { location: `${store.url}/there` }).end(),
  );
  const file = await wanted(t, url);
  await download(file);
  t.strictSame(store.requests, ['/there']);
});

t.test('a host at which nothing listens is unreachable', async (t) => {
  await t.rejects(download(await wanted(t, CLOSED)), { failure: 'unreachable', message: /^127\.0\.0\.1:9: / });
});

t.test('a host that says nothing is given up after five seconds', async (t) => {
  const { url } = await localServer(t, () => {});
  const start = performance.now();
  await t.rejects(fetchText(`${url}/sums`), { failure: 'unreachable', message: /no answer in 5 s/ });
  t.ok(performance.now() - start < 15_000);
});
