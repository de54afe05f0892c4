/** The words of an alert, and the shapes they are sent in. */
import t from 'tap';
import { alertText } from '../../notify/alert.ts';
import { payload } from '../../notify/payload.ts';
import { SINKS } from '../../notify/settings.ts';
import { AT, alert, cause, TEXT } from './build.ts';

const ROLLED = `Deployment web in namespace shop was rolled at ${AT}`;

t.test('the text says what was rolled, and which keys of which object changed, by whom and when', async (t) => {
  t.equal(alertText(alert()), TEXT);
});

t.test('what is not known is not said', async (t) => {
  t.equal(
    alertText(
      alert('web', [
        { source: 'secret/db', keys: ['*'] },
        { source: 'configmap/x', keys: [], by: 'helm' },
      ]),
    ),
    `${ROLLED}: secret/db changed; configmap/x changed, written by helm.`,
  );
  t.equal(alertText(alert('web', [])), `${ROLLED}.`);
});

t.test('of many objects and keys ten are named and the others counted', async (t) => {
  const many = Array.from({ length: 12 }, (_, index) => `k${index}`);
  t.match(alertText(alert('web', [cause({ keys: many })])), '(k0, k1, k2, k3, k4, k5, k6, k7, k8, k9 and 2 more)');
  const text = alertText(
    alert(
      'web',
      many.map((name) => ({ source: `secret/${name}`, keys: ['*'] })),
    ),
  );
  t.match(text, /secret\/k9 changed and 2 more\.$/);
  t.notMatch(text, 'k10');
});

t.test('a hostile name brings no mark-up, no mention, no link and no new line into a message', async (t) => {
  const hostile =
    '<!channel> <users/all> *b* `c` [x](https://evil.example) & <at>all</at> \n\r\u0000\u202e\ud800 "\'\\|~#';
  const wicked = {
    workload: { kind: hostile, namespace: hostile, name: hostile },
    causes: [{ source: hostile, keys: [hostile], by: hostile, changedAt: hostile }],
    at: hostile,
  };
  t.notMatch(alertText(wicked), /[<>*`[\]&"'\\|~#\p{C}]|\/\//u);
  for (const sink of SINKS) {
    const { body, contentType } = payload(wicked, { sink });
    if (contentType === 'application/json') t.doesNotThrow(() => JSON.parse(body));
    t.notMatch(body, /<|https?:\/\/evil/);
  }
});

t.test('names of any script are left as they are', async (t) => {
  t.match(
    alertText(alert('web', [cause({ by: 'jörg.müller@example.com 配置' })])),
    'written by jörg.müller@example.com 配置',
  );
});

t.test('no message is longer than every receiver takes', async (t) => {
  const long = 'ä'.repeat(253);
  const keys = Array.from({ length: 1000 }, (_, index) => `${long}${index}`);
  const huge = alert(
    long,
    Array.from({ length: 1000 }, () => cause({ source: long, keys, by: long })),
  );
  for (const sink of SINKS) {
    const { body } = payload(huge, { sink, additionalInfo: 'x'.repeat(100_000) });
    t.ok(Buffer.byteLength(body) < 28_000, `${sink}: ${Buffer.byteLength(body)} bytes`);
  }
  const { body } = payload(huge, { sink: 'raw' });
  t.equal(body.length, 4000);
  t.ok(body.endsWith('…'));
});

t.test('additional information stands before the text as it was set, mention and all', async (t) => {
  const { body } = payload(alert(), { sink: 'gchat', additionalInfo: '<users/all> prod-eu' });
  t.strictSame(JSON.parse(body), { text: `<users/all> prod-eu : ${TEXT}` });
});
