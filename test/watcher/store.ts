/**
 * An API server reduced to a map: reads, lists, merge patches with the resourceVersion as a precondition, creations and
 * deletions. It is for interleavings that a real one cannot be made to show: a test acts between any two requests, or
 * lets one fail.
 */
import { asObject, asText, isObject, type JsonObject } from '../../core/json.ts';
import { WORKLOAD_KINDS } from '../../core/workload.ts';
import { KubeError } from '../../kube/error.ts';
import { CLASS_STATUSES, CONFIG_MAPS, NAMESPACES, type Resource, resourcePath, SECRETS } from '../../kube/path.ts';
import type { KubeRequest, KubeTransport } from '../../kube/transport.ts';
import { copy } from '../core/build.ts';

const RESOURCES: ReadonlyMap<string, Resource> = new Map([
  ['v1 ConfigMap', CONFIG_MAPS],
  ['v1 Secret', SECRETS],
  ['v1 Namespace', NAMESPACES],
  ['secrets-store.csi.x-k8s.io/v1 SecretProviderClassPodStatus', CLASS_STATUSES],
  ...WORKLOAD_KINDS.map((kind) => [`${kind.group}/${kind.version} ${kind.apiKind}`, kind] as const),
]);

export class Store implements KubeTransport {
  /** Every request so far. */
  readonly requests: KubeRequest[] = [];
  /** Called before a request is answered; what it throws is the answer. */
  before: (request: KubeRequest) => void = () => {};
  /** What a webhook makes of an object that is written. */
  admission: (object: JsonObject, old: JsonObject) => JsonObject = (object) => object;
  readonly #objects = new Map<string, JsonObject>();
  #version = 100;

  constructor(...objects: readonly JsonObject[]) {
    for (const object of objects) this.put(object);
  }

  /** `GET 2, PATCH 1`. */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { method } of this.requests) counts[method] = (counts[method] ?? 0) + 1;
    return counts;
  }

  get patches(): readonly KubeRequest[] {
    return this.requests.filter(({ method }) => method === 'PATCH');
  }

  /** `PATCH /path`: what was sent besides reads. */
  get writes(): readonly string[] {
    return this.requests.flatMap(({ method, path, query }) =>
      method === 'GET' ? [] : [`${method} ${path}${query?.dryRun === undefined ? '' : ' (dry run)'}`],
    );
  }

  /** Writes an object as somebody else would. */
  put(object: JsonObject): void {
    this.#version += 1;
    const metadata = { ...asObject(object.metadata), resourceVersion: String(this.#version) };
    this.#objects.set(pathOf(object), { ...copy(object), metadata });
  }

  remove(object: JsonObject): void {
    this.#objects.delete(pathOf(object));
  }

  /** The object as it is now. */
  get(object: JsonObject): JsonObject {
    return this.#objects.get(pathOf(object)) ?? {};
  }

  /** All objects whose path begins like that of a collection. */
  collection(path: string): readonly JsonObject[] {
    return [...this.#objects].filter(([key]) => key.startsWith(`${path}/`)).map(([, object]) => object);
  }

  async request(request: KubeRequest): Promise<unknown> {
    this.requests.push(request);
    this.before(request);
    if (request.method === 'POST') return this.#create(request);
    const object = this.#objects.get(request.path);
    if (object === undefined && isCollection(request.path))
      return { metadata: { resourceVersion: String(this.#version) }, items: this.collection(request.path).map(copy) };
    if (object === undefined) throw fault(request, 404, 'NotFound');
    switch (request.method) {
      case 'GET':
        return copy(object);
      case 'PATCH':
        return this.#patch(request, object);
      case 'DELETE':
        return this.#delete(request, object);
      default:
        throw fault(request, 405, 'MethodNotAllowed');
    }
  }

  // biome-ignore lint/correctness/useYield: nothing that is tested with it watches.
  async *stream(request: KubeRequest): AsyncIterable<Buffer> {
    throw fault(request, 405, 'MethodNotAllowed');
  }

  close(): void {}

  #create(request: KubeRequest): JsonObject {
    const object = asObject(request.body);
    if (this.#objects.has(pathOf(object))) throw fault(request, 409, 'AlreadyExists');
    if (request.query?.dryRun !== undefined) return copy(object);
    this.put({ ...object, metadata: { ...asObject(object.metadata), uid: `made-${this.#version}` } });
    return copy(this.get(object));
  }

  #delete(request: KubeRequest, object: JsonObject): JsonObject {
    const wanted = asObject(asObject(request.body).preconditions);
    const { uid, resourceVersion } = asObject(object.metadata);
    if ((wanted.uid ?? uid) !== uid || (wanted.resourceVersion ?? resourceVersion) !== resourceVersion) {
      throw fault(request, 409, 'Conflict');
    }
    this.#objects.delete(request.path);
    return {};
  }

  #patch(request: KubeRequest, old: JsonObject): JsonObject {
    const wanted = asText(asObject(asObject(request.body).metadata).resourceVersion);
    if (wanted !== undefined && wanted !== asObject(old.metadata).resourceVersion) {
      throw fault(request, 409, 'Conflict');
    }
    this.put(this.admission(mergePatch(old, request.body) as JsonObject, old));
    return copy(this.#objects.get(request.path) ?? {});
  }
}

export function fault({ method, path }: KubeRequest, status: number, reason = ''): KubeError {
  return new KubeError(`${method} ${path}`, { status, reason });
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = { ...asObject(target) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

function pathOf(object: JsonObject): string {
  const { namespace, name } = asObject(object.metadata);
  const resource = RESOURCES.get(`${asText(object.apiVersion)} ${asText(object.kind)}`);
  if (resource === undefined) throw new Error('the test has an object of a kind that the store does not know');
  return resourcePath(resource, { namespace: asText(namespace), name: asText(name) ?? '' });
}

/** `/apis/apps/v1/namespaces/shop/deployments`: the last segment is a resource. */
function isCollection(path: string): boolean {
  return [...RESOURCES.values()].some(({ resource }) => path.endsWith(`/${resource}`));
}
