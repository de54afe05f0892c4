import t from 'tap';
import { alertSettings } from '../../notify/settings.ts';

const TOKEN = 'T0KEN';
const URL_OF_SLACK = `https://hooks.slack.com/services/${TOKEN}`;

t.test('alerts are off unless they are asked for', async (t) => {
  for (const on of [undefined, '', 'false', ' false ']) {
    t.strictSame(alertSettings({ ALERT_ON_RELOAD: on, ALERT_SINK: 'nonsense', ALERT_WEBHOOK_URL: ':' }), { ok: true });
  }
});

t.test('a URL is enough: the sink is a plain webhook', async (t) => {
  const result = alertSettings({ ALERT_ON_RELOAD: 'true', ALERT_WEBHOOK_URL: ` ${URL_OF_SLACK}\n` });
  t.strictSame(result, { ok: true, settings: { sink: 'raw', url: new URL(URL_OF_SLACK) } });
});

t.test("every variable is read, in Reloader's spellings of the sinks", async (t) => {
  const sinks = { slack: 'slack', ' Teams ': 'teams', gchat: 'gchat', webhook: 'raw', raw: 'raw', '': 'raw' };
  for (const [text, sink] of Object.entries(sinks)) {
    const result = alertSettings({
      ALERT_ON_RELOAD: 'true',
      ALERT_SINK: text,
      ALERT_WEBHOOK_URL: URL_OF_SLACK,
      ALERT_WEBHOOK_PROXY: 'http://proxy:3128',
      ALERT_ADDITIONAL_INFO: ' prod-eu ',
    });
    t.strictSame(result, {
      ok: true,
      settings: {
        sink,
        url: new URL(URL_OF_SLACK),
        proxy: new URL('http://proxy:3128'),
        additionalInfo: 'prod-eu',
      },
    });
  }
});

t.test('each fault is told, with the right form and never the value', async (t) => {
  const result = alertSettings({
    ALERT_ON_RELOAD: `yes-${TOKEN}`,
    ALERT_SINK: `slak-${TOKEN}`,
    ALERT_WEBHOOK_URL: `hooks.slack.com/services/${TOKEN}`,
    ALERT_WEBHOOK_PROXY: `socks5://user:${TOKEN}@proxy:1080`,
  });
  t.strictSame(result, {
    ok: false,
    faults: [
      'ALERT_ON_RELOAD must be "true" or "false"',
      'ALERT_SINK must be one of slack, teams, gchat, webhook, raw',
      'ALERT_WEBHOOK_URL must be an http:// or https:// URL',
      'ALERT_WEBHOOK_PROXY must be an http:// or https:// URL',
    ],
  });
  t.notMatch(JSON.stringify(result), TOKEN);
});

t.test('alerts without a URL are a fault', async (t) => {
  t.strictSame(alertSettings({ ALERT_ON_RELOAD: 'true' }), {
    ok: false,
    faults: ['ALERT_WEBHOOK_URL must be set when ALERT_ON_RELOAD is "true"'],
  });
});

t.test('other schemes and broken URLs are refused', async (t) => {
  for (const url of ['ftp://host/', 'file:///etc/passwd', 'javascript:1', 'https://', '//host/path', 'http://[::1/']) {
    t.equal(alertSettings({ ALERT_ON_RELOAD: 'true', ALERT_WEBHOOK_URL: url }).ok, false, url);
  }
});

t.test('a proxy is refused where Node would ignore it', async (t) => {
  const environment = { ALERT_ON_RELOAD: 'true', ALERT_WEBHOOK_URL: URL_OF_SLACK, ALERT_WEBHOOK_PROXY: 'http://p:1' };
  t.strictSame(alertSettings(environment, '24.4.1'), {
    ok: false,
    faults: ['ALERT_WEBHOOK_PROXY needs Node 24.5 or later'],
  });
  t.equal(alertSettings(environment, '20.19.0').ok, false);
  t.equal(alertSettings(environment, '24.5.0').ok, true);
  t.equal(alertSettings(environment, '26.10.0').ok, true);
});
