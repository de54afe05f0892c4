import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import t from 'tap';
import { checkPair, type Pair, type PairFault } from '../../certs/pair.ts';
import { after, authorityOf, DAY, EPOCH, fixture, HOUR, makeBundle } from './build.ts';

const bundle = await makeBundle();
const rsa = bundle.leaf;
const ecdsa = fixture('ecdsa');
const { notAfter } = { notAfter: new X509Certificate(rsa.certificate).validToDate };

const GOOD: Readonly<Record<string, Pair>> = {
  'an RSA leaf': rsa,
  'an RSA leaf with its chain': { ...rsa, certificate: rsa.certificate + bundle.roots },
  'an ECDSA leaf': ecdsa,
  'a text around the certificate': { ...rsa, certificate: `subject=CN = x\n${rsa.certificate}\n\n` },
  'Windows line ends': { ...rsa, certificate: rsa.certificate.replaceAll('\n', '\r\n') },
};

for (const [name, pair] of Object.entries(GOOD)) {
  t.test(`good: ${name}`, (t) => {
    const { serialNumber, validToDate } = new X509Certificate(pair.certificate);
    t.strictSame(checkPair(pair, EPOCH), { ok: true, notAfter: validToDate, serial: serialNumber });
    t.end();
  });
}

const middle = (text: string): string => text.slice(0, text.length / 2);
const strange = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });

const BAD: readonly { name: string; pair: Pair; now?: Date; reason: PairFault }[] = [
  { name: 'no certificate', pair: { ...rsa, certificate: '' }, reason: 'half-written' },
  { name: 'no key', pair: { ...rsa, key: '\n' }, reason: 'half-written' },
  { name: 'half a certificate', pair: { ...rsa, certificate: middle(rsa.certificate) }, reason: 'half-written' },
  { name: 'half a key', pair: { ...rsa, key: middle(rsa.key) }, reason: 'half-written' },
  {
    name: 'a chain cut in its second certificate',
    pair: { ...rsa, certificate: rsa.certificate + middle(bundle.roots) },
    reason: 'half-written',
  },
  { name: 'cut in the first marker', pair: { ...rsa, certificate: '-----BEGIN CERT' }, reason: 'half-written' },
  { name: 'text', pair: { ...rsa, certificate: 'a certificate' }, reason: 'not-a-certificate' },
  { name: 'a key for a certificate', pair: { ...rsa, certificate: rsa.key }, reason: 'not-a-certificate' },
  {
    name: 'a certificate of nonsense',
    pair: { ...rsa, certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
    reason: 'not-a-certificate',
  },
  { name: 'the key of another RSA pair', pair: { ...rsa, key: bundle.authorityKey }, reason: 'key-does-not-fit' },
  { name: 'the key of another kind', pair: { ...rsa, key: ecdsa.key }, reason: 'key-does-not-fit' },
  { name: 'the key of another ECDSA pair', pair: { ...ecdsa, key: String(strange) }, reason: 'key-does-not-fit' },
  { name: 'a key of nonsense', pair: { ...rsa, key: 'a key' }, reason: 'key-does-not-fit' },
  {
    name: 'the authority first, the leaf second',
    pair: { ...rsa, certificate: bundle.roots + rsa.certificate },
    reason: 'key-does-not-fit',
  },
  { name: 'a key too small to serve', pair: fixture('rsa-1024'), reason: 'unusable' },
  { name: 'after its last second', pair: rsa, now: after(1000, notAfter), reason: 'expired' },
  { name: 'before its first second', pair: rsa, now: after(-HOUR - 1000), reason: 'not-yet-valid' },
];

for (const { name, pair, now = EPOCH, reason } of BAD) {
  t.test(`bad: ${name}`, (t) => {
    t.strictSame(checkPair(pair, now), { ok: false, reason });
    t.end();
  });
}

t.test('good in its first and in its last second', (t) => {
  t.ok(checkPair(rsa, after(-HOUR)).ok);
  t.ok(checkPair(rsa, after(90 * DAY)).ok);
  t.end();
});

t.test('no pair that is cut short is good, wherever the cut', (t) => {
  const { certificate, key } = ecdsa;
  for (let length = 0; length < certificate.trimEnd().length; length++) {
    if (checkPair({ certificate: certificate.slice(0, length), key }, EPOCH).ok) t.fail(`certificate, ${length}`);
  }
  for (let length = 0; length < key.trimEnd().length; length++) {
    if (checkPair({ certificate, key: key.slice(0, length) }, EPOCH).ok) t.fail(`key, ${length}`);
  }
  t.end();
});

t.test('an answer holds nothing of the key', (t) => {
  t.notMatch(JSON.stringify(checkPair(authorityOf(bundle), EPOCH)), /PRIVATE|BEGIN/);
  t.end();
});
