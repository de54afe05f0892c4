/** Alerts over the wire: real receivers and proxies on loopback, on a clock that only the test moves. */
import { setDefaultCACertificates } from 'node:tls';
import t from 'tap';
import { type AlertFact, ATTEMPTS, FLUSH_MS, QUEUE_LIMIT } from '../../notify/alerts.ts';
import { POST_TIMEOUT_MS } from '../../notify/http.ts';
import { settled } from '../kube/fake-clock.ts';
import { alert, sender, TEXT, TOKEN, to } from './build.ts';
import { startProxy } from './proxy.ts';
import { type Answer, pair, receive, status } from './receiver.ts';

setDefaultCACertificates([pair.authority]);

const silence: Answer = () => {};
const reset: Answer = (response) => response.socket?.resetAndDestroy();
const workload = (name: string) => ({ kind: 'Deployment', namespace: 'shop', name });

t.test('each receiver gets its own form', async (t) => {
  const forms: Record<string, unknown> = {
    slack: { attachments: [{ color: 'good', author_name: 'restamp', text: TEXT, fallback: TEXT }] },
    teams: {
      text: TEXT,
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.2',
            body: [{ type: 'TextBlock', text: TEXT, wrap: true }],
          },
        },
      ],
    },
    gchat: { text: TEXT },
  };
  for (const [sink, form] of Object.entries(forms)) {
    const receiver = await receive(t);
    const alerts = sender(t, to(receiver.port, sink));
    alerts.send(alert());
    await alerts.until('sent');
    const [request] = receiver.received;
    t.strictSame(JSON.parse(request?.body ?? ''), form, sink);
    t.equal(request?.method, 'POST');
    t.equal(request?.target, `/services/${TOKEN}?key=${TOKEN}`, 'the whole URL is asked for');
    t.equal(request?.headers['content-type'], 'application/json');
  }
});

t.test('a plain webhook gets the text as text', async (t) => {
  const receiver = await receive(t);
  const alerts = sender(t, { ...to(receiver.port, 'webhook'), ALERT_ADDITIONAL_INFO: 'prod-eu' });
  alerts.send(alert());
  await alerts.until('sent');
  t.equal(receiver.received[0]?.body, `prod-eu : ${TEXT}`);
  t.equal(receiver.received[0]?.headers['content-type'], 'text/plain; charset=utf-8');
  t.strictSame(alerts.facts, [{ event: 'sent', workload: workload('web'), attempts: 1 }]);
});

t.test('HTTPS is verified against the trusted authorities', async (t) => {
  const receiver = await receive(t, [status(204)], 'https');
  const alerts = sender(t, to(receiver.port, 'slack', 'https'));
  alerts.send(alert());
  await alerts.until('sent');
  t.equal(receiver.received.length, 1);

  setDefaultCACertificates([]);
  t.teardown(() => setDefaultCACertificates([pair.authority]));
  const wary = sender(t, to(receiver.port, 'slack', 'https'));
  wary.send(alert());
  await wary.until('retried');
  t.match(wary.facts[0], { reason: /^https:\/\/127\.0\.0\.1:\d+: [A-Z_]*(VERIFY|SELF_SIGNED)[A-Z_]*$/ });
  t.equal(receiver.received.length, 1);
});

t.test('user and password of the URL are sent as such', async (t) => {
  const receiver = await receive(t);
  const alerts = sender(t, { ALERT_WEBHOOK_URL: `http://bot:p%40ss@127.0.0.1:${receiver.port}/` });
  alerts.send(alert());
  await alerts.until('sent');
  t.equal(receiver.received[0]?.headers.authorization, `Basic ${Buffer.from('bot:p@ss').toString('base64')}`);
});

t.test('several workloads give one alert each, in order and one at a time', async (t) => {
  let open = 0;
  let most = 0;
  const count: Answer = (response) => {
    open += 1;
    most = Math.max(most, open);
    setImmediate(() => {
      open -= 1;
      response.end();
    });
  };
  const receiver = await receive(t, [count]);
  const alerts = sender(t, to(receiver.port));
  for (const name of ['a', 'b', 'c', 'd']) alerts.send(alert(name));
  await alerts.until('sent', 4);
  t.strictSame(
    receiver.received.map(({ body }) => body.split(' ')[1]),
    ['a', 'b', 'c', 'd'],
  );
  t.equal(most, 1);
});

t.test('an answer is not read, however long it is', async (t) => {
  const { promise: closed, resolve: onClose } = Promise.withResolvers<void>();
  const endless: Answer = (response) => {
    response.on('close', onClose);
    const more = (): void => {
      if (response.destroyed) return;
      if (response.write('x'.repeat(65_536))) setImmediate(more);
      else response.once('drain', more);
    };
    more();
  };
  const receiver = await receive(t, [endless, status(200)]);
  const alerts = sender(t, to(receiver.port));
  alerts.send(alert('a'));
  alerts.send(alert('b'));
  await alerts.until('sent', 2);
  await closed;
  t.strictSame(alerts.clock.sleeping, [], 'no timer is left over');
});

