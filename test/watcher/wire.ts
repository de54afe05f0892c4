/** Watches that a test writes to, and discovery, over the reads and writes of a store. */
import type { JsonObject } from '../../core/json.ts';
import { WORKLOAD_KINDS } from '../../core/workload.ts';
import { KubeError } from '../../kube/error.ts';
import { CONFIG_MAPS, NAMESPACES, resourcePath, SECRETS } from '../../kube/path.ts';
import type { KubeRequest, KubeTransport } from '../../kube/transport.ts';
import type { Store } from './store.ts';

/** What every watch of all namespaces looks at, in a cluster without the kinds of others. */
export const WATCHED: readonly string[] = [
  NAMESPACES,
  CONFIG_MAPS,
  SECRETS,
  ...WORKLOAD_KINDS.filter(({ builtIn }) => builtIn),
].map((resource) => resourcePath(resource));

/** The end of a streamed list. */
export const LIST_END = {
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } } },
};

/** What a group version serves besides what every cluster does: `{ name: 'rollouts', kind: 'Rollout' }`. */
export type Served = Readonly<Record<string, readonly { readonly name: string; readonly kind: string }[]>>;

export class Wire implements KubeTransport {
  readonly store: Store;
  /** What is served besides what every cluster serves, by group version. */
  served: Served = {};
  /** Paths of the watches that are open, in the order in which they were opened. */
  readonly open: string[] = [];
  /** Every watch that was asked for. */
  readonly watches: KubeRequest[] = [];
  readonly #lines = new Map<string, object[]>();
  readonly #wake = new Map<string, () => void>();

  constructor(store: Store) {
    this.store = store;
  }

  /** Sends events on the watch of a path. */
  send(path: string, ...events: readonly object[]): void {
    this.#lines.set(path, [...(this.#lines.get(path) ?? []), ...events]);
    this.#wake.get(path)?.();
  }

  /** Sends a whole list of these objects on the watch of a path. */
  sendList(path: string, objects: readonly JsonObject[] = []): void {
    this.send(path, ...objects.map((object) => ({ type: 'ADDED', object })), LIST_END);
  }

  /** Sends whole lists of these objects, except for the paths left out. */
  list(objects: Readonly<Record<string, readonly JsonObject[]>>, ...without: readonly string[]): void {
    for (const path of WATCHED.filter((each) => !without.includes(each))) this.sendList(path, objects[path]);
  }

  async request(request: KubeRequest): Promise<unknown> {
    return this.#discovery(request) ?? this.store.request(request);
  }

  async *stream(request: KubeRequest): AsyncIterable<Buffer> {
    const { path, signal } = request;
    this.watches.push(request);
    this.open.push(path);
    try {
      while (!signal?.aborted) {
        for (const line of this.#lines.get(path)?.splice(0) ?? []) yield Buffer.from(`${JSON.stringify(line)}\n`);
        await new Promise<void>((resolve) => {
          this.#wake.set(path, resolve);
          signal?.addEventListener('abort', () => resolve(), { once: true });
        });
      }
      throw new KubeError(`GET ${path}`, { status: 0, reason: 'ABORT_ERR' });
    } finally {
      this.open.splice(this.open.indexOf(path), 1);
    }
  }

  close(): void {}

  #discovery({ path }: KubeRequest): unknown {
    if (path === '/apis') {
      const versions = ['apps/v1', ...Object.keys(this.served)];
      return { groups: versions.map((groupVersion) => ({ versions: [{ groupVersion }] })) };
    }
    const resources = this.served[path.slice('/apis/'.length)];
    return (
      resources && { resources: resources.map((each) => ({ ...each, namespaced: true, verbs: ['list', 'watch'] })) }
    );
  }
}
