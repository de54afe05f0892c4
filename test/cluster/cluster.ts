/** A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and kwok for the nodes. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, ClusterHandle } from './handle.ts';
import { launch } from './launch.ts';
import { removeRemains } from './remains.ts';
import { type ClusterOptions, checkName, clusterSpec, findClusterBinaries } from './spec.ts';
import { type ClusterState, clusterFiles, readJson } from './state.ts';

export type { AuditEntry } from './audit.ts';
export type { Cluster } from './handle.ts';
export type { KubectlOptions, KubectlResult } from './kubectl.ts';
export { connectCluster, downCluster, listClusters, resetCluster, upCluster } from './named.ts';
export type { ClusterOptions } from './spec.ts';
export type { Binaries, ComponentName } from './versions.ts';

/** Starts a cluster that ends with this process, in whatever way that ends. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { name = 'test', report = () => {} } = options;
  checkName(name);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const binaries = await findClusterBinaries(options);
  const directory = await mkdtemp(join(tmpdir(), `restamp-${name}-`));
  const spec = clusterSpec(name, options, binaries, process.env.RESTAMP_KEEP_LOGS === '1');
  const supervised = await launch({ directory, spec, report, ...signal });
  const state = await readJson<ClusterState>(clusterFiles(directory).state);
  if (state === undefined) throw new Error(`${directory} has no state.json: the cluster has just been stopped`);
  return new ClusterHandle(directory, spec, state, async () => {
    await supervised.stop();
    await removeRemains(directory, spec.keep, state);
    if (spec.keep) report(`the files of the cluster are kept in ${directory}`);
  });
}