t.test('proxies', async (t) => {
  t.test('an https:// URL is tunnelled: the proxy learns host and port only', async (t) => {
    const receiver = await receive(t, [status(200)], 'https');
    const proxy = await startProxy(t);
    const alerts = sender(t, {
      ...to(receiver.port, 'slack', 'https'),
      ALERT_WEBHOOK_PROXY: `http://127.0.0.1:${proxy.port}`,
    });
    alerts.send(alert());
    await alerts.until('sent');
    t.strictSame(proxy.asked, [`CONNECT 127.0.0.1:${receiver.port}`]);
    t.equal(receiver.received[0]?.target, `/services/${TOKEN}?key=${TOKEN}`);
  });

  t.test('an http:// URL is asked of the proxy', async (t) => {
    const receiver = await receive(t);
    const proxy = await startProxy(t);
    const alerts = sender(t, { ...to(receiver.port), ALERT_WEBHOOK_PROXY: `http://127.0.0.1:${proxy.port}` });
    alerts.send(alert());
    await alerts.until('sent');
    t.strictSame(proxy.asked, [`POST http://127.0.0.1:${receiver.port}/services/${TOKEN}?key=${TOKEN}`]);
    t.equal(receiver.received[0]?.body, TEXT);
  });

  t.test('user and password go to the proxy, not to the receiver', async (t) => {
    for (const scheme of ['http', 'https'] as const) {
      const receiver = await receive(t, [status(200)], scheme);
      const proxy = await startProxy(t);
      const alerts = sender(t, {
        ...to(receiver.port, 'slack', scheme),
        ALERT_WEBHOOK_PROXY: `http://bot:${TOKEN}@127.0.0.1:${proxy.port}`,
      });
      alerts.send(alert());
      await alerts.until('sent');
      t.strictSame(proxy.credentials, [`Basic ${Buffer.from(`bot:${TOKEN}`).toString('base64')}`], scheme);
      t.equal(receiver.received[0]?.headers.authorization, undefined);
    }
  });

  t.test('a proxy that refuses is a failure without secrets', async (t) => {
    for (const scheme of ['http', 'https'] as const) {
      const receiver = await receive(t, [status(200)], scheme);
      const proxy = await startProxy(t, 503);
      const alerts = sender(t, {
        ...to(receiver.port, 'slack', scheme),
        ALERT_WEBHOOK_PROXY: `http://bot:${TOKEN}@127.0.0.1:${proxy.port}`,
      });
      alerts.send(alert());
      await alerts.until('retried');
      t.equal(receiver.received.length, 0);
      t.notMatch(JSON.stringify(alerts.facts), TOKEN);
      t.match(alerts.facts[0], {
        reason: `${scheme}://127.0.0.1:${receiver.port}: ${scheme === 'http' ? 'status 503' : 'ERR_PROXY_TUNNEL'}`,
      });
    }
  });

  t.test('nothing goes past a proxy that is not there', async (t) => {
    const receiver = await receive(t);
    const alerts = sender(t, { ...to(receiver.port), ALERT_WEBHOOK_PROXY: 'http://127.0.0.1:1' });
    alerts.send(alert());
    await alerts.until('retried');
    t.equal(receiver.connections(), 0);
  });

  t.test("the process's own proxy variables do not matter", async (t) => {
    t.teardown(() => {
      delete process.env.HTTP_PROXY;
      delete process.env.NO_PROXY;
    });
    process.env.HTTP_PROXY = 'http://127.0.0.1:1';
    const receiver = await receive(t);
    const direct = sender(t, to(receiver.port));
    direct.send(alert());
    await direct.until('sent');

    delete process.env.HTTP_PROXY;
    process.env.NO_PROXY = '*';
    const proxy = await startProxy(t);
    const proxied = sender(t, { ...to(receiver.port), ALERT_WEBHOOK_PROXY: `http://127.0.0.1:${proxy.port}` });
    proxied.send(alert());
    await proxied.until('sent');
    t.equal(proxy.asked.length, 1);
  });
});

