/**
 * The watcher as a whole: feeds tell the index, the index names workloads, the queue lets their changes settle, workers
 * bring them in step. Order matters: nothing is written before the first full sync of every feed, since a workload
 * whose namespace or policy is not known yet must not be judged.
 */
import { SETTLE_LIMIT_MS } from '../core/defaults.ts';
import type { Keyring } from '../core/key.ts';
import type { PolicyOptions } from '../core/policy.ts';
import type { Clock } from '../kube/clock.ts';
import type { ReflectorEvents } from '../kube/reflector.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { createFeeds } from './feeds.ts';
import { Queue } from './queue.ts';
import { reconcile, type Told } from './reconcile.ts';
import { Workers } from './workers.ts';
import { WorkloadIndex } from './workload-index.ts';

export interface WatcherOptions {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly policy: PolicyOptions;
  readonly settleMs: number;
  readonly concurrency: number;
  readonly events: WatcherEvents;
}

/** What the watcher tells about itself, for logs, metrics and Kubernetes Events. */
export interface WatcherEvents extends ReflectorEvents {
  started(facts: { workloads: number; managed: number }): void;
  decided(told: Told): void;
  retried(facts: { name: string; cause: string; attempt: number; retryInMs: number }): void;
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
  #synced = false;

  constructor(options: WatcherOptions) {
    const { settleMs, clock, concurrency, events } = options;
    this.#options = options;
    this.#index = new WorkloadIndex(options.policy);
    this.#queue = new Queue({ settleMs, settleLimitMs: Math.max(settleMs, SETTLE_LIMIT_MS) });
    this.#workers = new Workers({
      queue: this.#queue,
      concurrency,
      clock,
      work: (name) => reconcile(name, { ...options, index: this.#index, onDecision: (told) => events.decided(told) }),
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
    const feeds = createFeeds({
      ...this.#options,
      index: this.#index,
      onDirty: (ids) => this.#look(ids),
      onGone: (id) => this.#workers.forget(id),
    });
    const feeding = feeds.map((feed) => feed.run(signal));
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    await Promise.race([stopped, Promise.all(feeds.map((feed) => feed.synced))]);
    if (!signal.aborted) {
      this.#begin();
      await this.#workers.run(signal);
    }
    await Promise.all(feeding);
  }

  /** Everything that is managed is looked at once: what changed while no watcher ran is found by comparison. */
  #begin(): void {
    this.#synced = true;
    const now = this.#options.clock.monotonic();
    for (const id of this.#index.ids()) {
      if (this.#index.get(id)?.verdict.managed) this.#queue.after(id, 0, now);
    }
    this.#options.events.started({ workloads: this.#index.size, managed: this.#index.managedCount() });
  }

  /** Before the first sync nothing is queued: {@link #begin} looks at everything. */
  #look(ids: readonly string[]): void {
    if (!this.#synced || ids.length === 0) return;
    const now = this.#options.clock.monotonic();
    for (const id of ids) this.#queue.settle(id, now);
    this.#workers.wake();
  }
}
