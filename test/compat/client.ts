/** The API server as the compatibility suite uses it: every kind of its table, and lists by label. */
import { KubeConfig } from '@kubernetes/client-node';
import { asList, asObject, type JsonObject } from '../../core/json.ts';
import { resourcePath } from '../../kube/path.ts';
import { createTransport, type KubeTransport } from '../../kube/transport.ts';
import type { Target } from './case.ts';
import { resourceOf } from './kinds.ts';

const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

export interface Patch {
  readonly body: JsonObject;
  readonly subresource?: 'status';
}

export class Client {
  readonly #transport: KubeTransport;

  constructor(kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.#transport = createTransport(config, 'restamp-compat');
  }

  async create(namespace: string | undefined, object: JsonObject): Promise<JsonObject> {
    const path = resourcePath(resourceOf(String(object.kind)), { namespace });
    return asObject(await this.#transport.request({ method: 'POST', path, body: object }));
  }

  async get(at: Target): Promise<JsonObject> {
    return asObject(await this.#transport.request({ method: 'GET', path: pathOf(at) }));
  }

  /** The objects of a kind in all namespaces that carry a label; `metadata` leaves out all but that. */
  async list(
    kind: string,
    labelSelector: string,
    part: 'whole' | 'metadata' = 'whole',
  ): Promise<readonly JsonObject[]> {
    const answer = await this.#transport.request({
      method: 'GET',
      path: resourcePath(resourceOf(kind)),
      ...(labelSelector !== '' && { query: { labelSelector } }),
      ...(part === 'metadata' && { accept: METADATA_LIST }),
    });
    return asList(asObject(answer).items).map(asObject);
  }

  /** A JSON merge patch. */
  async patch(at: Target, { body, subresource }: Patch): Promise<JsonObject> {
    const path = subresource === undefined ? pathOf(at) : `${pathOf(at)}/${subresource}`;
    const contentType = 'application/merge-patch+json';
    return asObject(await this.#transport.request({ method: 'PATCH', path, contentType, body }));
  }

  /** Gone at once: a Job would otherwise stay until its pods have been orphaned. */
  async remove(at: Target): Promise<void> {
    const query = { propagationPolicy: 'Background' };
    await this.#transport.request({ method: 'DELETE', path: pathOf(at), query });
  }

  close(): void {
    this.#transport.close();
  }
}

function pathOf({ kind, namespace, name }: Target): string {
  return resourcePath(resourceOf(kind), { namespace, name });
}
