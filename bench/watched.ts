/** A watcher as it ships, started in a given way, and when it has nothing more to do. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RestampProcess } from '../test/install/process.ts';
import type { Lever } from './levers.ts';

export interface Watched {
  readonly process: RestampProcess;
  /** Decisions of an outcome so far. */
  readonly decisions: (outcome: string) => number;
  /** Resolves when it has nothing more to do. */
  readonly idle: (signal: AbortSignal) => Promise<void>;
}

const LOOK_EVERY_MS = 500;

/** Settling takes a second and Kubernetes' own controllers may still be at work: longer silence than that is idleness. */
const SILENCE_MS = 8_000;

/** Adopting a thousand workloads takes half a minute on two cores. */
const DEADLINE_MS = 300_000;

export async function startWatched(directory: string, lever: Lever, kubeconfig: string): Promise<Watched> {
  const environment = Object.entries(lever.environment).map(([name, value]) => `${name}=${value}`);
  const program = ['env', ...environment, process.execPath, ...lever.flags, join(directory, 'restamp.js')];
  const args = [`--kubeconfig=${kubeconfig}`, '--bind-address=127.0.0.1', '--ops-port=0'];
  const watcher = new RestampProcess({ command: 'watcher', program, args });
  await watcher.start();
  return {
    process: watcher,
    decisions: (outcome) =>
      watcher.lines.filter((line) => line.message === 'decided' && line.outcome === outcome).length,
    idle: (signal) => untilIdle(watcher, signal),
  };
}

async function untilIdle(watcher: RestampProcess, signal: AbortSignal): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  for (let silentSince = performance.now(), lines = -1; performance.now() - silentSince < SILENCE_MS; ) {
    if (performance.now() > end) throw new Error(`the watcher is not idle after ${DEADLINE_MS / 1_000} s`);
    if (watcher.lines.length !== lines || (await waiting(watcher)) > 0) silentSince = performance.now();
    lines = watcher.lines.length;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** How many workloads wait to be looked at, as the watcher's metrics have it. */
async function waiting(watcher: RestampProcess): Promise<number> {
  return Number((await watcher.metrics()).match(/^restamp_waiting (\d+)$/m)?.[1] ?? Number.NaN);
}