t.test('failures', async (t) => {
  t.test('what may pass is tried again: a status, a reset, a silence', async (t) => {
    const receiver = await receive(t, [status(500), status(408), reset, silence, status(200)]);
    const alerts = sender(t, to(receiver.port));
    const shown = `http://127.0.0.1:${receiver.port}`;
    alerts.send(alert());

    await alerts.until('retried', 1);
    await alerts.clock.advance(500);
    await alerts.until('retried', 2);
    await alerts.clock.advance(1000);
    await alerts.until('retried', 3);
    await alerts.clock.advance(2000);
    await receiver.until(4);
    await alerts.clock.advance(POST_TIMEOUT_MS - 1);
    t.equal(alerts.facts.length, 3, 'it waits its time for an answer');
    await alerts.clock.advance(1);
    await alerts.until('retried', 4);
    await alerts.clock.advance(4000);
    await alerts.until('sent');

    const retry = { event: 'retried', workload: workload('web') };
    t.strictSame(alerts.facts, [
      { ...retry, reason: `${shown}: status 500`, attempt: 1, retryInMs: 500 },
      { ...retry, reason: `${shown}: status 408`, attempt: 2, retryInMs: 1000 },
      { ...retry, reason: `${shown}: ECONNRESET`, attempt: 3, retryInMs: 2000 },
      { ...retry, reason: `${shown}: no answer within 10 s`, attempt: 4, retryInMs: 4000 },
      { event: 'sent', workload: workload('web'), attempts: 5 },
    ]);
    t.strictSame(alerts.clock.sleeping, []);
  });

  t.test('it is not tried for ever', async (t) => {
    const receiver = await receive(t, [status(503)]);
    const alerts = sender(t, to(receiver.port));
    alerts.send(alert());
    for (let attempt = 1; attempt < ATTEMPTS; attempt += 1) {
      await alerts.until('retried', attempt);
      await alerts.clock.advance(500 * 2 ** (attempt - 1));
    }
    await alerts.until('failed');
    t.equal(receiver.received.length, ATTEMPTS);
    t.match(alerts.facts.at(-1), { event: 'failed', attempts: ATTEMPTS, reason: /status 503$/ });
  });

  t.test('a receiver that says how long to wait is waited for, half a minute at most', async (t) => {
    const busy = (seconds: string): Answer => status(429, { 'retry-after': seconds });
    const receiver = await receive(t, [busy('7'), busy('3600'), busy('soon'), status(200)]);
    const alerts = sender(t, to(receiver.port));
    alerts.send(alert());
    for (const [index, ms] of [7000, 30_000, 2000].entries()) {
      await alerts.until('retried', index + 1);
      t.match(alerts.facts.at(-1), { retryInMs: ms });
      await alerts.clock.advance(ms);
    }
    await alerts.until('sent');
  });

  t.test('what will not pass is not tried again, and the next has its turn', async (t) => {
    const elsewhere = status(302, { location: `http://127.0.0.1:1/${TOKEN}` });
    const receiver = await receive(t, [status(404), status(403), elsewhere, status(200)]);
    const alerts = sender(t, to(receiver.port));
    for (const name of ['a', 'b', 'c', 'd']) alerts.send(alert(name));
    await alerts.until('sent');
    const reasons = alerts.facts.map((fact) => ('reason' in fact ? fact.reason.replace(/^.*: /, '') : fact.event));
    t.strictSame(reasons, ['status 404', 'status 403', 'status 302', 'sent']);
    t.equal(receiver.received.length, 4);
  });

  t.test('no report shows path, query, user or password of a URL', async (t) => {
    const answers = [status(500), reset, silence, status(302, { location: `/${TOKEN}` })];
    const receiver = await receive(t, answers);
    const { port } = receiver;
    const alerts = sender(t, {
      ALERT_WEBHOOK_URL: `http://${TOKEN}:${TOKEN}@127.0.0.1:${port}/${TOKEN}?${TOKEN}=${TOKEN}#${TOKEN}`,
      ALERT_SINK: 'slack',
    });
    alerts.send(alert());
    await alerts.until('retried', 1);
    await alerts.clock.advance(500);
    await alerts.until('retried', 2);
    await alerts.clock.advance(1000);
    await receiver.until(3);
    await alerts.clock.advance(POST_TIMEOUT_MS);
    await alerts.until('retried', 3);
    await alerts.clock.advance(4000);
    await alerts.until('failed');

    // Userinfo that cannot be decoded, and a port where nobody listens.
    const broken = ['http://%zz@127.0.0.1:1/', 'http://127.0.0.1:1/', 'https://127.0.0.1:1/'];
    for (const url of broken) {
      const other = sender(t, { ALERT_WEBHOOK_URL: `${url}${TOKEN}?${TOKEN}` });
      other.send(alert());
      await other.until('retried');
      alerts.facts.push(...other.facts);
    }
    t.equal(alerts.facts.length, 7);
    t.notMatch(JSON.stringify(alerts.facts), TOKEN);
  });

  t.test('an alert that cannot be put into words costs nothing but itself', async (t) => {
    const receiver = await receive(t);
    const alerts = sender(t, to(receiver.port));
    const { workload: rolled, at } = alert('odd');
    const causes = JSON.parse('[null]'); // What no type allows, as a mistake of ours would bring it in.
    alerts.send({ workload: rolled, causes, at });
    alerts.send(alert('web'));
    await alerts.until('sent');
    t.match(alerts.facts, [
      { event: 'failed', workload: { name: 'odd' } },
      { event: 'sent', workload: { name: 'web' } },
    ]);
  });
});

