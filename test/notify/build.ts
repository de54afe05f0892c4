import type { Test } from 'tap';
import type { Alert } from '../../notify/alert.ts';
import { type AlertFact, type Alerts, createAlerts } from '../../notify/alerts.ts';
import { type AlertSettings, alertSettings } from '../../notify/settings.ts';
import { FakeClock } from '../kube/fake-clock.ts';

/** Stands for what a webhook's URL hides. */
export const TOKEN = 'T0KEN-that-nobody-may-see';

export const AT = '2030-01-01T00:00:00Z';

export function alert(name = 'web', causes: Alert['causes'] = [cause()]): Alert {
  return { workload: { kind: 'Deployment', namespace: 'shop', name }, causes, at: AT };
}

export function cause(change: Partial<Alert['causes'][number]> = {}): Alert['causes'][number] {
  return {
    source: 'configmap/app-config',
    keys: ['LOG_LEVEL', 'port'],
    by: 'kubectl-edit',
    changedAt: '2029-12-31T23:59:00Z',
    ...change,
  };
}

export const TEXT =
  'Deployment web in namespace shop was rolled at 2030-01-01T00:00:00Z: configmap/app-config changed ' +
  '(LOG_LEVEL, port), written by kubectl-edit at 2029-12-31T23:59:00Z.';

/** The settings that these variables give; alerts on. */
export function settingsOf(variables: Record<string, string>): AlertSettings {
  const result = alertSettings({ ALERT_ON_RELOAD: 'true', ...variables });
  if (!result.ok || result.settings === undefined) throw new Error(JSON.stringify(result));
  return result.settings;
}

export interface Sender extends Alerts {
  readonly clock: FakeClock;
  readonly facts: AlertFact[];
  /** Resolves when that many facts of this kind have been reported. */
  until(event: AlertFact['event'], count?: number): Promise<void>;
}

/** A sender on a clock that stands still, for the time of a test. */
export function sender(t: Test, variables: Record<string, string>): Sender {
  const clock = new FakeClock();
  const facts: AlertFact[] = [];
  const waiting = new Set<() => void>();
  const report = (fact: AlertFact): void => {
    facts.push(fact);
    for (const look of waiting) look();
  };
  const alerts = createAlerts(settingsOf(variables), { clock, report });
  t.teardown(async () => {
    const closed = alerts.close();
    await clock.advance(60_000);
    await closed;
  });
  const until: Sender['until'] = (event, count = 1) =>
    new Promise((resolve) => {
      const look = (): void => {
        if (facts.filter((fact) => fact.event === event).length < count) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { ...alerts, clock, facts, until };
}

/** The variables for a plain receiver, with the token in path and query. */
export function to(port: number, sink = 'raw', scheme = 'http'): Record<string, string> {
  return { ALERT_SINK: sink, ALERT_WEBHOOK_URL: `${scheme}://127.0.0.1:${port}/services/${TOKEN}?key=${TOKEN}` };
}
