/** Alerts about rollouts, as the environment asks for them; nobody is told where it does not. */
import type { Clock } from '../kube/clock.ts';
import { createAlerts } from '../notify/alerts.ts';
import { alertSettings } from '../notify/settings.ts';
import type { Told } from '../watcher/told.ts';
import type { Logger } from './log.ts';

export interface Alerting {
  /** Returns at once. */
  tell(told: Told): void;
  /** Sends what waits, for a few seconds at most. Never rejects. */
  close(): Promise<void>;
}

const SILENCE: Alerting = { tell: () => {}, close: async () => {} };

/** Settings that are wrong are an error in the log and no alerts: rollouts matter more than news of them. */
export function createAlerting(
  environment: Readonly<Record<string, string | undefined>>,
  { clock, log }: { clock: Clock; log: Logger },
): Alerting {
  const parsed = alertSettings(environment);
  if (!parsed.ok) {
    for (const fault of parsed.faults) log.error({ fault }, 'no alerts');
    return SILENCE;
  }
  if (parsed.settings === undefined) return SILENCE;
  const alerts = createAlerts(parsed.settings, {
    clock,
    report: (fact) => log[fact.event === 'sent' ? 'debug' : 'warn'](fact, 'alert'),
  });
  return {
    tell: ({ workload: { kind, namespace, name }, rollout }) => {
      // Who is told by --webhook-url has nothing to be alerted to: nothing was rolled.
      if (rollout === undefined || rollout.by === 'notify') return;
      alerts.send({ workload: { kind, namespace, name }, causes: rollout.causes, at: rollout.at });
    },
    close: () => alerts.close(),
  };
}
