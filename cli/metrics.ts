/** The metrics, all declared here and created at zero, so that a rate can be taken from the first scrape on. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { systemClock } from '../kube/clock.ts';
import type { HeardType, ReflectorState } from '../kube/reflector.ts';
import { WatchHealth } from '../kube/watch-health.ts';
import { ADMISSION_LABELS, DECISION_LABELS, KIND_LABELS, RESOURCE_LABELS } from './label-values.ts';

export interface Metrics {
  readonly registry: Registry;
}

export interface WatcherMetrics extends Metrics {
  readonly decisions: Counter<'outcome' | 'reason'>;
  readonly rollouts: Counter<'kind'>;
  readonly rolloutsWaiting: Counter<'kind'>;
  readonly retries: Counter;
  readonly watchInterruptions: Counter<'resource'>;
  readonly watchSyncs: Counter<'resource'>;
  readonly watchListSeconds: Counter<'resource'>;
  readonly watchEvents: Counter<'resource' | 'type'>;
}

export interface WebhookMetrics extends Metrics {
  readonly admissions: Counter<'outcome' | 'reason'>;
  readonly admissionSeconds: Histogram;
  readonly crashes: Counter;
  readonly certificateExpiry: Gauge;
  readonly certificateRefusals: Counter;
}

function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Shows a counter at zero for each of these labels. */
function atZero<Label extends string>(
  counter: Counter<Label>,
  labels: readonly Readonly<Record<Label, string>>[],
): Counter<Label> {
  for (const values of labels) counter.inc(values, 0);
  return counter;
}

/** `status` and `health` are asked at each scrape. */
export function createWatcherMetrics(
  status: () => { waiting: number; workloads: number; managed: number },
  health: WatchHealth = new WatchHealth(systemClock),
): WatcherMetrics {
  const registry = createRegistry();
  const registers = [registry];
  showWatches(registry, health);
  const gauges = {
    waiting: 'Workloads whose change waits to be looked at',
    workloads: 'Workloads seen',
    managed: 'Workloads managed',
  } as const;
  for (const name of ['waiting', 'workloads', 'managed'] as const) {
    new Gauge({
      name: `restamp_${name}`,
      help: gauges[name],
      registers,
      collect() {
        this.set(status()[name]);
      },
    });
  }
  return {
    registry,
    decisions: atZero(
      new Counter({
        name: 'restamp_decisions_total',
        help: 'Decisions about workloads',
        labelNames: ['outcome', 'reason'],
        registers,
      }),
      DECISION_LABELS,
    ),
    rollouts: atZero(
      new Counter({
        name: 'restamp_rollouts_total',
        help: 'Rollouts triggered',
        labelNames: ['kind'],
        registers,
      }),
      KIND_LABELS,
    ),
    rolloutsWaiting: atZero(
      new Counter({
        name: 'restamp_rollouts_waiting_total',
        help: 'Rollouts stamped that wait for somebody before any pod is replaced',
        labelNames: ['kind'],
        registers,
      }),
      KIND_LABELS,
    ),
    retries: new Counter({
      name: 'restamp_retries_total',
      help: 'Workloads to be looked at again after trouble',
      registers,
    }),
    watchInterruptions: atZero(
      new Counter({
        name: 'restamp_watch_interruptions_total',
        help: 'Watches that broke and were taken up again',
        labelNames: ['resource'],
        registers,
      }),
      RESOURCE_LABELS,
    ),
    watchSyncs: atZero(
      new Counter({
        name: 'restamp_watch_syncs_total',
        help: 'Full lists of a collection',
        labelNames: ['resource'],
        registers,
      }),
      RESOURCE_LABELS,
    ),
    watchListSeconds: atZero(
      new Counter({
        name: 'restamp_watch_list_seconds_total',
        help: 'Time that full lists of a collection took',
        labelNames: ['resource'],
        registers,
      }),
      RESOURCE_LABELS,
    ),
    watchEvents: atZero(
      new Counter({
        name: 'restamp_watch_events_total',
        help: 'What came on watches, besides the objects of lists',
        labelNames: ['resource', 'type'],
        registers,
      }),
      RESOURCE_LABELS.flatMap((label) => HEARD_TYPES.map((type) => ({ ...label, type }))),
    ),
  };
}

const HEARD_TYPES = Object.keys({ applied: true, deleted: true, bookmark: true } satisfies Record<HeardType, true>);
const WATCH_STATES = Object.keys({
  listing: true,
  opening: true,
  watching: true,
  waiting: true,
} satisfies Record<Exclude<ReflectorState, 'stopped'>, true>) as Exclude<ReflectorState, 'stopped'>[];

/** How the watches are. With `--namespaces` a resource has a watch in each, hence a count. */
function showWatches(registry: Registry, health: WatchHealth): void {
  const registers = [registry];
  new Gauge({
    name: 'restamp_watch_state',
    help: 'Watches of a collection in a state: all of them should be watching',
    labelNames: ['resource', 'state'],
    registers,
    collect() {
      for (const { resource } of RESOURCE_LABELS) {
        for (const state of WATCH_STATES) this.set({ resource, state }, health.count(resource, state));
      }
    },
  });
  new Gauge({
    name: 'restamp_watch_last_event_timestamp_seconds',
    help: 'When an event or a bookmark came last on a watch; a bookmark comes about each minute',
    labelNames: ['resource'],
    registers,
    collect() {
      this.reset();
      for (const { resource } of RESOURCE_LABELS) {
        const at = health.lastSeenAt(resource);
        if (at !== undefined) this.set({ resource }, at.getTime() / 1_000);
      }
    },
  });
}

/** Admission takes milliseconds; the last bound is the API server's longest timeout for a webhook. */
const ADMISSION_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 10, 30];

export function createWebhookMetrics(): WebhookMetrics {
  const registry = createRegistry();
  const registers = [registry];
  return {
    registry,
    admissions: atZero(
      new Counter({
        name: 'restamp_admissions_total',
        help: 'Admission requests answered by /mutate',
        labelNames: ['outcome', 'reason'],
        registers,
      }),
      ADMISSION_LABELS,
    ),
    admissionSeconds: new Histogram({
      name: 'restamp_admission_duration_seconds',
      help: 'Time to answer /mutate',
      buckets: ADMISSION_BUCKETS_SECONDS,
      registers,
    }),
    crashes: new Counter({
      name: 'restamp_admission_crashes_total',
      help: 'Requests that were allowed because answering them failed',
      registers,
    }),
    certificateExpiry: new Gauge({
      name: 'restamp_certificate_expiry_timestamp_seconds',
      help: 'When the served certificate expires',
      registers,
    }),
    certificateRefusals: new Counter({
      name: 'restamp_certificate_refusals_total',
      help: 'Certificates that were offered and refused; the last good one stays',
      registers,
    }),
  };
}
