/**
 * Which kinds the API server serves. Most kinds that restamp knows belong to other projects, and a cluster has few of
 * them: what is absent is seen in the one list of groups, and costs nothing more.
 */
import { asList, asObject, asText } from '../core/json.ts';
import { backoffMs } from './backoff.ts';
import type { Clock } from './clock.ts';
import { describeError, isStatus, KubeError } from './error.ts';
import type { KubeTransport } from './transport.ts';

export interface WantedResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** The plural, as in paths. */
  readonly resource: string;
}

export interface ServedResource extends WantedResource {
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** What one look saw. What was wanted and is in neither list is not served: the API server has said so. */
interface Sight {
  readonly served: readonly ServedResource[];
  /** Of groups whose own discovery failed (an aggregated API that is down): nobody knows. */
  readonly unknown: readonly WantedResource[];
  readonly errors: readonly unknown[];
}

/**
 * Which of these resources the API server serves now, with the kind each has. One GET /apis (the list of groups, not
 * aggregated), then one GET for each version of a group that exists and is wanted. Rejects where any of them fails.
 */
export async function discover(
  transport: KubeTransport,
  wanted: readonly WantedResource[],
  signal?: AbortSignal,
): Promise<readonly ServedResource[]> {
  const { served, errors } = await look(transport, wanted, signal);
  if (errors.length > 0) throw errors[0];
  return served;
}

async function look(transport: KubeTransport, wanted: readonly WantedResource[], signal?: AbortSignal): Promise<Sight> {
  const existing = await listVersions(transport, signal);
  const versions = [...Map.groupBy(wanted, versionPath)].filter(([path]) => existing.has(path));
  const sights = await Promise.all(
    versions.map(async ([path, resources]): Promise<Sight> => {
      try {
        const listed = await listResources(transport, path, signal);
        return { served: resources.flatMap((resource) => find(resource, listed)), unknown: [], errors: [] };
      } catch (error) {
        return { served: [], unknown: resources, errors: [error] };
      }
    }),
  );
  return {
    served: sights.flatMap(({ served }) => served),
    unknown: sights.flatMap(({ unknown }) => unknown),
    errors: sights.flatMap(({ errors }) => errors),
  };
}

function versionPath({ group, version }: WantedResource): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/**
 * An API server that starts answers GET /apis before it knows its groups: for a moment (40 to 460 ms, as measured) the
 * list has next to nothing in it. One without this version, which every cluster with workloads serves, is no answer.
 */
const ALWAYS_SERVED = '/apis/apps/v1';

/** The path of each version of each group that exists. */
async function listVersions(transport: KubeTransport, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const { groups } = asObject(await transport.request({ method: 'GET', path: '/apis', ...(signal && { signal }) }));
  const versions = asList(groups).flatMap((group) => asList(asObject(group).versions));
  const paths = versions.map((version) => `/apis/${asText(asObject(version).groupVersion)}`);
  if (!paths.includes(ALWAYS_SERVED)) throw new Error('GET /apis: the list of groups is not complete yet');
  // The core group is older than the list, and not in it.
  return new Set(['/api/v1', ...paths]);
}

async function listResources(
  transport: KubeTransport,
  path: string,
  signal?: AbortSignal,
): Promise<readonly unknown[]> {
  try {
    const { resources } = asObject(await transport.request({ method: 'GET', path, ...(signal && { signal }) }));
    if (!Array.isArray(resources)) throw new Error(`GET ${path}: not a list of resources`);
    return resources;
  } catch (error) {
    // It went after the groups were listed.
    if (isStatus(error, 404)) return [];
    throw error;
  }
}

function find(wanted: WantedResource, listed: readonly unknown[]): readonly ServedResource[] {
  const found = listed.map(asObject).find(({ name }) => name === wanted.resource);
  const kind = asText(found?.kind);
  if (found === undefined || kind === undefined) return [];
  const { group, version, resource } = wanted;
  const verbs = asList(found.verbs)
    .flatMap((verb) => asText(verb) ?? [])
    .toSorted();
  return [{ group, version, resource, kind, namespaced: found.namespaced === true, verbs }];
}

/** Somebody who installs a kind waits for seconds, not minutes; two requests a minute are nothing to an API server. */
const LOOK_INTERVAL_MS = 30_000;

/** A tenth either way, so that replicas that started together do not look together. */
const JITTER = 0.1;

/** However often a look is asked for, it is one a second at most. */
const SHORTEST_WAIT_MS = 1_000;

export interface KindWatchOptions {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly wanted: readonly WantedResource[];
  readonly intervalMs?: number;
  readonly onServed: (resource: ServedResource) => void;
  readonly onGone: (resource: WantedResource) => void;
  /** Is told what made a look fail, in whole or in part. */
  readonly report: (fact: { readonly cause: string; readonly retryInMs: number }) => void;
}

/**
 * Looks again and again which wanted resources are served, and tells what appeared and what went. A look that fails
 * changes nothing, and one that fails for a group changes nothing about that group. A resource that is served as
 * another kind than before has gone and appeared.
 */
export class KindWatch {
  readonly #options: KindWatchOptions;
  readonly #served = new Map<string, ServedResource>();
  readonly #ready = Promise.withResolvers<void>();
  #failures = 0;
  /** Aborted by whoever wants a look soon. */
  #soon = new AbortController();

