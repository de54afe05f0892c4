/** Which of what the watcher tells becomes an alert. What an alert looks like is tested with `notify/`. */
import t from 'tap';
import { createAlerting } from '../../cli/alerting.ts';
import { systemClock } from '../../kube/clock.ts';
import { receive } from '../notify/receiver.ts';
import { sink } from './sink.ts';
import { rolloutOf, toldOf } from './told.ts';

const raw = (port: number): Record<string, string> => ({
  ALERT_ON_RELOAD: 'true',
  ALERT_SINK: 'slack',
  ALERT_WEBHOOK_URL: `http://127.0.0.1:${port}/hunter2`,
});

t.test('a rollout is an alert, whatever brought it about', async (t) => {
  const receiver = await receive(t);
  const { log, text } = sink();
  const alerting = createAlerting(raw(receiver.port), { clock: systemClock, log });
  for (const by of ['stamp', 'restart', 'run-job', 'recreate'] as const) alerting.tell(rolloutOf({ by }));
  await alerting.close();
  t.equal(receiver.received.length, 4);
  for (const { body } of receiver.received) {
    t.match(body, 'Deployment web in namespace shop was rolled');
    t.match(body, 'configmap/app changed');
  }
  t.notMatch(text(), 'hunter2');
});

t.test('what rolls nothing is no alert: a decision, or a URL that was told instead', async (t) => {
  const receiver = await receive(t);
  const alerting = createAlerting(raw(receiver.port), { clock: systemClock, log: sink().log });
  alerting.tell(toldOf({ outcome: 'hold', reason: 'min-interval' }));
  alerting.tell(toldOf({ outcome: 'report', reason: 'job-immutable' }));
  alerting.tell(rolloutOf({ by: 'notify' }));
  alerting.tell(rolloutOf());
  await alerting.close();
  t.equal(receiver.received.length, 1, 'the rollout, and that alone');
});

t.test('without settings nobody is told, and that is no trouble', async (t) => {
  for (const environment of [{}, { ALERT_ON_RELOAD: 'false', ALERT_WEBHOOK_URL: 'http://127.0.0.1:1/' }]) {
    const { log, text } = sink();
    const alerting = createAlerting(environment, { clock: systemClock, log });
    alerting.tell(rolloutOf());
    await alerting.close();
    t.equal(text(), '');
  }
});

t.test('settings that are wrong are errors in the log, without a value, and no reason not to run', async (t) => {
  const { log, lines, text } = sink();
  const environment = { ALERT_ON_RELOAD: 'true', ALERT_SINK: 'pager', ALERT_WEBHOOK_URL: 'hunter2' };
  const alerting = createAlerting(environment, { clock: systemClock, log });
  alerting.tell(rolloutOf());
  await alerting.close();
  t.match(lines(), [
    { level: 'error', fault: /^ALERT_SINK must be/ },
    { level: 'error', fault: /^ALERT_WEBHOOK_URL must be/ },
  ]);
  t.notMatch(text(), 'hunter2');
});

t.test('a receiver that fails is told to the log and to nobody else', async (t) => {
  const { log, text } = sink();
  const alerting = createAlerting(raw(1), { clock: systemClock, log });
  alerting.tell(rolloutOf());
  await alerting.close();
  t.match(text(), '"alert"');
  t.notMatch(text(), 'hunter2');
});
