import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findBinaries } from '../binaries.ts';
import type { Cluster } from '../cluster.ts';
import { PROGRAMS } from '../versions.ts';

const run = promisify(execFile);

/** What these helpers need of a tap test. */
interface Test {
  teardown(work: () => unknown): void;
  comment(text: string): void;
}

/** An empty directory for one test. */
export async function temporaryDirectory(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'restamp-cluster-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

/** The path of a file in fixtures/. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
}

export const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A local HTTP server; `requests` are the paths that were asked for. */
export async function localServer(t: Test, handler: Handler): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** An address at which nothing listens. Port 9 (discard) is closed on any machine of today. */
export const CLOSED = 'http://127.0.0.1:9';

export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Writes a directory with every program but the left-out ones; each file says what it is. */
export async function writePrograms(directory: string, leftOut: readonly string[] = []): Promise<void> {
  await mkdir(directory, { recursive: true });
  const programs = PROGRAMS.filter((program) => !leftOut.includes(program));
  await Promise.all(
    programs.map((program) => writeFile(join(directory, program), `named ${program}`, { mode: 0o755 })),
  );
}

/** A directory for PATH in which `go` is fixtures/go.sh, beside the system's own tools. */
export async function fakeGo(t: Test): Promise<{ PATH: string; FAKE_GO_JOURNAL: string }> {
  const directory = await temporaryDirectory(t);
  await copyFile(fixture('go.sh'), join(directory, 'go'));
  await chmod(join(directory, 'go'), 0o755);
  return { PATH: `${directory}:/usr/bin:/bin`, FAKE_GO_JOURNAL: join(directory, 'journal') };
}

/** A directory with the real programs, found or made as for any user. */
export async function realPrograms(t: Test): Promise<string> {
  return dirname((await findBinaries({ report: (line) => t.comment(line) })).kubectl);
}

/** The processes that have a text in their command line, without this one. */
export async function processesWith(text: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,stat=,args=']);
  const lines = stdout.split('\n').map((line) => line.trim());
  // A zombie has ended; its command line is in brackets.
  return lines.filter((line) => line.includes(text) && !line.startsWith(`${process.pid} `) && !/^\d+ Z/.test(line));
}

/** Waits until a question has the answer true; false when it does not within the deadline. */
export async function comesTrue(question: () => Promise<boolean>, deadlineMs = 15_000): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  while (!(await question())) {
    if (performance.now() > end) return false;
    await sleep(50);
  }
  return true;
}

export interface Script {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** The next line of its stdout or stderr that has a text. */
  line(text: string): Promise<string>;
  readonly output: readonly string[];
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Runs a script with this Node. It is killed at the end of the test if it still runs. */
export function runScript(t: Test, path: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Script {
  const child = spawn(process.execPath, [path, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
  });
  t.teardown(() => child.kill('SIGKILL'));
  const output: string[] = [];
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', (line) => output.push(line));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const line = async (text: string): Promise<string> => {
    await comesTrue(async () => output.some((candidate) => candidate.includes(text)), 90_000);
    const found = output.find((candidate) => candidate.includes(text));
    if (found === undefined) throw new Error(`no line with "${text}" in:\n${output.join('\n')}`);
    return found;
  };
  return { pid: child.pid ?? 0, kill: (signal) => void child.kill(signal), line, output, ended };
}

/** The pod names, phases and such: kubectl's JSONPath. */
export async function jsonPath(cluster: Pick<Cluster, 'kubectl'>, path: string, ...args: string[]): Promise<string> {
  return (await cluster.kubectl(['get', ...args, '-o', `jsonpath=${path}`])).stdout;
}
