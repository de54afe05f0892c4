import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError, runCommand } from './command.ts';
import { duration, type Progress } from './progress.ts';
import type { BinaryStore } from './store.ts';
import { type ProgramName, VERSIONS } from './versions.ts';

export interface BuildOptions {
  readonly store: BinaryStore;
  readonly programs: readonly ProgramName[];
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** Go is not there, or too old. The message says what to install. */
export class GoMissingError extends Error {
  override readonly name = 'GoMissingError';
}

const MODULE_DIRECTORY = fileURLToPath(new URL('./binaries/', import.meta.url));

/** The main package of each program, and the name that Go gives the file. */
const PACKAGES: Readonly<Record<ProgramName, { readonly path: string; readonly file: string }>> = {
  etcd: { path: 'go.etcd.io/etcd/server/v3', file: 'server' },
  'kube-apiserver': { path: 'k8s.io/kubernetes/cmd/kube-apiserver', file: 'kube-apiserver' },
  'kube-controller-manager': { path: 'k8s.io/kubernetes/cmd/kube-controller-manager', file: 'kube-controller-manager' },
  'kube-scheduler': { path: 'k8s.io/kubernetes/cmd/kube-scheduler', file: 'kube-scheduler' },
  kwok: { path: 'sigs.k8s.io/kwok/cmd/kwok', file: 'kwok' },
  kubectl: { path: 'k8s.io/kubernetes/cmd/kubectl', file: 'kubectl' },
};

// A build that compiles nothing for this long is linking, or waits for memory: the clock still has to move.
const TICK_MS = 1000;

/**
 * Builds programs from their Go modules into the store. A build that was interrupted goes on where it stopped, because Go keeps each
 * compiled package in its own cache.
 */
export async function buildPrograms(options: BuildOptions): Promise<void> {
  const { store, programs, progress, signal } = options;
  const go = new Go(options.environment, signal);
  await go.check();
  const output = join(store.workDirectory, 'go');
  await rm(output, { recursive: true, force: true });
  const packages = programs.map((program) => PACKAGES[program].path);
  const meter = new BuildMeter(programs, progress);
  const clock = setInterval(() => meter.show(), TICK_MS);
  try {
    meter.expect(
      parseStale(
        await go.run(['list', '-deps', '-f', STALE_FORMAT, ...flags(), ...packages], (line) => meter.read(line)),
      ),
    );
    await go.run(['build', '-v', ...flags(), '-o', `${output}/`, ...packages], (line) => meter.read(line));
  } finally {
    clearInterval(clock);
    progress.end();
  }
  for (const program of programs) await store.put(program, join(output, PACKAGES[program].file), 'go');
  progress.line(`built ${programs.join(', ')} in ${duration(meter.elapsed())}`);
}

// One line for each package that Go would compile. A main package is never kept in the cache and says so.
const STALE_FORMAT = '{{if .Stale}}{{.ImportPath}} {{.StaleReason}}{{end}}';

/** Counts the packages to compile in the output of `go list` with `STALE_FORMAT`. */
export function parseStale(output: string): number {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines.filter((line) => !line.endsWith('available in build cache')).length;
}

/** Flags that decide what is compiled; `go list` needs the same ones to know what is in the cache. */
function flags(): string[] {
  const [major, minor] = VERSIONS.kubernetes.split('.');
  const values = [`gitVersion=v${VERSIONS.kubernetes}`, `gitMajor=${major}`, `gitMinor=${minor}`, 'gitTreeState=clean'];
  // Without these /version is no semantic version, and clients misbehave.
  const versions = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) =>
    values.map((value) => `-X ${path}.${value}`),
  );
  return ['-trimpath', '-buildvcs=false', '-pgo=off', '-ldflags', ['-s -w', ...versions].join(' ')];
}

/** How far a build is, from what Go prints: a line for each module it downloads and for each package it compiles. */
export class BuildMeter {
  readonly #what: string;
  readonly #progress: Progress;
  readonly #now: () => number;
  readonly #start: number;
  #modules = 0;
  #compiled = 0;
  #total: number | undefined;

  constructor(programs: readonly ProgramName[], progress: Progress, now: () => number = () => performance.now()) {
    this.#what = programs.length === 1 ? `${programs[0]}` : `${programs.length} programs`;
    this.#progress = progress;
    this.#now = now;
    this.#start = now();
  }

