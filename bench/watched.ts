/** A watcher as it ships: in a pod, as far as it can tell. It is started in a given way, and watched until it is idle. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../test/cluster/cluster.ts';
import { RestampProcess } from '../test/install/process.ts';
import type { Lever } from './levers.ts';

export interface Watched {
  readonly process: RestampProcess;
  /** How many decisions of an outcome there were so far. */
  readonly decisions: (outcome: string) => number;
  /** One of its metrics, summed over all labels. */
  readonly metric: (name: string) => Promise<number>;
  /** Resolves when it has nothing more to do. */
  readonly idle: (signal: AbortSignal) => Promise<void>;
}

/** Where the bundle is, and the environment of the pod it runs in. */
export interface Pod {
  readonly bundle: string;
  readonly environment: Readonly<Record<string, string>>;
}

const LOOK_EVERY_MS = 500;

/** Settling takes a second and Kubernetes' own controllers may still be at work: longer silence than that is idleness. */
const SILENCE_MS = 8_000;

/** Adopting a thousand workloads takes half a minute on two cores. */
const DEADLINE_MS = 300_000;

/** Lays out the files of the watcher's ServiceAccount as Kubernetes mounts them, below a directory. */
export async function makePod(cluster: Cluster, bundle: string, root: string): Promise<Pod> {
  const kubeconfig = await cluster.serviceAccountKubeconfig('restamp', 'restamp-watcher');
  const text = await readFile(kubeconfig, 'utf8');
  const secret = (field: string): string => text.match(new RegExp(`"${field}": "([^"]+)"`))?.[1] ?? '';
  const directory = join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'token'), secret('token'), { mode: 0o600 });
  await writeFile(join(directory, 'ca.crt'), Buffer.from(secret('certificate-authority-data'), 'base64'));
  const { hostname, port } = new URL(cluster.server);
  const environment = {
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
    CONTAINER_SANDBOX_MOUNT_POINT: root,
  };
  return { bundle, environment };
}

export async function startWatched({ bundle, environment }: Pod, lever: Lever): Promise<Watched> {
  const variables = Object.entries({ ...environment, ...lever.environment }).map(([name, value]) => `${name}=${value}`);
  const node = [process.execPath, ...lever.flags, join(bundle, 'restamp.js')];
  const watcher = new RestampProcess({
    command: 'watcher',
    program: ['env', '-u', 'KUBECONFIG', '-u', 'NODE_OPTIONS', ...variables, ...node],
    args: ['--bind-address=127.0.0.1', '--ops-port=0'],
  });
  await watcher.start();
  return {
    process: watcher,
    decisions: (outcome) =>
      watcher.lines.filter((line) => line.message === 'decided' && line.outcome === outcome).length,
    metric: (name) => metricOf(watcher, name),
    idle: (signal) => untilIdle(watcher, signal),
  };
}

async function untilIdle(watcher: RestampProcess, signal: AbortSignal): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  for (let silentSince = performance.now(), lines = -1; performance.now() - silentSince < SILENCE_MS; ) {
    if (performance.now() > end) throw new Error(`the watcher is not idle after ${DEADLINE_MS / 1_000} s`);
    if (watcher.lines.length !== lines || (await metricOf(watcher, 'restamp_waiting')) > 0)
      silentSince = performance.now();
    lines = watcher.lines.length;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function metricOf(watcher: RestampProcess, name: string): Promise<number> {
  const samples = (await watcher.metrics()).matchAll(new RegExp(`^${name}(?:\\{.*\\})? ([\\d.e+-]+)$`, 'gm'));
  return [...samples].reduce((sum, [, value]) => sum + Number(value), 0);
}
