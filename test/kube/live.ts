/** For tests against the real control plane: a transport to it, and eyes and hands on that transport. */
import { KubeConfig } from '@kubernetes/client-node';
import type { JsonObject } from '../../core/json.ts';
import { KubeError } from '../../kube/error.ts';
import { CONFIG_MAPS, NAMESPACES, type Resource, resourcePath, SECRETS } from '../../kube/path.ts';
import { createTransport, type KubeRequest, type KubeTransport } from '../../kube/transport.ts';
import type { Cluster } from '../cluster/cluster.ts';

/** Time for a machine that is busy with other tests; what is waited for comes within a moment otherwise. */
export const PATIENCE_MS = 60_000;

export function transportTo(cluster: Cluster, userAgent = 'restamp-test/1'): KubeTransport {
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  return createTransport(config, userAgent);
}

/** A transport that keeps the bytes of its streams, and that can be cut off from the server. */
export class WatchedTransport implements KubeTransport {
  readonly requests: KubeRequest[] = [];
  /** While set nothing new is asked for; what is under way goes on. */
  offline = false;
  readonly #transport: KubeTransport;
  readonly #chunks = new Map<string, Buffer[]>();

  constructor(transport: KubeTransport) {
    this.#transport = transport;
  }

  /** What came on the streams of a path so far. */
  bytes(path: string): string {
    return Buffer.concat(this.#chunks.get(path) ?? []).toString();
  }

  async request(request: KubeRequest): Promise<unknown> {
    this.#ask(request);
    return this.#transport.request(request);
  }

  async *stream(request: KubeRequest): AsyncIterable<Buffer> {
    this.#ask(request);
    const chunks = this.#chunks.get(request.path) ?? [];
    this.#chunks.set(request.path, chunks);
    for await (const chunk of this.#transport.stream(request)) {
      chunks.push(chunk);
      yield chunk;
    }
  }

  close(): void {
    this.#transport.close();
  }

  #ask(request: KubeRequest): void {
    if (this.offline) throw new KubeError(request.path, { status: 0, reason: 'offline' });
    this.requests.push(request);
  }
}

/** Writes objects without kubectl, which would keep a copy of the content in an annotation. */
export class Hands {
  readonly #transport: KubeTransport;
  readonly #namespace: string;

  constructor(transport: KubeTransport, namespace: string) {
    this.#transport = transport;
    this.#namespace = namespace;
  }

  async makeNamespace(labels: JsonObject = {}): Promise<void> {
    const body = { metadata: { name: this.#namespace, labels } };
    await this.#transport.request({ method: 'POST', path: resourcePath(NAMESPACES), body });
  }

  async configMap(name: string, data: JsonObject): Promise<void> {
    await this.make(CONFIG_MAPS, { metadata: { name }, data });
  }

  async secret(name: string, data: Readonly<Record<string, string>>, fields: JsonObject = {}): Promise<void> {
    await this.make(SECRETS, { metadata: { name }, stringData: data, ...fields });
  }

  async make(resource: Resource, body: JsonObject): Promise<void> {
    await this.#transport.request({ method: 'POST', path: resourcePath(resource, this.#at()), body });
  }

  async change(resource: Resource, name: string, patch: JsonObject): Promise<void> {
    await this.#transport.request({
      method: 'PATCH',
      path: resourcePath(resource, this.#at(name)),
      contentType: 'application/merge-patch+json',
      body: patch,
    });
  }

  async remove(resource: Resource, name: string): Promise<void> {
    await this.#transport.request({ method: 'DELETE', path: resourcePath(resource, this.#at(name)) });
  }

  #at(name?: string): { namespace: string; name?: string } {
    return { namespace: this.#namespace, ...(name === undefined ? {} : { name }) };
  }
}
