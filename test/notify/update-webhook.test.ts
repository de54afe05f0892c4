import t from 'tap';
import { POST_TIMEOUT_MS } from '../../notify/http.ts';
import { createUpdateWebhook } from '../../notify/update-webhook.ts';
import { FakeClock } from '../kube/fake-clock.ts';
import { AT, alert, cause, TOKEN } from './build.ts';
import { type Answer, receive, status } from './receiver.ts';

const silence: Answer = () => {};
const url = (port: number): URL => new URL(`http://${TOKEN}@127.0.0.1:${port}/${TOKEN}?key=${TOKEN}`);

t.test("the receiver gets Reloader's member first, and then the facts", async (t) => {
  const receiver = await receive(t, [status(202)]);
  await createUpdateWebhook(url(receiver.port), { clock: new FakeClock() }).notify(alert());
  const [request] = receiver.received;
  t.equal(request?.method, 'POST');
  t.equal(request?.target, `/${TOKEN}?key=${TOKEN}`);
  t.equal(request?.headers['content-type'], 'application/json');
  t.ok(request?.body.startsWith('{"webhook":"update successful",'));
  t.strictSame(JSON.parse(request?.body ?? ''), {
    webhook: 'update successful',
    workload: { kind: 'Deployment', namespace: 'shop', name: 'web' },
    causes: [cause()],
    at: AT,
  });
});

t.test('anything but a 2xx is an error, without anything of the URL beyond host and port', async (t) => {
  for (const code of [302, 400, 404, 500]) {
    const receiver = await receive(t, [status(code, { location: `/${TOKEN}` })]);
    const sent = createUpdateWebhook(url(receiver.port), { clock: new FakeClock() }).notify(alert());
    await t.rejects(sent, { message: `http://127.0.0.1:${receiver.port}: status ${code}` });
    t.equal(receiver.received.length, 1, 'it is asked once');
  }
});

t.test('a receiver that is not there is an error', async (t) => {
  const sent = createUpdateWebhook(url(1), { clock: new FakeClock() }).notify(alert());
  await t.rejects(sent, { message: 'http://127.0.0.1:1: ECONNREFUSED' });
});

t.test('a silent receiver is given up after ten seconds', async (t) => {
  const receiver = await receive(t, [silence]);
  const clock = new FakeClock();
  const sent = createUpdateWebhook(url(receiver.port), { clock }).notify(alert());
  const refused = t.rejects(sent, { message: `http://127.0.0.1:${receiver.port}: no answer within 10 s` });
  await receiver.until(1);
  await clock.advance(POST_TIMEOUT_MS);
  await refused;
  t.strictSame(clock.sleeping, []);
});

t.test('whoever asked can stop it', async (t) => {
  const receiver = await receive(t, [silence]);
  const clock = new FakeClock();
  const stop = new AbortController();
  const sent = createUpdateWebhook(url(receiver.port), { clock }).notify(alert(), stop.signal);
  await receiver.until(1);
  stop.abort();
  await t.rejects(sent, { message: /: stopped$/ });
  t.strictSame(clock.sleeping, []);
});

t.test('several at once do not wait for one another', async (t) => {
  const waiting: (() => void)[] = [];
  const receiver = await receive(t, [(response) => waiting.push(() => response.end())]);
  const webhook = createUpdateWebhook(url(receiver.port), { clock: new FakeClock() });
  const all = Promise.all(['a', 'b', 'c'].map((name) => webhook.notify(alert(name))));
  await receiver.until(3);
  for (const answer of waiting) answer();
  await all;
  t.equal(receiver.received.length, 3);
});
