/** `restamp watcher`: wires the watcher to its options, log, metrics and Events. */
import { systemClock } from '../kube/clock.ts';
import type { Told } from '../watcher/reconcile.ts';
import { Watcher, type WatcherEvents } from '../watcher/watcher.ts';
import type { WATCHER_OPTIONS } from './commands.ts';
import { connect } from './connection.ts';
import { logFields } from './explanation.ts';
import { awaitKeyring } from './keyring.ts';
import { createLog, type Logger } from './log.ts';
import { createWatcherMetrics, type WatcherMetrics } from './metrics.ts';
import { createOpsServer } from './ops-server.ts';
import { createOwnerEvents } from './owner-events.ts';
import type { Values } from './parse-options.ts';

/**
 * Runs until the signal aborts. In order: the ops server first, so that probes are answered from the start; the key,
 * without which nothing can be judged; then the watcher. To stop: the watcher finishes what it is writing, then the
 * ops server goes, last, so that the end can be watched.
 */
export async function runWatcher(options: Values<typeof WATCHER_OPTIONS>, signal: AbortSignal): Promise<void> {
  const log = createLog('watcher', options['log-level']);
  const clock = systemClock;
  const transport = await connect('watcher', options.kubeconfig);
  const idle = { synced: false, workloads: 0, managed: 0, waiting: 0 };
  const state: { watcher?: Watcher } = {};
  const status = (): Watcher['status'] => state.watcher?.status ?? idle;
  const metrics = createWatcherMetrics(status);
  const ops = createOpsServer({
    registry: metrics.registry,
    checks: {
      key: () => (state.watcher === undefined ? 'not loaded yet' : undefined),
      watches: () => (status().synced ? undefined : 'not synced yet'),
    },
  });
  await ops.listen({ host: options['bind-address'], port: options['ops-port'] });
  log.info({ address: ops.listeningOrigin }, 'serving health and metrics');

  const at = { namespace: options.namespace, name: options['key-secret'] };
  const keyring = await awaitKeyring({ transport, clock, log, at }, signal);
  if (keyring !== undefined) {
    state.watcher = new Watcher({
      transport,
      clock,
      keyring,
      policy: {
        excludedNamespaces: new Set(options['exclude-namespaces']),
        ownNamespace: options.namespace,
        all: options.all,
      },
      settleMs: options.settle,
      concurrency: options.concurrency,
      events: watcherEvents(log, metrics, createOwnerEvents({ transport, clock, log })),
    });
    await state.watcher.run(signal);
  }
  log.info('stopped');
  await ops.close();
  transport.close();
}

function watcherEvents(log: Logger, metrics: WatcherMetrics, tell: (told: Told) => void): WatcherEvents {
  return {
    started: (facts) => log.info(facts, 'watching'),
    synced: (facts) => {
      metrics.watchSyncs.inc({ resource: facts.resource });
      log.debug(facts, 'synced');
    },
    interrupted: (facts) => {
      metrics.watchInterruptions.inc({ resource: facts.resource });
      log.warn(facts, 'watch interrupted');
    },
    state: (resource, state) => log.trace({ resource, state }, 'watch state'),
    retried: (facts) => {
      metrics.retries.inc();
      log.warn(facts, 'will look again');
    },
    decided: (told) => {
      const { outcome, reason } = told.decision;
      metrics.decisions.inc({ outcome, reason });
      if (told.rollout !== undefined) metrics.rollouts.inc({ kind: told.workload.kind });
      log[outcome === 'none' ? 'debug' : 'info'](logFields(told), 'decided');
      tell(told);
    },
  };
}
