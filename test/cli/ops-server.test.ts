import t from 'tap';
import { createWatcherMetrics, createWebhookMetrics, type Metrics } from '../../cli/metrics.ts';
import { createOpsServer } from '../../cli/ops-server.ts';
import { WORKLOAD_KINDS } from '../../core/workload.ts';
import { DECISION_CASES } from '../core/decision-cases.ts';

const RESOURCES = ['namespaces', 'configmaps', 'secrets', ...WORKLOAD_KINDS.map(({ resource }) => resource)];

const watcherMetrics = (): Metrics => createWatcherMetrics(() => ({ waiting: 0, workloads: 0, managed: 0 }));

/** The samples of a scrape that are restamp's: name with labels, and value. */
async function scrape({ registry }: Metrics): Promise<ReadonlyMap<string, string>> {
  const { body } = await createOpsServer({ registry, checks: {} }).inject('/metrics');
  const lines = body.split('\n').filter((line) => line.startsWith('restamp_'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]));
}

t.test('/livez says that the process answers, whatever is not ready', async (t) => {
  const app = createOpsServer({ registry: watcherMetrics().registry, checks: { key: () => 'not loaded yet' } });
  const { statusCode, body } = await app.inject('/livez');
  t.equal(statusCode, 200);
  t.strictSame(JSON.parse(body), { alive: true });
});

t.test('/readyz is 200 when every check is fine, and without any', async (t) => {
  for (const checks of [{}, { key: () => undefined, watches: () => undefined }]) {
    const { statusCode, body } = await createOpsServer({ registry: watcherMetrics().registry, checks }).inject(
      '/readyz',
    );
    t.equal(statusCode, 200);
    t.strictSame(JSON.parse(body), { ready: true, failing: [] });
  }
});

t.test('/readyz is 503 and names what is not fine', async (t) => {
  const checks = { key: () => 'not loaded yet', watches: () => undefined, draining: () => 'shutting down' };
  const { statusCode, body } = await createOpsServer({ registry: watcherMetrics().registry, checks }).inject('/readyz');
  t.equal(statusCode, 503);
  t.strictSame(JSON.parse(body), { ready: false, failing: ['key: not loaded yet', 'draining: shutting down'] });
});

t.test('/readyz asks anew each time', async (t) => {
  const state: { fault?: string } = { fault: 'not yet' };
  const app = createOpsServer({ registry: watcherMetrics().registry, checks: { key: () => state.fault } });
  t.equal((await app.inject('/readyz')).statusCode, 503);
  delete state.fault;
  t.equal((await app.inject('/readyz')).statusCode, 200);
});

t.test('/metrics is text that Prometheus reads, with what Node tells of itself', async (t) => {
  const app = createOpsServer({ registry: watcherMetrics().registry, checks: {} });
  const { statusCode, headers, body } = await app.inject('/metrics');
  t.equal(statusCode, 200);
  t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
  t.match(body, 'process_resident_memory_bytes');
});

t.test('any other path is 404, and nothing is written', async (t) => {
  const app = createOpsServer({ registry: watcherMetrics().registry, checks: {} });
  t.equal((await app.inject('/')).statusCode, 404);
  t.equal((await app.inject('/debug/pprof')).statusCode, 404);
  t.equal((await app.inject({ method: 'POST', url: '/livez' })).statusCode, 404);
});

t.test('over a port of its own it answers the same, and closes with connections open', async (t) => {
  const app = createOpsServer({ registry: watcherMetrics().registry, checks: { key: () => 'not loaded yet' } });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const origin = app.listeningOrigin;
  const statuses = ['/livez', '/readyz', '/metrics', '/other'].map(async (path) => (await fetch(origin + path)).status);
  t.strictSame(await Promise.all(statuses), [200, 503, 200, 404]);
  t.match(await (await fetch(`${origin}/readyz?verbose`)).json(), { failing: ['key: not loaded yet'] });
  await app.close();
  await t.rejects(fetch(`${origin}/livez`));
});

