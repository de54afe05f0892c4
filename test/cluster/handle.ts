import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditEntry, readAuditLog } from './audit.ts';
import { eventually } from './deadline.ts';
import { type Answer, ask } from './http.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { type KubectlOptions, type KubectlResult, runKubectl } from './kubectl.ts';
import { serverAddress } from './start-up.ts';
import { type ClusterFiles, type ClusterSpec, type ClusterState, clusterFiles, writePrivate } from './state.ts';
import type { Binaries, ComponentName } from './versions.ts';

/** A running cluster. */
export interface Cluster {
  readonly name: string;
  /** Path of a kubeconfig with every right. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** Logs, audit log, certificates, data. */
  readonly directory: string;
  /** Absolute paths of the programs. */
  readonly binaries: Binaries;
  /** Runs kubectl as the admin. Rejects on a failure unless it is allowed; the error holds the command and its stderr. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
  /** Path of a kubeconfig with a ServiceAccount's own rights (a token for a day). Waits until the ServiceAccount is there. */
  serviceAccountKubeconfig(namespace: string, serviceAccount: string): Promise<string>;
  /** Sends a signal to a component. One that it kills stays down until `restart`. */
  signal(component: ComponentName, signal: NodeJS.Signals): Promise<void>;
  /** Kills a component and starts it again, on the same port and data; resolves when it answers. */
  restart(component: ComponentName): Promise<void>;
  /** Drops etcd's history up to now. See the README for who notices. */
  compact(): Promise<void>;
  /** Every request so far, oldest first. */
  auditLog(): Promise<AuditEntry[]>;
  /** Ends the cluster and removes its directory. Can be called again. */
  stop(): Promise<void>;
}

// A day: longer than any test, and what kubectl's own default of an hour is not.
const TOKEN_SECONDS = 86_400;
// A ServiceAccount that a test has just applied is there at once; `default` comes a moment after its namespace.
const ACCOUNT_DEADLINE_MS = 30_000;
// A restart waits for the component to answer, on a machine that may be busy.
const CONTROL_DEADLINE_MS = 150_000;

export class ClusterHandle implements Cluster {
  readonly name: string;
  readonly directory: string;
  readonly server: string;
  readonly kubeconfig: string;
  readonly binaries: Binaries;
  readonly #files: ClusterFiles;
  readonly #state: ClusterState;
  readonly #stop: () => Promise<void>;
  #stopped: Promise<void> | undefined;

  constructor(directory: string, spec: ClusterSpec, state: ClusterState, stop: () => Promise<void>) {
    this.#files = clusterFiles(directory);
    this.#state = state;
    this.#stop = stop;
    this.name = spec.name;
    this.directory = directory;
    this.server = serverAddress(state);
    this.kubeconfig = this.#files.kubeconfig;
    this.binaries = spec.binaries;
  }

  async kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<KubectlResult> {
    const { kubeconfig, binaries } = this;
    return await runKubectl(
      { path: binaries.kubectl, kubeconfig, cacheDirectory: this.#files.kubectlCache },
      args,
      options,
    );
  }

  async serviceAccountKubeconfig(namespace: string, serviceAccount: string): Promise<string> {
    const account = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(serviceAccount)}`;
    const json = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: TOKEN_SECONDS },
    };
    const request = async (): Promise<string> => {
      const { status, body } = await this.#askServer(`${account}/token`, { method: 'POST', json });
      if (status !== 201) throw new Error(`${status} ${body}`);
      return (JSON.parse(body) as { status: { token: string } }).status.token;
    };
    const token = await eventually(request, {
      what: `a token for the ServiceAccount ${namespace}/${serviceAccount}`,
      deadlineMs: ACCOUNT_DEADLINE_MS,
    });
    const path = join(this.directory, `service-account-${namespace}-${serviceAccount}.kubeconfig`);
    const ca = await readFile(this.#files.certificateAuthority, 'utf8');
    const access = { server: this.server, ca, user: serviceAccount, token, cluster: this.name, namespace };
    await writePrivate(path, kubeconfigText(access));
    return path;
  }

  async signal(component: ComponentName, signal: NodeJS.Signals): Promise<void> {
    await this.#control(`/signal?component=${component}&signal=${signal}`);
  }

  async restart(component: ComponentName): Promise<void> {
    await this.#control(`/restart?component=${component}`);
  }

  async compact(): Promise<void> {
    // Any key answers with the current revision in its header; \0 is the lowest key there can be.
    const range = await this.#askEtcd('/v3/kv/range', { key: 'AA==', limit: '1' });
    const { revision } = (JSON.parse(range) as { header: { revision: string } }).header;
    await this.#askEtcd('/v3/kv/compaction', { revision, physical: true });
  }

  async auditLog(): Promise<AuditEntry[]> {
    return await readAuditLog(this.#files.auditLog);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #askServer(path: string, question: { method: string; json: unknown }): Promise<Answer> {
    const ca = await readFile(this.#files.certificateAuthority, 'utf8');
    return await ask(`${this.server}${path}`, { ...question, ca, token: this.#state.adminToken });
  }

  async #askEtcd(path: string, json: unknown): Promise<string> {
    const url = `http://127.0.0.1:${this.#state.ports.etcdClient}${path}`;
    const { status, body } = await ask(url, { method: 'POST', json });
    if (status !== 200) throw new Error(`etcd answered ${path} with ${status}: ${body}`);
    return body;
  }

  async #control(path: string): Promise<void> {
    await askSupervisor(this.#state, path);
  }
}

/** Asks the supervisor of a cluster for something; rejects with its answer when it will not. */
export async function askSupervisor({ control }: ClusterState, path: string): Promise<void> {
  const url = `http://127.0.0.1:${control.port}${path}`;
  const { status, body } = await ask(url, { method: 'POST', token: control.token, timeoutMs: CONTROL_DEADLINE_MS });
  if (status !== 200) throw new Error(body === '' ? `the supervisor answered ${status}` : body);
}
