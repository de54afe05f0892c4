/**
 * The watcher as a whole: feeds tell the index, the index names workloads, the queue lets their changes settle, workers
 * bring them in step. Order matters: nothing is written before the first full sync of every feed, since a workload
 * whose namespace or policy is not known yet must not be judged. Kinds of other projects come and go while it runs.
 */
import { SETTLE_LIMIT_MS } from '../core/defaults.ts';
import type { Keyring } from '../core/key.ts';
import { PLAIN_NAMESPACE } from '../core/policy.ts';
import { settingsOf } from '../core/settings.ts';
import type { Clock } from '../kube/clock.ts';
import type { ReflectorEvents } from '../kube/reflector.ts';
import type { KubeTransport } from '../kube/transport.ts';
import type { Released } from './care.ts';
import { type FeedsOptions, namespaceFeeds, sourceFeeds, workloadFeeds } from './feeds.ts';
import { NamespacePoll } from './namespace-poll.ts';
import { OptionalFeeds } from './optional-feeds.ts';
import { Queue } from './queue.ts';
import { reconcile } from './reconcile.ts';
import type { WatcherRules } from './rules.ts';
import type { Told } from './told.ts';
import { Workers } from './workers.ts';
import { type IndexedWorkload, WorkloadIndex } from './workload-index.ts';

export interface WatcherOptions {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly rules: WatcherRules;
  readonly concurrency: number;
  readonly events: WatcherEvents;
  /** For `rules.effects.notify`. */
  readonly notify?: (told: Told) => Promise<void>;
}

/** What the watcher tells about itself, for logs, metrics and Kubernetes Events. */
export interface WatcherEvents extends ReflectorEvents {
  started(facts: { workloads: number; managed: number }): void;
  decided(told: Told): void;
  advised(facts: { workload: IndexedWorkload; advice: readonly string[] }): void;
  retried(facts: { name: string; cause: string; attempt: number; retryInMs: number }): void;
  /** A kind that is not part of every cluster came or went. */
  kind(facts: { kind: string; served: boolean }): void;
  /** Something could not be found out, and what was known stays. */
  unsure(facts: { about: string; cause: string; retryInMs: number }): void;
}

export interface WatcherStatus {
  readonly synced: boolean;
  readonly workloads: number;
  readonly managed: number;
  readonly waiting: number;
}

export class Watcher {
  readonly #options: WatcherOptions;
  readonly #index: WorkloadIndex;
  readonly #queue: Queue;
  readonly #workers: Workers;
  readonly #released: Released = new Set();
  #synced = false;

  constructor(options: WatcherOptions) {
    const { clock, concurrency, events, rules } = options;
    const { settleMs } = rules.settings;
    this.#options = options;
    // With a selector, a namespace that was not seen is none that was selected.
    this.#index = new WorkloadIndex(rules.policy, {
      ...PLAIN_NAMESPACE,
      selected: rules.namespaceSelector === undefined,
    });
    this.#queue = new Queue({ settleMs, settleLimitMs: Math.max(settleMs, SETTLE_LIMIT_MS) });
    this.#workers = new Workers({
      queue: this.#queue,
      concurrency,
      clock,
      work: (name) =>
        reconcile(name, {
          ...options,
          index: this.#index,
          released: this.#released,
          onDecision: (told) => events.decided(told),
          onAdvice: (facts) => events.advised(facts),
        }),
      onRetry: (facts) => events.retried(facts),
    });
  }

  get status(): WatcherStatus {
    return {
      synced: this.#synced,
      workloads: this.#index.size,
      managed: this.#index.managedCount(),
      waiting: this.#queue.size,
    };
  }

  /** Runs until the signal aborts; then feeds stop, and what is being written is finished. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return; // An abort that has been is an event that will not come.
    const feedsOptions = this.#feedsOptions();
    const builtIn = this.#options.rules.kinds.filter((kind) => kind.builtIn);
    const feeds = [
      ...namespaceFeeds(feedsOptions),
      ...builtIn.flatMap((kind) => workloadFeeds(feedsOptions, kind)),
      ...sourceFeeds(feedsOptions),
      new NamespacePoll(feedsOptions, (facts) => this.#options.events.unsure(facts)),
    ];
    const optional = new OptionalFeeds(feedsOptions, this.#options.events);
    const feeding = [...feeds.map((feed) => feed.run(signal)), optional.run(signal)];
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    await Promise.race([stopped, Promise.all([...feeds.map((feed) => feed.synced), optional.ready])]);
    if (!signal.aborted) {
      this.#begin();
      await this.#workers.run(signal);
    }
    await Promise.all(feeding);
  }

  #feedsOptions(): FeedsOptions {
    const { transport, clock, events, rules } = this.#options;
    return {
      ...{ transport, clock, events, rules, index: this.#index },
      onDirty: (ids) => this.#look(ids),
      onGone: (id) => this.#workers.forget(id),
    };
  }

  /** Everything that is managed is looked at once: what changed while no watcher ran is found by comparison. */
  #begin(): void {
    this.#synced = true;
    const now = this.#options.clock.monotonic();
    for (const id of this.#index.ids()) {
      const entry = this.#index.get(id);
      if (entry?.verdict.managed || entry?.workload.needsCare) this.#queue.after(id, 0, now);
    }
    this.#options.events.started({ workloads: this.#index.size, managed: this.#index.managedCount() });
  }

  /** Before the first sync nothing is queued: {@link #begin} looks at everything. */
  #look(ids: readonly string[]): void {
    if (!this.#synced || ids.length === 0) return;
    const now = this.#options.clock.monotonic();
    for (const id of ids) this.#queue.settle(id, now, this.#settleMs(id));
    this.#workers.wake();
  }

  #settleMs(id: string): number {
    const { rules } = this.#options;
    const workload = this.#index.get(id)?.workload;
    if (workload === undefined) return rules.settings.settleMs;
    const annotations = this.#index.effectiveAnnotations(workload);
    const { settings } = this.#index.namespaceFacts(workload.namespace);
    const spoken = { annotations, template: { annotations: workload.templateAnnotations, spec: undefined } };
    return settingsOf(spoken, settings, { defaults: rules.settings, vocabulary: rules.vocabulary }).settleMs;
  }
}
