/** The API server as a test sees it: JSON in, JSON out, with every right, and under a user agent of its own. */
import { KubeConfig } from '@kubernetes/client-node';
import { asList, asObject, type JsonObject } from '../../core/json.ts';
import { CONFIG_MAPS, NAMESPACES, type Resource, resourcePath, SECRETS } from '../../kube/path.ts';
import { createTransport, type KubeTransport } from '../../kube/transport.ts';

/**
 * By the kind that an {@link ObjectAt} names. Where two groups have a kind of the same name, the one that is not
 * Kubernetes' own is written with its group, as kubectl writes it: `StatefulSet.apps.kruise.io`.
 */
const RESOURCES: Readonly<Record<string, Resource>> = {
  Namespace: NAMESPACES,
  ConfigMap: CONFIG_MAPS,
  Secret: SECRETS,
  ServiceAccount: core('serviceaccounts'),
  Pod: core('pods'),
  Event: { group: 'events.k8s.io', version: 'v1', resource: 'events' },
  Deployment: apps('deployments'),
  StatefulSet: apps('statefulsets'),
  DaemonSet: apps('daemonsets'),
  ReplicaSet: apps('replicasets'),
  ControllerRevision: apps('controllerrevisions'),
  CronJob: { group: 'batch', version: 'v1', resource: 'cronjobs' },
  Job: { group: 'batch', version: 'v1', resource: 'jobs' },
  CustomResourceDefinition: { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' },
  // Those below exist where test/cluster/crds.ts has installed their definitions.
  Rollout: { group: 'argoproj.io', version: 'v1alpha1', resource: 'rollouts' },
  CloneSet: { group: 'apps.kruise.io', version: 'v1alpha1', resource: 'clonesets' },
  'StatefulSet.apps.kruise.io': { group: 'apps.kruise.io', version: 'v1beta1', resource: 'statefulsets' },
  'DaemonSet.apps.kruise.io': { group: 'apps.kruise.io', version: 'v1alpha1', resource: 'daemonsets' },
  DeploymentConfig: { group: 'apps.openshift.io', version: 'v1', resource: 'deploymentconfigs' },
  SecretProviderClass: secretsStore('secretproviderclasses'),
  SecretProviderClassPodStatus: secretsStore('secretproviderclasspodstatuses'),
  Widget: { group: 'example.com', version: 'v1', resource: 'widgets' },
};

export interface ObjectAt {
  /** A key of the table above. */
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

export class Api {
  readonly #transport: KubeTransport;

  constructor(kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.#transport = createTransport(config, 'restamp-test');
  }

  async create(namespace: string | undefined, object: JsonObject): Promise<JsonObject> {
    const { version } = groupVersion(object);
    const path = resourcePath({ ...resourceOf(kindOf(object)), version }, { namespace });
    return asObject(await this.#transport.request({ method: 'POST', path, body: object }));
  }

  async get(at: ObjectAt): Promise<JsonObject> {
    return asObject(await this.#transport.request({ method: 'GET', path: pathOf(at) }));
  }

  async list(kind: string, namespace: string): Promise<readonly JsonObject[]> {
    const path = resourcePath(resourceOf(kind), { namespace });
    return asList(asObject(await this.#transport.request({ method: 'GET', path })).items).map(asObject);
  }

  /** A JSON merge patch. */
  async patch(at: ObjectAt, body: unknown): Promise<JsonObject> {
    const contentType = 'application/merge-patch+json';
    return asObject(await this.#transport.request({ method: 'PATCH', path: pathOf(at), contentType, body }));
  }

  async remove(at: ObjectAt): Promise<void> {
    await this.#transport.request({ method: 'DELETE', path: pathOf(at) });
  }

  close(): void {
    this.#transport.close();
  }
}

/** The kind of an object as an {@link ObjectAt} names it, told from its `apiVersion` and `kind` together. */
export function kindOf(object: JsonObject): string {
  const { group } = groupVersion(object);
  const kind = String(object.kind);
  const found = [`${kind}.${group}`, kind].find((key) => RESOURCES[key]?.group === group);
  if (found === undefined) throw new Error(`${object.apiVersion} ${kind} is not among the kinds of test/live/api.ts`);
  return found;
}

function groupVersion({ apiVersion }: JsonObject): { group: string; version: string } {
  const parts = String(apiVersion).split('/');
  return { group: parts.length > 1 ? String(parts[0]) : '', version: String(parts.at(-1)) };
}

function core(resource: string): Resource {
  return { group: '', version: 'v1', resource };
}

function apps(resource: string): Resource {
  return { group: 'apps', version: 'v1', resource };
}

function secretsStore(resource: string): Resource {
  return { group: 'secrets-store.csi.x-k8s.io', version: 'v1', resource };
}

function pathOf({ kind, namespace, name }: ObjectAt): string {
  return resourcePath(resourceOf(kind), { namespace, name });
}

function resourceOf(kind: string): Resource {
  const resource = RESOURCES[kind];
  if (resource === undefined) throw new Error(`${kind} is not among the kinds of test/live/api.ts`);
  return resource;
}
