/**
 * The world of a live test: a real control plane with restamp installed on it. These tests are not exhaustive: what is
 * decided has its tables in test/core; here it is shown that the parts work together on the real thing.
 */
import type { Test } from 'tap';
import { asObject, type JsonObject } from '../../core/json.ts';
import { CONFIG_HASH, HISTORY, INJECT, RECORD } from '../../core/names.ts';
import { templateOf } from '../../core/parse.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { type CrdName, installCrds } from '../cluster/crds.ts';
import { eventually } from '../cluster/deadline.ts';
import { type Installation, type InstallationOptions, install } from '../install/installation.ts';
import { Api, kindOf } from './api.ts';
import { configMap, envFrom, type Kind, workload } from './manifest.ts';

export interface WorkloadAt {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

/** Everything below happens within a second or two; a busy machine gets longer, a broken restamp gets a failure. */
const DEADLINE_MS = 60_000;

/** Longer than the settle time of 1 s plus a write: a second rollout would have begun by then. */
const QUIET_MS = 2_500;

export class World {
  readonly cluster: Cluster;
  readonly restamp: Installation;
  readonly api: Api;
  #namespaces = 0;
  #witnesses = 0;

  constructor(cluster: Cluster, restamp: Installation) {
    this.cluster = cluster;
    this.restamp = restamp;
    this.api = new Api(cluster.kubeconfig);
  }

  /** A namespace of its own for a test; opted in unless told otherwise. */
  async namespace(
    labels: Readonly<Record<string, string>> = { [INJECT]: 'enabled' },
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    this.#namespaces += 1;
    const name = `live-${this.#namespaces}`;
    await this.api.create(undefined, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, annotations } });
    const account = ['-n', name, 'get', 'serviceaccount', 'default', '-o', 'name'];
    await eventually(async () => (await this.cluster.kubectl(account)).stdout || undefined, {
      what: `the ServiceAccount default in ${name}`,
      deadlineMs: DEADLINE_MS,
    });
    return name;
  }

  /** Creates objects one after the other. */
  async create(namespace: string, ...objects: readonly JsonObject[]): Promise<void> {
    for (const object of objects) await this.api.create(namespace, object);
  }

  /** Creates a workload and waits until its controller has made the first revision and it has a record. */
  async createWorkload(namespace: string, object: JsonObject): Promise<WorkloadAt> {
    await this.api.create(namespace, object);
    const at = workloadAt(namespace, object);
    await this.eventually('a first revision and a record', async () => {
      const { record } = await this.annotations(at);
      return record !== undefined && (await this.revisions(at)) > 0;
    });
    return at;
  }

  async annotations(
    at: WorkloadAt,
  ): Promise<{ stamp: string | undefined; record: string | undefined; history: string | undefined }> {
    const object = await this.api.get(at);
    const own = asObject(asObject(object.metadata).annotations);
    const template = asObject(asObject(this.template(at, object)).metadata);
    const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
    return {
      stamp: text(asObject(template.annotations)[CONFIG_HASH]),
      record: text(own[RECORD]),
      history: text(own[HISTORY]),
    };
  }

  /** The pod template of an object, wherever its kind has it. */
  template({ kind }: WorkloadAt, object: JsonObject): unknown {
    return templateOf(object, { templatePath: TEMPLATE_PATHS[kind] ?? ['spec', 'template'] });
  }

  /** Versions of its spec. Where restamp writes a template this grows by one, whether its controller rolls it or not. */
  async generation(at: WorkloadAt): Promise<number> {
    return Number(asObject((await this.api.get(at)).metadata).generation);
  }

  /**
   * How many rollouts a workload has seen: the revisions its real controller has made. Where there is none (CronJobs,
   * and kinds of other projects) the versions of its spec.
   */
  async revisions(at: WorkloadAt): Promise<number> {
    if (!REVISED.includes(at.kind)) return this.generation(at);
    const kind = at.kind === 'Deployment' ? 'ReplicaSet' : 'ControllerRevision';
    const all = await this.api.list(kind, at.namespace);
    const { uid } = asObject((await this.api.get(at)).metadata);
    return all.filter(({ metadata }) => JSON.stringify(asObject(metadata).ownerReferences ?? []).includes(String(uid)))
      .length;
  }

  async eventually(what: string, question: () => Promise<boolean>): Promise<void> {
    await eventually(async () => (await question()) || undefined, { what, deadlineMs: DEADLINE_MS });
  }

  /** Does something and returns how many rollouts came of it: waits for one, and then for the quiet after it. */
  async rolloutsAfter(at: WorkloadAt, act: () => Promise<unknown>): Promise<number> {
    const before = await this.revisions(at);
    await act();
    await this.eventually('a rollout', async () => (await this.revisions(at)) > before);
    await this.quiet();
    return (await this.revisions(at)) - before;
  }

  /**
   * Does something and returns how many rollouts came of it, none being expected. Time alone proves nothing: a witness
   * in the same namespace is changed afterwards, and when it has rolled the watcher has dealt with what came before.
   */
  async rolloutsDespite(at: WorkloadAt, act: () => Promise<unknown>): Promise<number> {
    const before = await this.revisions(at);
    await this.despite(at.namespace, act);
    return (await this.revisions(at)) - before;
  }

  /** Does something, and returns when a witness in the namespace, changed afterwards, has rolled and it is quiet again. */
  async despite(namespace: string, act: () => Promise<unknown>): Promise<void> {
    const witness = await this.#witness(namespace);
    await act();
    await this.rolloutsAfter(witness, () => this.touch(namespace, witness.name));
  }

  /** Gives a ConfigMap a value it has not had. */
  async touch(namespace: string, name: string, key = 'touched'): Promise<void> {
    await this.api.patch({ kind: 'ConfigMap', namespace, name }, { data: { [key]: crypto.randomUUID() } });
  }

  async quiet(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }

  /** A workload and its ConfigMap of the same name. */
  async #witness(namespace: string): Promise<WorkloadAt> {
    this.#witnesses += 1;
    const name = `witness-${this.#witnesses}`;
    await this.create(namespace, configMap(name, { touched: 'never' }));
    const annotations = { [INJECT]: 'enabled' };
    return this.createWorkload(namespace, workload({ name, annotations, container: envFrom('configMapRef', name) }));
  }
}

/** Where an object is, as tests name it. */
export function workloadAt(namespace: string, object: JsonObject): WorkloadAt {
  return { kind: kindOf(object) as Kind, namespace, name: String(asObject(object.metadata).name) };
}

/** Kinds whose controller runs here and makes an object of each revision. */
const REVISED: readonly Kind[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

const TEMPLATE_PATHS: Partial<Record<Kind, readonly string[]>> = {
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  Widget: ['spec', 'pods', 'template'],
};

export interface WorldOptions extends InstallationOptions {
  /** Definitions of other projects' kinds that are there from the start. */
  readonly crds?: readonly CrdName[];
  /** Is done before restamp is installed. */
  readonly prepare?: (cluster: Cluster) => Promise<unknown>;
}

/** Starts a control plane, installs restamp, and takes both down when the test file ends. */
export async function startWorld(t: Test, { crds = [], prepare, ...options }: WorldOptions = {}): Promise<World> {
  const cluster = await startCluster({ name: 'live' });
  t.teardown(() => cluster.stop());
  await installCrds(cluster, ...crds);
  await prepare?.(cluster);
  const restamp = await install(cluster, options);
  t.teardown(() => restamp.stop());
  const world = new World(cluster, restamp);
  t.teardown(() => world.api.close());
  return world;
}