t.test('a slow receiver delays nobody: the queue is bounded and its oldest is dropped and counted', async (t) => {
  const waiting: (() => void)[] = [];
  const slow: Answer = (response) => waiting.push(() => response.end());
  const receiver = await receive(t, [slow, status(200)]);
  const alerts = sender(t, to(receiver.port));
  alerts.send(alert('first'));
  await receiver.until(1);
  for (let index = 0; index < QUEUE_LIMIT + 3; index += 1) alerts.send(alert(`w${index}`));
  t.strictSame(alerts.facts, [
    { event: 'dropped', workload: workload('w0'), dropped: 1 },
    { event: 'dropped', workload: workload('w1'), dropped: 2 },
    { event: 'dropped', workload: workload('w2'), dropped: 3 },
  ]);
  for (const answer of waiting) answer();
  await alerts.until('sent', QUEUE_LIMIT + 1);
  const names = receiver.received.map(({ body }) => body.split(' ')[1]);
  t.strictSame(names, ['first', ...Array.from({ length: QUEUE_LIMIT }, (_, index) => `w${index + 3}`)]);
});

t.test('an idle sender sends again', async (t) => {
  const receiver = await receive(t);
  const alerts = sender(t, to(receiver.port));
  alerts.send(alert('a'));
  await alerts.until('sent', 1);
  await settled();
  alerts.send(alert('b'));
  await alerts.until('sent', 2);
  t.equal(receiver.received.length, 2);
});

t.test('closing', async (t) => {
  t.test('what waits is sent first', async (t) => {
    const receiver = await receive(t);
    const alerts = sender(t, to(receiver.port));
    for (const name of ['a', 'b', 'c']) alerts.send(alert(name));
    await alerts.close();
    t.equal(receiver.received.length, 3);
    t.strictSame(alerts.clock.sleeping, []);
  });

  t.test('nobody waits before a retry any more, and each is tried once', async (t) => {
    const receiver = await receive(t, [status(500)]);
    const alerts = sender(t, to(receiver.port));
    for (const name of ['a', 'b']) alerts.send(alert(name));
    await alerts.until('retried');
    await alerts.close();
    t.match(alerts.facts, [
      { event: 'retried', workload: { name: 'a' } },
      { event: 'failed', workload: { name: 'a' }, attempts: 2 },
      { event: 'failed', workload: { name: 'b' }, attempts: 1 },
    ]);
    t.strictSame(alerts.clock.sleeping, []);
  });

  t.test('a receiver that is silent is waited for five seconds, and what is left is reported', async (t) => {
    const receiver = await receive(t, [silence]);
    const alerts = sender(t, to(receiver.port));
    for (const name of ['a', 'b', 'c']) alerts.send(alert(name));
    await receiver.until(1);
    let told: AlertFact[] | undefined;
    const closed = alerts.close().then(() => {
      told = [...alerts.facts];
    });
    await alerts.clock.advance(FLUSH_MS - 1);
    t.equal(told, undefined);
    await alerts.clock.advance(1);
    await closed;
    t.strictSame(told, [
      { event: 'failed', workload: workload('a'), reason: `http://127.0.0.1:${receiver.port}: stopped`, attempts: 1 },
      { event: 'dropped', workload: workload('b'), dropped: 1 },
      { event: 'dropped', workload: workload('c'), dropped: 2 },
    ]);
    t.equal(receiver.received.length, 1);
    t.strictSame(alerts.clock.sleeping, []);
  });

  t.test('what comes while it closes is still sent', async (t) => {
    const waiting: (() => void)[] = [];
    const slow: Answer = (response) => waiting.push(() => response.end());
    const receiver = await receive(t, [slow, status(200)]);
    const alerts = sender(t, to(receiver.port));
    alerts.send(alert('a'));
    await receiver.until(1);
    const closed = alerts.close();
    alerts.send(alert('b'));
    for (const answer of waiting) answer();
    await closed;
    t.match(alerts.facts, [
      { event: 'sent', workload: { name: 'a' } },
      { event: 'sent', workload: { name: 'b' } },
    ]);
  });

  t.test('it may be closed twice, and nothing is sent afterwards', async (t) => {
    const receiver = await receive(t);
    const alerts = sender(t, to(receiver.port));
    await Promise.all([alerts.close(), alerts.close()]);
    alerts.send(alert());
    await alerts.close();
    t.strictSame(alerts.facts, [{ event: 'dropped', workload: workload('web'), dropped: 1 }]);
    t.equal(receiver.connections(), 0);
  });
});
