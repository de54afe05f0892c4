/** `restamp watcher`: wires the watcher to its options, log, metrics, Events and whoever else wants to know. */
import { type Clock, systemClock } from '../kube/clock.ts';
import { WatchHealth } from '../kube/watch-health.ts';
import { createUpdateWebhook } from '../notify/update-webhook.ts';
import { httpUrl } from '../notify/url.ts';
import type { Told } from '../watcher/told.ts';
import { Watcher, type WatcherEvents } from '../watcher/watcher.ts';
import { type Alerting, createAlerting } from './alerting.ts';
import type { WATCHER_OPTIONS } from './commands.ts';
import { connect } from './connection.ts';
import { logFields } from './explanation.ts';
import { awaitKeyring } from './keyring.ts';
import { createLog, type Logger } from './log.ts';
import { createWatcherMetrics, type WatcherMetrics } from './metrics.ts';
import { createOpsServer } from './ops-server.ts';
import { createOwnerEvents, type OwnerEvents } from './owner-events.ts';
import type { Values } from './parse-options.ts';
import { watcherRules } from './rules.ts';

/**
 * Runs until the signal aborts. In order: the ops server first, so that probes are answered from the start; the key,
 * without which nothing can be judged; then the watcher. To stop: the watcher finishes what it is writing, then what
 * waits to be told is told, then the ops server goes, last, so that the end can be watched.
 */
export async function runWatcher(options: Values<typeof WATCHER_OPTIONS>, signal: AbortSignal): Promise<void> {
  const log = createLog('watcher', options['log-level']);
  const clock = systemClock;
  const transport = await connect('watcher', options.kubeconfig);
  const alerting = createAlerting(process.env, { clock, log });
  const idle = { synced: false, workloads: 0, managed: 0, waiting: 0 };
  const state: { watcher?: Watcher } = {};
  const status = (): Watcher['status'] => state.watcher?.status ?? idle;
  const health = new WatchHealth(clock);
  const metrics = createWatcherMetrics(status, health);
  const ops = createOpsServer({
    registry: metrics.registry,
    checks: {
      key: () => (state.watcher === undefined ? 'not loaded yet' : undefined),
      watches: () => (status().synced ? health.fault() : 'not synced yet'),
    },
  });
  await ops.listen({ host: options['bind-address'], port: options['ops-port'] });
  log.info({ address: ops.listeningOrigin }, 'serving health and metrics');

  const at = { namespace: options.namespace, name: options['key-secret'] };
  const keyring = await awaitKeyring({ transport, clock, log, at }, signal);
  if (keyring !== undefined) {
    const rules = watcherRules(options);
    const owners = createOwnerEvents({ transport, clock, log });
    state.watcher = new Watcher({
      ...{ transport, clock, keyring, rules, concurrency: options.concurrency },
      ...notifier(options['webhook-url'], clock),
      events: watcherEvents({ log, metrics, health, alerting, owners }),
    });
    await state.watcher.run(signal);
  }
  await alerting.close();
  log.info('stopped');
  await ops.close();
  transport.close();
}

/** Who is told in place of a rollout, where somebody is. */
function notifier(url: string | undefined, clock: Clock): { notify?: (told: Told) => Promise<void> } {
  const parsed = url === undefined ? undefined : httpUrl(url);
  if (parsed === undefined) return {};
  const webhook = createUpdateWebhook(parsed, { clock });
  return {
    notify: async ({ workload: { kind, namespace, name }, rollout }) => {
      if (rollout === undefined) return;
      await webhook.notify({ workload: { kind, namespace, name }, causes: rollout.causes, at: rollout.at });
    },
  };
}

interface Listeners {
  readonly log: Logger;
  readonly metrics: WatcherMetrics;
  readonly health: WatchHealth;
  readonly alerting: Alerting;
  readonly owners: OwnerEvents;
}

function watcherEvents({ log, metrics, health, alerting, owners }: Listeners): WatcherEvents {
  return {
    started: (facts) => log.info(facts, 'watching'),
    kind: (facts) => log.info(facts, 'kind of workload'),
    unsure: (facts) => log.warn(facts, 'could not be found out'),
    synced: (facts) => {
      metrics.watchSyncs.inc({ resource: facts.resource });
      metrics.watchListSeconds.inc({ resource: facts.resource }, facts.tookMs / 1_000);
      log.debug(facts, 'synced');
    },
    interrupted: (facts) => {
      metrics.watchInterruptions.inc({ resource: facts.resource });
      log.warn(facts, 'watch interrupted');
    },
    state: (facts) => {
      health.state(facts);
      log.trace(facts, 'watch state');
    },
    heard: (facts) => {
      health.heard(facts);
      metrics.watchEvents.inc({ resource: facts.resource, type: facts.type });
    },
    retried: (facts) => {
      metrics.retries.inc();
      log.warn(facts, 'will look again');
    },
    decided: (told) => {
      count(told, metrics);
      log[told.decision.outcome === 'none' ? 'debug' : 'info'](logFields(told), 'decided');
      owners.tell(told);
      alerting.tell(told);
    },
    advised: (facts) => owners.advise(facts),
  };
}

function count({ workload: { kind }, decision: { outcome, reason }, rollout }: Told, metrics: WatcherMetrics): void {
  metrics.decisions.inc({ outcome, reason });
  if (rollout === undefined) return;
  const counter = rollout.waiting === undefined ? metrics.rollouts : metrics.rolloutsWaiting;
  counter.inc({ kind });
}
