/**
 * An API server reduced to reads of objects and, in pages, of their names. A fake is right here: it counts requests, and fails or hangs on demand, which a
 * real one does not. That the paths are right and the answers as real is tested on a real control plane (test/live).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../core/json.ts';
import { asObject, asText } from '../../core/json.ts';
import { KubeError } from '../../kube/error.ts';
import { CLASS_STATUSES, CONFIG_MAPS, type Resource, resourcePath, SECRETS } from '../../kube/path.ts';
import type { KubeRequest, KubeTransport } from '../../kube/transport.ts';

/** What becomes of a read: the object or a 404, an error with that status, or no answer until the caller gives up. */
export type Behaviour = 'answer' | 'hang' | number;

export interface FakeApi extends KubeTransport {
  /** `GET /path`, in the order they came. */
  readonly requests: string[];
  /** The same, whole. */
  readonly asked: KubeRequest[];
  /** The most reads under way at once. */
  readonly most: () => number;
  /** Reads under way. */
  readonly open: () => number;
}

export interface FakeApiOptions {
  readonly behaviour?: (path: string) => Behaviour;
  /** A read takes this long. */
  readonly delayMs?: number;
  /** Objects on a page of a list, whatever is asked for; all of them, if absent. */
  readonly pageSize?: number;
}

export function fakeApi(objects: readonly JsonObject[], options: FakeApiOptions = {}): FakeApi {
  const { behaviour = () => 'answer', delayMs = 0, pageSize = Infinity } = options;
  const byPath = new Map(objects.map((object) => [pathOf(object), object]));
  const requests: string[] = [];
  const asked: KubeRequest[] = [];
  let now = 0;
  let most = 0;

  const answer = async ({ method, path, signal, query = {} }: KubeRequest): Promise<unknown> => {
    const how = behaviour(path);
    if (how === 'hang') await hang(path, signal);
    if (delayMs > 0) await sleep(delayMs);
    if (typeof how === 'number') throw new KubeError(`${method} ${path}`, { status: how, reason: 'Failed' });
    if (isCollection(path)) {
      const all = [...byPath].filter(([each]) => each.startsWith(`${path}/`)).map(([, object]) => object);
      return pageOf(all, Number(query.continue ?? 0), pageSize);
    }
    const object = byPath.get(path);
    if (object === undefined) throw new KubeError(`${method} ${path}`, { status: 404, reason: 'NotFound' });
    return object;
  };

  return {
    requests,
    asked,
    most: () => most,
    open: () => now,
    request: async (request) => {
      requests.push(`${request.method} ${request.path}`);
      asked.push(request);
      now += 1;
      most = Math.max(most, now);
      try {
        return await answer(request);
      } finally {
        now -= 1;
      }
    },
    stream: () => {
      throw new Error('the webhook opens no stream');
    },
    close: () => {},
  };
}

/** Ends as the transport does when its signal aborts; without a signal, never. */
async function hang(path: string, signal: AbortSignal | undefined): Promise<never> {
  // An open socket keeps the process alive; the timer of a budget does not.
  const socket = setInterval(() => {}, 1_000);
  await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
  clearInterval(socket);
  throw new KubeError(`GET ${path}`, { status: 0, reason: 'ABORT_ERR' });
}

const RESOURCES: ReadonlyMap<unknown, Resource> = new Map([
  ['ConfigMap', CONFIG_MAPS],
  ['Secret', SECRETS],
  ['SecretProviderClassPodStatus', CLASS_STATUSES],
]);

function pathOf(object: JsonObject): string {
  const { namespace, name } = asObject(object.metadata);
  const at = { namespace: asText(namespace), name: asText(name) ?? '' };
  return resourcePath(RESOURCES.get(object.kind) ?? CONFIG_MAPS, at);
}

function isCollection(path: string): boolean {
  return [...RESOURCES.values()].some(({ resource }) => path.endsWith(`/${resource}`));
}

/** A page that begins with that object; a place to go on from where there are more. */
function pageOf(objects: readonly JsonObject[], from: number, size: number): JsonObject {
  const next = from + size;
  return {
    kind: 'PartialObjectMetadataList',
    metadata: { resourceVersion: '9', ...(next < objects.length ? { continue: String(next) } : {}) },
    items: objects.slice(from, next),
  };
}
