/** Clusters that outlive the process that started them. Each has a directory in the cache, under its name. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, clustersDirectory } from './directories.ts';
import { askSupervisor, type Cluster, ClusterHandle } from './handle.ts';
import { launch } from './launch.ts';
import { withLock } from './lock.ts';
import { isRunning, waitForEnd } from './processes.ts';
import { removeRemains } from './remains.ts';
import { type ClusterOptions, checkName, clusterSpec, findClusterBinaries } from './spec.ts';
import { type ClusterSpec, type ClusterState, clusterFiles, type Phase, readJson } from './state.ts';

/** The name of a cluster when none is given. */
export const DEFAULT_NAME = 'restamp';

// Stopping kills, so it takes well under a second; the rest is for a machine that swaps.
const STOP_DEADLINE_MS = 20_000;

/** A named cluster as `status` shows it; `dead` means that its supervisor has gone without tidying up. */
export interface NamedCluster {
  readonly name: string;
  readonly phase: Phase | 'dead';
  readonly state: ClusterState | undefined;
}

/** Starts a cluster that stays up when this process ends; returns the one that is there if it is up already. */
export async function upCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { name = DEFAULT_NAME, report = () => {} } = options;
  checkName(name);
  return await withNameLock('starts', { ...options, name, report }, async () => {
    const present = await connectCluster(name);
    if (present !== undefined) {
      report(`cluster ${name} is already up`);
      return present;
    }
    await removeRemains(directoryOf(name), false);
    const binaries = await findClusterBinaries(options);
    return await launchDetached(clusterSpec(name, options, binaries, false), options);
  });
}

/** The cluster of that name, if it is up. */
export async function connectCluster(name: string): Promise<Cluster | undefined> {
  checkName(name);
  const { phase, state } = await inspect(name);
  const spec = await readJson<ClusterSpec>(clusterFiles(directoryOf(name)).spec);
  if (phase !== 'up' || state === undefined || spec === undefined) return undefined;
  return handleOf(spec, state);
}

/** Ends a cluster and removes all it has; says whether there was one. */
export async function downCluster(options: ClusterOptions = {}): Promise<boolean> {
  const { name = DEFAULT_NAME } = options;
  checkName(name);
  return await withNameLock('stops', { ...options, name }, async () => await remove(name));
}

/** Starts a cluster anew, with nothing in it, as it was first started. */
export async function resetCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { name = DEFAULT_NAME } = options;
  checkName(name);
  return await withNameLock('resets', { ...options, name }, async () => {
    const spec = await readJson<ClusterSpec>(clusterFiles(directoryOf(name)).spec);
    if (spec === undefined) throw new Error(`there is no cluster "${name}": start it with "up --name ${name}"`);
    await remove(name);
    const binaries = await findClusterBinaries(options);
    return await launchDetached({ ...spec, binaries }, options);
  });
}

/** Every named cluster, by name. */
export async function listClusters(): Promise<NamedCluster[]> {
  const names = await readdir(clustersDirectory(process.env)).catch(() => [] as string[]);
  return await Promise.all(names.toSorted().map(inspect));
}

async function inspect(name: string): Promise<NamedCluster> {
  const state = await readJson<ClusterState>(clusterFiles(directoryOf(name)).state);
  if (state === undefined) return { name, phase: 'starting', state };
  const alive = await isRunning(state.supervisor);
  return { name, phase: alive || state.phase === 'failed' ? state.phase : 'dead', state };
}

async function launchDetached(spec: ClusterSpec, options: ClusterOptions): Promise<Cluster> {
  const directory = directoryOf(spec.name);
  const supervised = await launch({ directory, spec, report: options.report ?? (() => {}), ...signalOf(options) });
  const state = await readJson<ClusterState>(clusterFiles(directory).state);
  if (state === undefined) throw new Error(`the cluster ${spec.name} was stopped while it started`);
  await supervised.detach();
  return handleOf(spec, state);
}

function handleOf(spec: ClusterSpec, state: ClusterState): Cluster {
  return new ClusterHandle(
    directoryOf(spec.name),
    spec,
    state,
    async () => void (await downCluster({ name: spec.name })),
  );
}

async function remove(name: string): Promise<boolean> {
  const directory = directoryOf(name);
  const state = await readJson<ClusterState>(clusterFiles(directory).state);
  const existed = state !== undefined || (await readJson(clusterFiles(directory).spec)) !== undefined;
  if (state !== undefined && (await isRunning(state.supervisor))) {
    // A supervisor that does not answer is killed below, and its guard then kills the rest.
    await askSupervisor(state, '/stop').catch(() => {});
    await waitForEnd(state.supervisor, STOP_DEADLINE_MS);
  }
  await removeRemains(directory, false, state);
  return existed;
}

async function withNameLock<T>(
  verb: string,
  options: ClusterOptions & { name: string },
  work: () => Promise<T>,
): Promise<T> {
  const path = join(cacheDirectory(process.env), 'locks', `cluster-${options.name}.lock`);
  const purpose = `${verb} the cluster ${options.name}`;
  return await withLock({ path, purpose, report: options.report ?? (() => {}), ...signalOf(options) }, work);
}

function directoryOf(name: string): string {
  return join(clustersDirectory(process.env), name);
}

function signalOf({ signal }: ClusterOptions): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
