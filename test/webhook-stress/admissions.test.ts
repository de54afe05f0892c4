/** `npm run bench -- admissions` in short: nobody notices that webhooks are replaced and certificates rotated. */
import t from 'tap';
import { type AdmissionsResult, runAdmissions } from './admissions.ts';
import { countsIn } from './webhook-metrics.ts';

t.setTimeout(600_000);

const silent = { line: () => {}, update: () => {}, end: () => {} };

const COUNT = 800;

const result: AdmissionsResult = await runAdmissions({
  ...{ count: COUNT, clients: 8, rotateEveryMs: 1_000, shutdownDelayMs: 2_000 },
  ...{ progress: silent, signal: new AbortController().signal },
});
const { traffic, counts, replaced, rotations, logged, failOpenAlone, seconds } = result;
t.comment(JSON.stringify({ ...result, traffic: { ...traffic, tookMs: [] }, logged: Object.fromEntries(logged) }));

t.test('every client of the API server gets its answer, and each workload its stamp', async (t) => {
  t.equal(traffic.admissions, COUNT);
  t.strictSame(traffic.failed, []);
  t.strictSame(traffic.denied, []);
  t.equal(traffic.unstamped, 0);
  t.equal(traffic.stamps, 1, 'one configuration, one stamp, whoever was asked');
});

t.test('the API server counts no call that failed and no request that was turned away or let through', async (t) => {
  t.ok(counts.calls >= 2 * COUNT, `${counts.calls} calls: each request is mutated and validated`);
  t.equal(counts.notOk, 0);
  t.equal(counts.rejections, 0);
  t.equal(counts.failOpen, 0);
});

t.test('instances were replaced meanwhile, good certificates taken and bad ones refused', async (t) => {
  t.ok(replaced >= 1, `${replaced} replaced in ${Math.round(seconds)} s`);
  t.ok(rotations.good >= 2 && rotations.bad >= 1, JSON.stringify(rotations));
  t.ok((logged.get('certificate refused') ?? 0) >= 1);
  t.ok((logged.get('certificate accepted') ?? 0) > 2);
  t.strictSame(result.faults, []);
});

t.test('had a call failed, the API server would have counted it', async (t) => {
  t.ok(failOpenAlone > 0);
  t.strictSame(
    countsIn(
      [
        'apiserver_admission_webhook_request_total{code="200",name="a",rejected="false"} 5',
        'apiserver_admission_webhook_request_total{code="500",name="a",rejected="false"} 2',
        'apiserver_admission_webhook_rejection_count{error_type="no_error",name="a"} 3',
        'apiserver_admission_webhook_fail_open_count{name="a",type="admit"} 4',
      ].join('\n'),
    ),
    { calls: 7, notOk: 2, rejections: 3, failOpen: 4 },
  );
});
