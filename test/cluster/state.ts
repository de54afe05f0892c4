import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessRecord } from './processes.ts';
import type { Binaries, ComponentName } from './versions.ts';

/** What a cluster is made from. Written once by the process that starts it, read by its supervisor. */
export interface ClusterSpec {
  readonly name: string;
  readonly binaries: Binaries;
  readonly nodes: number;
  readonly featureGates: Readonly<Record<string, boolean>>;
  /** Resources that the API server reads from etcd each time instead of from its watch cache. */
  readonly uncached: readonly string[];
  readonly stages: readonly string[];
  /** Whether the directory stays after a stop, for its logs. */
  readonly keep: boolean;
}

export interface Ports {
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly apiserver: number;
}

export type Phase = 'starting' | 'up' | 'failed';

/** What runs. Written by the supervisor whenever it changes. */
export interface ClusterState {
  readonly phase: Phase;
  readonly since: string;
  readonly supervisor: ProcessRecord;
  readonly control: { readonly port: number; readonly token: string };
  readonly ports: Ports;
  readonly adminToken: string;
  readonly components: Partial<Readonly<Record<ComponentName, ProcessRecord>>>;
}

/** The files of a cluster's directory. */
export function clusterFiles(directory: string) {
  const file = (name: string): string => join(directory, name);
  return {
    spec: file('spec.json'),
    state: file('state.json'),
    kubeconfig: file('kubeconfig'),
    supervisorLog: file('supervisor.log'),
    etcdData: file('etcd'),
    certificates: file('certificates'),
    certificateAuthority: join(directory, 'certificates', 'apiserver.crt'),
    serviceAccountKey: file('service-account.key'),
    tokens: file('tokens.csv'),
    auditPolicy: file('audit-policy.json'),
    auditLog: file('audit.log'),
    kubectlCache: file('kubectl-cache'),
    log: (component: ComponentName): string => file(`${component}.log`),
    componentKubeconfig: (component: ComponentName): string => file(`${component}.kubeconfig`),
    stage: (index: number): string => file(`stage-${index}.yaml`),
  };
}
export type ClusterFiles = ReturnType<typeof clusterFiles>;

/** Writes a file that only the user can read (tokens), whole or not at all. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, path);
}

/** Reads a JSON file of ours; undefined when it is not there. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${path} cannot be read: run "npm run cluster -- down" for this cluster, or delete its directory`, {
      cause: error,
    });
  }
}
