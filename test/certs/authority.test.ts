import { X509Certificate } from 'node:crypto';
import { createServer, request } from 'node:https';
import t from 'tap';
import { makeAuthority, makeLeaf, makeSelfSignedPair } from '../../certs/authority.ts';
import { checkNames, namesOf, serviceNames } from '../../certs/name.ts';
import { checkPair } from '../../certs/pair.ts';
import { systemClock } from '../../kube/clock.ts';
import { authorityOf, DAY, EPOCH, HOUR, makeBundle, NAMES } from './build.ts';
import { address } from './server.ts';

const bundle = await makeBundle();
const authority = new X509Certificate(bundle.roots);
const leaf = new X509Certificate(bundle.leaf.certificate);

t.test("Node's TLS client takes a leaf for each of its names, and for no other", async (t) => {
  const names = serviceNames('restamp-webhook', 'restamp', ['localhost', '127.0.0.1', '::1']);
  const { certificate, key, authority: ca } = await makeSelfSignedPair(names, systemClock);
  const server = createServer({ cert: certificate, key }, (_, response) => response.end());
  t.teardown(() => server.close());
  const port = await address(server);
  const call = (servername: string, trusted: string): Promise<string> =>
    new Promise((resolve) => {
      // An address is no server name in TLS; it is then the host that counts.
      const host = servername === '127.0.0.1' ? { host: servername } : { host: '127.0.0.1', servername };
      const outgoing = request({ ...host, port, ca: trusted, agent: false }, (response) => {
        response.resume();
        resolve('answered');
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      outgoing.end();
    });
  for (const name of names.filter((name) => name !== '::1')) t.equal(await call(name, ca), 'answered', name);
  t.equal(await call('other.restamp.svc', ca), 'ERR_TLS_CERT_ALTNAME_INVALID');
  t.equal(await call('localhost', bundle.roots), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  t.ok(new X509Certificate(certificate).checkIP('::1'));
});

t.test('an authority signs, a leaf does not', (t) => {
  t.equal(authority.ca, true);
  t.equal(leaf.ca, false);
  t.ok(authority.verify(authority.publicKey));
  t.ok(leaf.verify(authority.publicKey));
  t.ok(leaf.checkIssued(authority));
  t.strictSame(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'serverAuth and nothing else');
  t.end();
});

t.test('both name the authority by the same key identifier', (t) => {
  // DER: SKI is 06 03 55 1d 0e, AKI is 06 03 55 1d 23; the identifier is a SHA-1 hash of 20 bytes.
  const identifier = (raw: Buffer, extension: string): string | undefined =>
    new RegExp(`0603551d${extension}04..(?:30..80|04)14([0-9a-f]{40})`).exec(raw.toString('hex'))?.[1];
  const own = identifier(authority.raw, '0e');
  t.ok(own);
  t.equal(identifier(leaf.raw, '23'), own);
  t.not(identifier(leaf.raw, '0e'), own);
  t.end();
});

t.test('they begin an hour early and end when their life does', (t) => {
  t.strictSame(leaf.validFromDate, new Date(EPOCH.getTime() - HOUR));
  t.strictSame(leaf.validToDate, new Date(EPOCH.getTime() + 90 * DAY));
  t.strictSame(authority.validFromDate, new Date(EPOCH.getTime() - HOUR));
  t.strictSame(authority.validToDate, new Date(EPOCH.getTime() + 3650 * DAY));
  t.end();
});

t.test('a leaf does not outlive its authority', async (t) => {
  const late = new Date(authority.validToDate.getTime() - DAY);
  const pair = await makeLeaf(authorityOf(bundle), { names: NAMES, now: late });
  t.strictSame(new X509Certificate(pair.certificate).validToDate, authority.validToDate);
});

t.test('serial numbers are positive, of 128 bits, and differ', async (t) => {
  const other = new X509Certificate((await makeAuthority(EPOCH)).certificate);
  const serials = [authority, leaf, other].map(({ serialNumber }) => serialNumber);
  for (const serial of serials) t.match(serial, /^[4-7][0-9A-F]{31}$/);
  t.equal(new Set(serials).size, serials.length);
  t.not(authority.subject, other.subject, 'and so do the names of authorities');
});

t.test('a pair made for a test is a good pair', async (t) => {
  const pair = await makeSelfSignedPair(['localhost'], systemClock);
  t.ok(checkPair(pair, systemClock.now()).ok);
  t.strictSame(namesOf(new X509Certificate(pair.certificate)), ['localhost']);
});

t.test('the names of a Service', (t) => {
  t.strictSame(serviceNames('hook', 'ns', ['localhost', 'hook']), ['hook.ns.svc', 'hook.ns', 'hook', 'localhost']);
  t.end();
});

for (const name of ['', 'A.example', '*.example', 'a b', 'a.example.', 'a,DNS:b']) {
  t.test(`"${name}" is not a name for a certificate`, (t) => {
    t.throws(() => checkNames(['localhost', name]), { message: /use DNS names in lower case/ });
    t.end();
  });
}

t.test('names that a certificate can have', (t) => {
  t.doesNotThrow(() => checkNames(['a-1.b.svc', 'localhost', '127.0.0.1', '::1']));
  t.throws(() => checkNames([]), { message: /at least one name/ });
  t.end();
});