  /** The number of packages to compile is known: from here on lines are packages. */
  expect(total: number): void {
    this.#total = total;
    const work = total === 0 ? 'all is compiled, only linking is left' : `${total} packages to compile`;
    this.#progress.line(`building ${this.#what} with Go: ${work}${total > 1000 ? `, ${FIRST_TIME}` : ''}`);
  }

  /** Takes a line of Go's output. */
  read(line: string): void {
    if (line.startsWith('go: downloading ')) this.#modules += 1;
    else if (this.#total !== undefined && /^[\w./~-]+$/.test(line)) this.#compiled += 1;
    this.show();
  }

  /** Shows the state, also when nothing has changed but the time. */
  show(): void {
    this.#progress.update(`${this.#state()}, ${duration(this.elapsed())} so far`);
  }

  elapsed(): number {
    return this.#now() - this.#start;
  }

  #state(): string {
    if (this.#total === undefined) return `reading Go modules (${this.#modules} downloaded)`;
    // The programs' own packages come last and are not in the total: then it is only linking.
    if (this.#compiled >= this.#total) return `linking ${this.#what}`;
    const percent = Math.floor((100 * this.#compiled) / this.#total);
    return `compiling ${this.#what}: ${this.#compiled} of ${this.#total} packages (${percent} %)`;
  }
}

// Measured on 2 cores with empty caches: 10 min 13 s for Kubernetes, 13 s for etcd, and kwok on top.
const FIRST_TIME = 'up to some 11 minutes on 2 cores';

class Go {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal | undefined;

  constructor(environment: NodeJS.ProcessEnv, signal: AbortSignal | undefined) {
    // No C compiler is needed, and a go.work in a directory above must not take part.
    this.#environment = { ...environment, CGO_ENABLED: '0', GOWORK: 'off' };
    this.#signal = signal;
  }

  /** Throws a `GoMissingError` unless Go is new enough for our go.mod, or can fetch a toolchain that is. */
  async check(): Promise<void> {
    const needed = await goVersionNeeded();
    const install = `install Go ${needed} or newer from https://go.dev/dl/`;
    const installed = await this.#version(tmpdir(), { GOTOOLCHAIN: 'local' });
    if (installed === undefined) throw new GoMissingError(`Go is not installed: ${install}`);
    if (!isOlder(installed, needed)) return;
    const fetched = await this.#version(MODULE_DIRECTORY, {});
    if (fetched === undefined || isOlder(fetched, needed))
      throw new GoMissingError(`Go ${installed} is too old: ${install}`);
  }

  /** Runs Go in our module; `onLine` gets what it prints to stderr. */
  async run(args: readonly string[], onLine: (line: string) => void): Promise<string> {
    const signal = this.#signal === undefined ? {} : { signal: this.#signal };
    return await runCommand('go', args, { cwd: MODULE_DIRECTORY, environment: this.#environment, onLine, ...signal });
  }

  async #version(cwd: string, extra: NodeJS.ProcessEnv): Promise<string | undefined> {
    try {
      const environment = { ...this.#environment, ...extra };
      const signal = this.#signal === undefined ? {} : { signal: this.#signal };
      const output = await runCommand('go', ['env', 'GOVERSION'], { cwd, environment, ...signal });
      return output.trim().replace(/^go/, '');
    } catch (error) {
      if (error instanceof CommandError) return undefined;
      throw error;
    }
  }
}

/** The version in the `go` line of our go.mod. */
export async function goVersionNeeded(): Promise<string> {
  const [, version] = /^go (\S+)$/m.exec(await readFile(join(MODULE_DIRECTORY, 'go.mod'), 'utf8')) ?? [];
  if (version === undefined) throw new Error('binaries/go.mod has no go line');
  return version;
}

/** Compares Go versions such as 1.26.0 and 1.27rc1, number by number. */
export function isOlder(version: string, than: string): boolean {
  const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);
  const [left, right] = [numbers(version), numbers(than)];
  for (const [index, number] of right.entries()) {
    const difference = (left[index] ?? 0) - number;
    if (difference !== 0) return difference < 0;
  }
  return false;
}
