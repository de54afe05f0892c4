/**
 * An API server reduced to a map: reads, and merge patches with the resourceVersion as a precondition. It is for
 * interleavings that a real one cannot be made to show: a test acts between any two requests, or lets one fail.
 */
import { asObject, asText, isObject, type JsonObject } from '../../core/json.ts';
import { KubeError } from '../../kube/error.ts';
import { CONFIG_MAPS, resourcePath, SECRETS } from '../../kube/path.ts';
import type { KubeRequest, KubeTransport } from '../../kube/transport.ts';
import { copy } from '../core/build.ts';

const RESOURCES = {
  ConfigMap: CONFIG_MAPS,
  Secret: SECRETS,
  Deployment: { group: 'apps', version: 'v1', resource: 'deployments' },
} as const;

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

  async request(request: KubeRequest): Promise<unknown> {
    this.requests.push(request);
    this.before(request);
    const object = this.#objects.get(request.path);
    if (object === undefined) throw fault(request, 404, 'NotFound');
    if (request.method === 'GET') return copy(object);
    if (request.method !== 'PATCH') throw fault(request, 405, 'MethodNotAllowed');
    return this.#patch(request, object);
  }

  // biome-ignore lint/correctness/useYield: nothing that is tested with it watches.
  async *stream(request: KubeRequest): AsyncIterable<Buffer> {
    throw fault(request, 405, 'MethodNotAllowed');
  }

  close(): void {}

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
  const kind = object.kind as keyof typeof RESOURCES;
  return resourcePath(RESOURCES[kind], { namespace: asText(namespace), name: asText(name) ?? '' });
}
