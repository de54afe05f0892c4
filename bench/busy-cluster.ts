/** A cluster with the population of a bench, and what a bench does to it. */
import { connect } from '../cli/connection.ts';
import { RECORD } from '../core/names.ts';
import { CONFIG_MAPS, type Resource, resourcePath, SECRETS } from '../kube/path.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { type Cluster, startCluster } from '../test/cluster/cluster.ts';
import { inCrowd } from './crowd.ts';
import type { Surroundings } from './main.ts';
import {
  app,
  type Creation,
  configMap,
  DEPLOYMENTS,
  deployments,
  namespaces,
  type Placed,
  type Sizes,
  sources,
  unused,
} from './population.ts';

export interface BusyCluster {
  readonly cluster: Cluster;
  /** A kubeconfig with the rights of the watcher's own ServiceAccount. */
  readonly watcherKubeconfig: string;
  /** Gives the ConfigMaps of so many apps other content. */
  readonly changeConfigMaps: (count: number) => Promise<void>;
  /** Gives so many Secrets that nobody uses other content. */
  readonly changeUnusedSecrets: (count: number) => Promise<void>;
  /** Makes the Deployments look as if no watcher had ever seen them. */
  readonly forgetAdoption: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Enough to keep the API server busy, few enough for two cores. */
const AT_ONCE = 12;

/** What the watcher needs of the shipped manifests; no webhook runs, so none is registered. */
const MANIFESTS = ['deploy/base/namespace.yaml', 'deploy/base/watcher-rbac.yaml'];

export async function startBusyCluster(sizes: Sizes, { progress, signal }: Surroundings): Promise<BusyCluster> {
  const cluster = await startCluster({ name: 'bench', report: progress.line, progress, signal });
  try {
    const transport = await connect('bench', cluster.kubeconfig);
    const crowd = crowdOf(transport, { progress, signal });
    for (const manifest of MANIFESTS) await cluster.kubectl(['apply', '-f', manifest]);
    await crowd('namespaces', [...namespaces()].map(creation));
    await crowd('ConfigMaps and Secrets', [...sources(sizes)].map(creation));
    await crowd('Deployments', [...deployments(sizes)].map(creation));
    return {
      cluster,
      watcherKubeconfig: await cluster.serviceAccountKubeconfig('restamp', 'restamp-watcher'),
      ...changes(crowd, sizes),
      stop: async () => {
        transport.close();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

interface Write {
  readonly method: 'POST' | 'PATCH';
  readonly path: string;
  readonly body: object;
}

type Crowd = (what: string, writes: readonly Write[]) => Promise<void>;

function crowdOf(transport: KubeTransport, { progress, signal }: Omit<Surroundings, 'print'>): Crowd {
  return async (what, writes) => {
    const onDone = (done: number): void => progress.update(`${what}: ${done} of ${writes.length}`);
    await inCrowd(
      writes,
      async ({ method, path, body }) => {
        const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
        await transport.request({ method, path, body, contentType, signal, timeoutMs: 60_000 });
      },
      { atOnce: AT_ONCE, signal, onDone },
    );
    progress.line(`${what}: ${writes.length} written`);
  };
}

function changes(
  crowd: Crowd,
  sizes: Sizes,
): Pick<BusyCluster, 'changeConfigMaps' | 'changeUnusedSecrets' | 'forgetAdoption'> {
  let version = 0;
  return {
    changeConfigMaps: async (count) => {
      version += 1;
      const writes = numbers(count).map((index) =>
        patch(CONFIG_MAPS, app(index), configMap(app(index), `version ${version}`)),
      );
      await crowd('ConfigMaps changed', writes);
    },
    changeUnusedSecrets: async (count) => {
      version += 1;
      const data = { version: Buffer.from(String(version)).toString('base64') };
      await crowd(
        'unused Secrets changed',
        numbers(count).map((index) => patch(SECRETS, unused(index), { data })),
      );
    },
    forgetAdoption: async () => {
      const body = { metadata: { annotations: { [RECORD]: null } } };
      await crowd(
        'records removed',
        numbers(sizes.deployments).map((index) => patch(DEPLOYMENTS, app(index), body)),
      );
    },
  };
}

function creation({ path, body }: Creation): Write {
  return { method: 'POST', path, body };
}

function patch(resource: Resource, { namespace, name }: Placed, body: object): Write {
  return { method: 'PATCH', path: resourcePath(resource, { namespace, name }), body };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
