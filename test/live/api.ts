/** The API server as a test sees it: JSON in, JSON out, with every right, and under a user agent of its own. */
import { KubeConfig } from '@kubernetes/client-node';
import { asList, asObject, type JsonObject } from '../../core/json.ts';
import { CONFIG_MAPS, NAMESPACES, type Resource, resourcePath, SECRETS } from '../../kube/path.ts';
import { createTransport, type KubeTransport } from '../../kube/transport.ts';

const RESOURCES: Readonly<Record<string, Resource>> = {
  Namespace: NAMESPACES,
  ConfigMap: CONFIG_MAPS,
  Secret: SECRETS,
  Event: { group: 'events.k8s.io', version: 'v1', resource: 'events' },
  Deployment: { group: 'apps', version: 'v1', resource: 'deployments' },
  StatefulSet: { group: 'apps', version: 'v1', resource: 'statefulsets' },
  DaemonSet: { group: 'apps', version: 'v1', resource: 'daemonsets' },
  ReplicaSet: { group: 'apps', version: 'v1', resource: 'replicasets' },
  ControllerRevision: { group: 'apps', version: 'v1', resource: 'controllerrevisions' },
};

export interface ObjectAt {
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
    const path = resourcePath(resourceOf(String(object.kind)), { namespace });
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

function pathOf({ kind, namespace, name }: ObjectAt): string {
  return resourcePath(resourceOf(kind), { namespace, name });
}

function resourceOf(kind: string): Resource {
  const resource = RESOURCES[kind];
  if (resource === undefined) throw new Error(`${kind} is not among the kinds of test/live/api.ts`);
  return resource;
}
