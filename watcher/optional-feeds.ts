/** The feeds of what is not part of every cluster: begun when the API server serves it, ended when it does not any more. */
import type { WorkloadKind } from '../core/workload.ts';
import { KindWatch, type ServedResource, type WantedResource } from '../kube/discovery.ts';
import { CLASS_STATUSES } from '../kube/path.ts';
import { classFeeds, type Feed, type FeedsOptions, forgetKind, workloadFeeds } from './feeds.ts';
import type { WatcherRules } from './rules.ts';

export interface OptionalFeedsEvents {
  kind(facts: { kind: string; served: boolean }): void;
  unsure(facts: { about: string; cause: string; retryInMs: number }): void;
}

export class OptionalFeeds {
  readonly #options: FeedsOptions;
  readonly #events: OptionalFeedsEvents;
  readonly #watch: KindWatch;
  readonly #running = new Map<string, AbortController>();
  readonly #ended = new Set<Promise<void>>();
  #signal: AbortSignal = AbortSignal.abort();

  constructor(options: FeedsOptions, events: OptionalFeedsEvents) {
    this.#options = options;
    this.#events = events;
    this.#watch = new KindWatch({
      transport: options.transport,
      clock: options.clock,
      wanted: wantedResources(options.rules),
      onServed: (resource) => this.#begin(resource),
      onGone: (resource) => this.#end(resource),
      report: (fact) => events.unsure({ about: 'kinds', ...fact }),
    });
  }

  /** Resolves when it is known which kinds there are; their feeds may still be listing. */
  get ready(): Promise<void> {
    return this.#watch.ready;
  }

  /** Runs until the signal aborts and every feed has ended. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    await this.#watch.run(signal);
    await Promise.all(this.#ended);
  }

  #begin(resource: ServedResource): void {
    const kindInfo = this.#kindOf(resource);
    const feeds =
      kindInfo === undefined
        ? classFeeds(this.#options)
        : workloadFeeds(this.#options, { ...kindInfo, apiKind: resource.kind });
    const controller = new AbortController();
    this.#running.set(keyOf(resource), controller);
    for (const feed of feeds) this.#start(feed, AbortSignal.any([this.#signal, controller.signal]));
    this.#events.kind({ kind: kindInfo?.kind ?? resource.kind, served: true });
  }

  #start(feed: Feed, signal: AbortSignal): void {
    const ended = feed.run(signal).finally(() => this.#ended.delete(ended));
    this.#ended.add(ended);
  }

  #end(resource: WantedResource): void {
    this.#running.get(keyOf(resource))?.abort();
    this.#running.delete(keyOf(resource));
    const kindInfo = this.#kindOf(resource);
    if (kindInfo !== undefined) forgetKind(kindInfo, this.#options);
    this.#events.kind({ kind: kindInfo?.kind ?? resource.resource, served: false });
  }

  #kindOf({ group, version, resource }: WantedResource): WorkloadKind | undefined {
    return this.#options.rules.kinds.find(
      (kind) => kind.group === group && kind.version === version && kind.resource === resource,
    );
  }
}

function wantedResources({ kinds, ignoredSources }: WatcherRules): readonly WantedResource[] {
  const workloads = kinds.filter(({ builtIn }) => !builtIn);
  return ignoredSources.has('SecretProviderClass') ? workloads : [...workloads, CLASS_STATUSES];
}

function keyOf({ group, version, resource }: WantedResource): string {
  return `${group}/${version}/${resource}`;
}
