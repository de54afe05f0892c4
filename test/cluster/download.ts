import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

/**
 * Why a download failed: `unreachable` no answer at all, so other files of that host need not be tried; `refused` an answer that
 * will not change (404); `damaged` the wrong bytes, again and again; `cut` the connection ended early, again and again.
 */
export type DownloadFailure = 'unreachable' | 'refused' | 'damaged' | 'cut';

export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  readonly failure: DownloadFailure;

  constructor(failure: DownloadFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

export interface Download {
  readonly url: string;
  readonly path: string;
  readonly sha256: string;
  /** Told how much there is so far, of how much. */
  readonly progress?: (received: number, total: number | undefined) => void;
  readonly signal?: AbortSignal;
}

// An open network answers within a second; a closed one often says nothing at all, and building is the way out.
const ANSWER_TIMEOUT_MS = 5000;
// No byte for this long is a broken connection.
const STALL_TIMEOUT_MS = 30_000;
const ATTEMPTS = 3;
// Release files answer with one or two redirects to a content store.
const MOST_REDIRECTS = 5;

/** Fetches a small text. */
export async function fetchText(url: string, signal?: AbortSignal): Promise<string> {
  const response = await open(url, {}, signal);
  if (response.statusCode !== 200) throw refused(url, response);
  try {
    return await text(response);
  } catch (error) {
    signal?.throwIfAborted();
    throw new DownloadError('cut', `${url} was cut off: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Fetches a file and puts it at `path` once its checksum is right. What has arrived stays in `path.part`: a transfer that was cut,
 * now or in an earlier run, goes on from there.
 */
export async function download(wanted: Download): Promise<void> {
  const part = `${wanted.path}.part`;
  let failure: DownloadError | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    failure = await attemptDownload(wanted, part);
    if (failure === undefined) return await rename(part, wanted.path);
    if (failure.failure === 'unreachable' || failure.failure === 'refused') throw failure;
    wanted.signal?.throwIfAborted();
  }
  throw failure ?? new Error('no attempt was made');
}

async function attemptDownload(wanted: Download, part: string): Promise<DownloadError | undefined> {
  try {
    await receive(wanted, part);
  } catch (error) {
    wanted.signal?.throwIfAborted();
    if (error instanceof DownloadError) return error;
    return new DownloadError('cut', `${wanted.url} was cut off: ${(error as Error).message}`, { cause: error });
  }
  const actual = await sha256Of(part);
  if (actual === wanted.sha256) return undefined;
  // What is wrong cannot be continued.
  await rm(part, { force: true });
  return new DownloadError('damaged', `${wanted.url} has the SHA-256 ${actual} instead of ${wanted.sha256}`);
}

async function receive({ url, progress, signal }: Download, part: string): Promise<void> {
  const { size: present } = await stat(part).catch(() => ({ size: 0 }));
  const response = await open(url, present > 0 ? { range: `bytes=${present}-` } : {}, signal);
  if (response.statusCode === 416) {
    // Nothing after what is there: it is complete, or longer than it should be. The checksum decides.
    response.resume();
    return;
  }
  if (response.statusCode !== 200 && response.statusCode !== 206) throw refused(url, response);
  const start = response.statusCode === 206 ? present : 0;
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  const total = Number.isNaN(length) ? undefined : start + length;
  let received = start;
  response.on('data', (chunk: Buffer) => {
    received += chunk.length;
    progress?.(received, total);
  });
  response.setTimeout(STALL_TIMEOUT_MS, () => response.destroy(new Error(`no data for ${STALL_TIMEOUT_MS / 1000} s`)));
  await pipeline(response, createWriteStream(part, { flags: start > 0 ? 'a' : 'w' }), { ...(signal && { signal }) });
  if (total !== undefined && received < total) throw new Error(`${received} of ${total} bytes`);
}

/** The answer to a GET, after redirects. Proxy variables are followed here: this traffic leaves the machine. */
async function open(url: string, headers: Record<string, string>, signal?: AbortSignal): Promise<IncomingMessage> {
  let address = url;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const response = await get(address, headers, signal);
    const { location } = response.headers;
    const { statusCode = 0 } = response;
    if (statusCode < 300 || statusCode >= 400 || location === undefined) return response;
    response.resume();
    address = new URL(location, address).href;
  }
  throw new DownloadError('refused', `${url} redirects more than ${MOST_REDIRECTS} times`);
}

function get(url: string, headers: Record<string, string>, signal?: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const secure = url.startsWith('https:');
  const agent = secure ? new HttpsAgent({ proxyEnv: process.env }) : new HttpAgent({ proxyEnv: process.env });
  const options = { agent, headers: { 'user-agent': 'restamp-cluster', ...headers }, ...(signal && { signal }) };
  const request = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
    clearTimeout(timer);
    resolve(response);
  });
  const timer = setTimeout(
    () => request.destroy(new Error(`no answer in ${ANSWER_TIMEOUT_MS / 1000} s`)),
    ANSWER_TIMEOUT_MS,
  );
  request.on('error', (error) => {
    clearTimeout(timer);
    if (signal?.aborted === true) reject(signal.reason);
    else reject(new DownloadError(failureOf(error), `${new URL(url).host}: ${error.message}`, { cause: error }));
  });
  request.end();
  return promise;
}

/** A connection that was made and dropped may hold the next time; one that could not be made will not. */
function failureOf(error: NodeJS.ErrnoException): DownloadFailure {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'cut' : 'unreachable';
}

function refused(url: string, response: IncomingMessage): DownloadError {
  response.resume();
  const { statusCode = 0 } = response;
  // A server in trouble may recover by the next attempt.
  return new DownloadError(statusCode >= 500 ? 'cut' : 'refused', `${url} answered ${statusCode}`);
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
