/**
 * A pair in a mounted directory. The kubelet swaps the symlink `..data` at once for all files; other writers write one
 * file after the other. A watch tells soon, the poll tells surely: watches get lost with the directory they are on.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../kube/clock.ts';
import type { Pair } from './pair.ts';
import { createNews, type Finding, judge, type PairListener, type PairSource, startLoop } from './source.ts';

export interface DirectoryOptions {
  readonly path: string;
  readonly clock: Clock;
  /** File names; as in a Secret of type kubernetes.io/tls if left out. */
  readonly files?: { readonly certificate: string; readonly key: string };
  readonly pollMs?: number;
}

const TLS_FILES = { certificate: 'tls.crt', key: 'tls.key' };

/** controller-runtime's certwatcher polls as often; the kubelet itself brings a changed Secret within about a minute. */
const POLL_MS = 10_000;

/** A swap by the kubelet is half a dozen events, and a script that writes two files needs a moment between them. */
const SETTLE_MS = 100;

export function directorySource(options: DirectoryOptions): PairSource {
  return { start: (signal, on) => startLoop(signal, on, (listener) => follow(options, signal, listener)) };
}

async function follow(options: DirectoryOptions, signal: AbortSignal, on: PairListener): Promise<void> {
  const { path, clock, pollMs = POLL_MS } = options;
  const tell = createNews(on, path);
  while (!signal.aborted) {
    // Listen first, then look: what changes in between is heard. A new watch each time finds a recreated directory.
    const change = new AbortController();
    const wake = (): void => change.abort();
    const watcher = watchDirectory(path, wake);
    signal.addEventListener('abort', wake, { once: true });
    const finding = await look(options);
    if (!signal.aborted) tell(finding);
    await clock.sleep(pollMs, change.signal);
    signal.removeEventListener('abort', wake);
    watcher?.close();
    if (change.signal.aborted) await clock.sleep(SETTLE_MS, signal);
  }
}

/** Undefined where there is nothing to watch, or no watch to be had (inotify's limit): then there is the poll. */
function watchDirectory(path: string, changed: () => void): FSWatcher | undefined {
  try {
    // Not persistent: it must not keep a process alive that is otherwise done.
    const watcher = watch(path, { persistent: false }, changed);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/** A second look before anything is refused: the first may have met a writer between its two files. */
async function look(options: DirectoryOptions): Promise<Finding> {
  const { clock } = options;
  const first = judge(await readPair(options), clock.now());
  if (first.found === 'good') return first;
  await clock.sleep(SETTLE_MS);
  return judge(await readPair(options), clock.now());
}

async function readPair({ path, files = TLS_FILES }: DirectoryOptions): Promise<Pair | undefined> {
  try {
    const [certificate, key] = await Promise.all(
      [files.certificate, files.key].map((file) => readFile(join(path, file), 'utf8')),
    );
    return certificate === undefined || key === undefined ? undefined : { certificate, key };
  } catch {
    return undefined;
  }
}
