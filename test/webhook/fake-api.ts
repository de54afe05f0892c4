/**
 * An API server reduced to single reads. A fake is right here: it counts requests, and fails or hangs on demand, which a
 * real one does not. That the paths are right and the answers as real is tested on a real control plane (test/live).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../core/json.ts';
import { asObject, asText } from '../../core/json.ts';
import { KubeError } from '../../kube/error.ts';
import { CONFIG_MAPS, resourcePath, SECRETS } from '../../kube/path.ts';
import type { KubeRequest, KubeTransport } from '../../kube/transport.ts';

/** What becomes of a read: the object or a 404, an error with that status, or no answer until the caller gives up. */
export type Behaviour = 'answer' | 'hang' | number;

export interface FakeApi extends KubeTransport {
  /** `GET /path`, in the order they came. */
  readonly requests: string[];
  /** The most reads under way at once. */
  readonly most: () => number;
  /** Reads under way. */
  readonly open: () => number;
}

export interface FakeApiOptions {
  readonly behaviour?: (path: string) => Behaviour;
  /** A read takes this long. */
  readonly delayMs?: number;
}

export function fakeApi(objects: readonly JsonObject[], options: FakeApiOptions = {}): FakeApi {
  const { behaviour = () => 'answer', delayMs = 0 } = options;
  const byPath = new Map(objects.map((object) => [pathOf(object), object]));
  const requests: string[] = [];
  let now = 0;
  let most = 0;

  const answer = async ({ method, path, signal }: KubeRequest): Promise<unknown> => {
    const how = behaviour(path);
    if (how === 'hang') await hang(path, signal);
    if (delayMs > 0) await sleep(delayMs);
    if (typeof how === 'number') throw new KubeError(`${method} ${path}`, { status: how, reason: 'Failed' });
    const object = byPath.get(path);
    if (object === undefined) throw new KubeError(`${method} ${path}`, { status: 404, reason: 'NotFound' });
    return object;
  };

  return {
    requests,
    most: () => most,
    open: () => now,
    request: async (request) => {
      requests.push(`${request.method} ${request.path}`);
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

function pathOf(object: JsonObject): string {
  const { namespace, name } = asObject(object.metadata);
  const at = { namespace: asText(namespace), name: asText(name) ?? '' };
  return resourcePath(object.kind === 'Secret' ? SECRETS : CONFIG_MAPS, at);
}
