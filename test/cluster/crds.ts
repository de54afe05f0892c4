/** Definitions of other projects' kinds, as far as tests need them: crds/NAME.yaml. No controller comes with them. */
import { fileURLToPath } from 'node:url';
import type { Cluster } from './cluster.ts';
import { eventually } from './deadline.ts';

export const CRD_NAMES = [
  'rollouts.argoproj.io',
  'clonesets.apps.kruise.io',
  'statefulsets.apps.kruise.io',
  'daemonsets.apps.kruise.io',
  'deploymentconfigs.apps.openshift.io',
  'secretproviderclasses.secrets-store.csi.x-k8s.io',
  'secretproviderclasspodstatuses.secrets-store.csi.x-k8s.io',
  'widgets.example.com',
] as const;

export type CrdName = (typeof CRD_NAMES)[number];

type Kubectl = Pick<Cluster, 'kubectl'>;

/** A definition is served within a second or two; a busy machine gets longer. */
const DEADLINE_MS = 60_000;

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

/**
 * Installs definitions; resolves when discovery lists them and their objects can be read. An API server that has just
 * established one answers 429 for a moment, if the one before it was removed a moment ago.
 */
export async function installCrds(cluster: Kubectl, ...names: readonly CrdName[]): Promise<void> {
  if (names.length === 0) return;
  const files = names.flatMap((name) => ['-f', fileURLToPath(new URL(`./crds/${name}.yaml`, import.meta.url))]);
  await cluster.kubectl(['apply', ...files]);
  const crds = names.map((name) => `crd/${name}`);
  await cluster.kubectl(['wait', '--for=condition=Established', `--timeout=${DEADLINE_MS / 1000}s`, ...crds]);
  await Promise.all(names.map((name) => untilUsable(cluster, name)));
}

async function untilUsable(cluster: Kubectl, name: CrdName): Promise<void> {
  for (const served of await servedResources(cluster, name)) {
    await until(`${name} in ${served.version}`, () => isListed(cluster, served));
    await until(`objects of ${name} in ${served.version}`, () => canBeRead(cluster, served));
  }
}

/** Removes a definition, and with it every object of its kind; resolves when discovery no longer lists it. */
export async function removeCrd(cluster: Kubectl, name: CrdName): Promise<void> {
  const resources = await servedResources(cluster, name);
  await cluster.kubectl(['delete', `crd/${name}`, `--timeout=${DEADLINE_MS / 1000}s`]);
  for (const served of resources) {
    await until(`${name} gone from ${served.version}`, async () => !(await isListed(cluster, served)));
  }
}

interface Served {
  /** The path of its discovery. */
  readonly version: string;
  readonly resource: string;
}

async function servedResources(cluster: Kubectl, name: CrdName): Promise<readonly Served[]> {
  const { spec } = JSON.parse((await cluster.kubectl(['get', `crd/${name}`, '-o', 'json'])).stdout) as Definition;
  const versions = spec.versions.filter(({ served }) => served);
  return versions.map((version) => ({ version: `/apis/${spec.group}/${version.name}`, resource: spec.names.plural }));
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  await eventually(async () => (await isSo()) || undefined, { what, deadlineMs: DEADLINE_MS });
}

/** Whether discovery lists a resource; a version of which nothing is left is not found at all. */
async function isListed(cluster: Kubectl, { version, resource }: Served): Promise<boolean> {
  const { code, stdout, stderr } = await cluster.kubectl(['get', '--raw', version], { allowFailure: true });
  if (code !== 0 && !stderr.includes('NotFound')) throw new Error(`${version}: ${stderr.trim()}`);
  if (code !== 0) return false;
  const { resources } = JSON.parse(stdout) as { resources: readonly { name: string }[] };
  return resources.some(({ name }) => name === resource);
}

async function canBeRead(cluster: Kubectl, { version, resource }: Served): Promise<boolean> {
  const { code } = await cluster.kubectl(['get', '--raw', `${version}/${resource}?limit=1`], { allowFailure: true });
  return code === 0;
}