  constructor(options: KindWatchOptions) {
    this.#options = options;
  }

  /** Resolves when the groups have been listed for the first time, and what that look saw has been told. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Runs until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#soon = new AbortController();
      const waitMs = await this.#look(signal);
      if (!signal.aborted) await this.#wait(waitMs, signal);
    }
  }

  /** Has the next look come within a second: somebody has reason to believe that something changed. */
  lookSoon(): void {
    this.#soon.abort();
  }

  /** Looks, tells, and answers how long to wait for the next look. */
  async #look(signal: AbortSignal): Promise<number> {
    const { transport, clock, wanted, intervalMs = LOOK_INTERVAL_MS } = this.#options;
    try {
      const sight = await look(transport, wanted, signal);
      if (signal.aborted) return 0;
      this.#tell(sight);
      this.#ready.resolve();
      if (sight.errors.length > 0) return this.#fail(sight.errors);
      this.#failures = 0;
      return intervalMs * (1 + JITTER * (2 * clock.random() - 1));
    } catch (error) {
      return signal.aborted ? 0 : this.#fail([error]);
    }
  }

  #tell({ served, unknown }: Sight): void {
    const { onServed, onGone } = this.#options;
    const seen = new Map(served.map((resource) => [id(resource), resource]));
    const open = new Set(unknown.map(id));
    for (const [key, resource] of this.#served) {
      if (open.has(key) || isSameKind(resource, seen.get(key))) continue;
      this.#served.delete(key);
      onGone({ group: resource.group, version: resource.version, resource: resource.resource });
    }
    for (const [key, resource] of seen) {
      if (this.#served.has(key)) continue;
      this.#served.set(key, resource);
      onServed(resource);
    }
  }

  #fail(errors: readonly unknown[]): number {
    const asked = errors.map((error) => (error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0));
    const retryInMs = Math.max(...asked, backoffMs(this.#failures, this.#options.clock.random()));
    this.#failures += 1;
    this.#options.report({ cause: errors.map(describeError).join('; '), retryInMs });
    return retryInMs;
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const begun = clock.monotonic();
    await clock.sleep(ms, AbortSignal.any([signal, this.#soon.signal]));
    const leftMs = SHORTEST_WAIT_MS - (clock.monotonic() - begun);
    if (this.#soon.signal.aborted && leftMs > 0) await clock.sleep(leftMs, signal);
  }
}

/** The verbs do not count: a kind whose definition is being removed has fewer of them until it has gone. */
function isSameKind(before: ServedResource, now: ServedResource | undefined): boolean {
  return before.kind === now?.kind && before.namespaced === now.namespaced;
}

function id(resource: WantedResource): string {
  return `${versionPath(resource)}/${resource.resource}`;
}