t.test('every sample of the watcher is there from the first scrape on, at zero', async (t) => {
  const samples = await scrape(watcherMetrics());
  t.strictSame([...new Set(samples.values())], ['0']);
  t.strictSame([...new Set([...samples.keys()].map((key) => key.replace(/\{.*/, '')))].toSorted(), [
    'restamp_decisions_total',
    'restamp_managed',
    'restamp_retries_total',
    'restamp_rollouts_total',
    'restamp_rollouts_waiting_total',
    'restamp_waiting',
    'restamp_watch_events_total',
    'restamp_watch_interruptions_total',
    'restamp_watch_list_seconds_total',
    'restamp_watch_state',
    'restamp_watch_syncs_total',
    'restamp_workloads',
  ]);
  for (const { kind } of WORKLOAD_KINDS) t.ok(samples.has(`restamp_rollouts_total{kind="${kind}"}`), kind);
  for (const resource of RESOURCES) {
    t.ok(samples.has(`restamp_watch_interruptions_total{resource="${resource}"}`), resource);
    t.ok(samples.has(`restamp_watch_syncs_total{resource="${resource}"}`), resource);
  }
});

/** What becomes of a decision in the watcher, by the kind and the settings of a workload (watcher/told.ts). */
const OF_KINDS_AND_SETTINGS = [
  { outcome: 'accept', reason: 'cronjob-suspended' },
  { outcome: 'hold', reason: 'job-active' },
  { outcome: 'hold', reason: 'min-interval' },
  { outcome: 'hold', reason: 'still-owner' },
  { outcome: 'none', reason: 'job-finished' },
  { outcome: 'release', reason: 'left-by-wave' },
  { outcome: 'report', reason: 'job-immutable' },
  { outcome: 'resume', reason: 'pause-over' },
] as const;

t.test('every decision that the case table knows has its sample, and no other has', async (t) => {
  const decided = [...DECISION_CASES.map(({ expected }) => expected), ...OF_KINDS_AND_SETTINGS];
  const wanted = decided.map(({ outcome, reason }) => `{outcome="${outcome}",reason="${reason}"}`);
  const samples = [...(await scrape(watcherMetrics())).keys()];
  const shown = samples.flatMap((key) =>
    key.startsWith('restamp_decisions_total') ? [key.replace(/^[^{]*/, '')] : [],
  );
  t.strictSame(shown.toSorted(), [...new Set(wanted)].toSorted());
});

t.test('every sample of the webhook is there from the first scrape on, at zero', async (t) => {
  const samples = await scrape(createWebhookMetrics());
  t.strictSame([...new Set(samples.values())], ['0']);
  for (const labels of [
    'outcome="stamp",reason="created"',
    'outcome="stamp",reason="template-changed"',
    'outcome="restore",reason="false-stamp"',
    'outcome="pass",reason="untouched"',
    'outcome="pass",reason="not-opted-in"',
    'outcome="skip",reason="read-failed"',
  ]) {
    t.ok(samples.has(`restamp_admissions_total{${labels}}`), labels);
  }
  for (const name of [
    'restamp_admission_duration_seconds_count',
    'restamp_admission_crashes_total',
    'restamp_certificate_expiry_timestamp_seconds',
    'restamp_certificate_refusals_total',
  ]) {
    t.ok(samples.has(name), name);
  }
});

t.test('what is counted shows, and the rest stays at zero', async (t) => {
  const metrics = createWatcherMetrics(() => ({ waiting: 3, workloads: 2, managed: 1 }));
  metrics.decisions.inc({ outcome: 'roll', reason: 'source-changed' });
  metrics.rollouts.inc({ kind: 'Deployment' });
  const samples = await scrape(metrics);
  const counted = [...samples].filter(([, value]) => value !== '0');
  t.strictSame(Object.fromEntries(counted), {
    restamp_waiting: '3',
    restamp_workloads: '2',
    restamp_managed: '1',
    'restamp_decisions_total{outcome="roll",reason="source-changed"}': '1',
    'restamp_rollouts_total{kind="Deployment"}': '1',
  });
});
