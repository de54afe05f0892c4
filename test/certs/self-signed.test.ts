import { X509Certificate } from 'node:crypto';
import t, { type Test } from 'tap';
import { LIFETIMES } from '../../certs/life.ts';
import { readableCertificates } from '../../certs/pem.ts';
import { type AuthorityEvent, selfSignedSource } from '../../certs/self-signed.ts';
import type { JsonObject } from '../../core/json.ts';
import {
  type AuthorityCluster,
  decoded,
  type Recorded,
  recorded,
  SECRET,
  startAuthorityCluster,
} from './authority-cluster.ts';
import { after, clockAt, DAY, type Diary, diary, fixture, serialOf, until } from './build.ts';

const stage: AuthorityCluster = await startAuthorityCluster('self-signed');
t.teardown(() => stage.stop());

interface Run {
  readonly seen: Diary;
  readonly started: Promise<void>;
  readonly stop: AbortController;
}

function run(t: Test, options: Recorded): Run {
  const [seen, stop] = [diary(), new AbortController()];
  const started = selfSignedSource(options).start(stop.signal, seen);
  started.catch(() => {});
  t.teardown(() => stop.abort());
  return { seen, started, stop };
}

const secretIn = async (namespace: string): Promise<Readonly<Record<string, string>>> =>
  decoded(await stage.read('secret', SECRET, '-n', namespace));
const rotations = (events: readonly AuthorityEvent[]): readonly string[] =>
  events.flatMap((event) => (event.outcome === 'rotated' ? [event.reasons.join('+')] : []));
const failures = (events: readonly AuthorityEvent[]): readonly string[] =>
  events.flatMap((event) => (event.outcome === 'failed' ? [event.message] : []));

t.test('three authorities at once in an empty namespace: one Secret, one leaf for all', async (t) => {
  const transport = await stage.enter('three');
  const all = [1, 2, 3].map(() => recorded(transport, 'three'));
  const runs = all.map((options) => run(t, options));
  await Promise.all(runs.map(({ started }) => started));
  const secret = await secretIn('three');
  for (const { seen } of runs) t.strictSame(seen.entries, [`accepted ${serialOf(secret['tls.crt'] ?? '')}`]);
  t.strictSame(
    all.flatMap(({ events }) => rotations(events)),
    ['missing+leaf-unreadable'],
    'one of them wrote',
  );
  t.strictSame(
    all.flatMap(({ events }) => failures(events)),
    [],
    'and to come second is no failure',
  );
});

t.test('the Secret is of the type that others read, and says whose it is', async (t) => {
  const { type, metadata } = (await stage.read('secret', SECRET, '-n', 'three')) as {
    type: string;
    metadata: JsonObject;
  };
  t.equal(type, 'kubernetes.io/tls');
  t.match(metadata, { labels: { 'app.kubernetes.io/name': 'restamp' }, managedFields: [{ manager: 'restamp' }] });
});

t.test('who starts later serves the leaf that is there and writes nothing', async (t) => {
  const transport = await stage.enter('later');
  await run(t, recorded(transport, 'later')).started;
  const before = await stage.read('secret', SECRET, '-n', 'later');
  const options = recorded(transport, 'later');
  const { seen, started } = run(t, options);
  await started;
  await options.clock.sleep(300);
  t.strictSame(seen.entries, [`accepted ${serialOf(decoded(before)['tls.crt'] ?? '')}`]);
  t.strictSame(await stage.read('secret', SECRET, '-n', 'later'), before, 'the resourceVersion is the same');
  t.strictSame(options.events, []);
});

t.test('61 days later: a new leaf for all, by the same authority', async (t) => {
  const transport = await stage.enter('renewal');
  const clock = clockAt(new Date());
  const all = [recorded(transport, 'renewal', { clock }), recorded(transport, 'renewal', { clock })];
  const runs = all.map((options) => run(t, options));
  await Promise.all(runs.map(({ started }) => started));
  const before = await secretIn('renewal');
  clock.set(after(61 * DAY, new Date()));
  await until(() => runs.every(({ seen }) => seen.entries.length === 2), 'both have a second leaf');
  const secret = await secretIn('renewal');
  t.equal(secret['ca.crt'], before['ca.crt']);
  t.equal(secret['ca.key'], before['ca.key']);
  t.not(secret['tls.key'], before['tls.key']);
  for (const { seen } of runs) t.equal(seen.pairs[1]?.certificate, secret['tls.crt']);
  const written = all.flatMap(({ events }) => rotations(events)).sort();
  t.strictSame(written, ['leaf-expires-soon', 'missing+leaf-unreadable'], 'each was written once, by either');
});

t.test('a new authority: the old one and its leaf stay, then a new leaf comes, then the old one goes', async (t) => {
  const transport = await stage.enter('authority');
  const begin = new Date();
  const lifetimes = { authorityMs: 120 * DAY, leafMs: LIFETIMES.leafMs };
  const options = recorded(transport, 'authority', { clock: clockAt(begin), lifetimes });
  const published: string[] = [];
  const { seen, started } = run(t, { ...options, publish: async (roots) => void published.push(roots) });
  await started;
  const rootsNow = async (): Promise<readonly X509Certificate[]> =>
    readableCertificates((await secretIn('authority'))['ca.crt'] ?? '');
  const [old] = await rootsNow();

  // Both are due at once: two thirds of 90 days are over, and of 120.
  options.clock.set(after(81 * DAY, begin));
  await until(async () => (await rootsNow()).length === 2, 'two roots');
  const [renewed, kept] = await rootsNow();
  t.equal(kept?.fingerprint256, old?.fingerprint256);
  t.not(renewed?.fingerprint256, old?.fingerprint256);
  await options.clock.sleep(300);
  t.equal(seen.entries.length, 1, 'the leaf is still the old one');
  t.equal(readableCertificates(published.at(-1) ?? '').length, 2, 'both are published');

  options.clock.set(after(81 * DAY + 11 * 60_000, begin));
  await until(() => seen.entries.length === 2, 'a new leaf');
  t.ok(new X509Certificate(seen.pairs[1]?.certificate ?? '').checkIssued(renewed ?? noRoot()));
  t.equal((await rootsNow()).length, 2, 'the old one is trusted until its leaves are gone');

  options.clock.set(after(121 * DAY, begin));
  await until(async () => (await rootsNow()).length === 1, 'one root');
  t.equal((await rootsNow())[0]?.fingerprint256, renewed?.fingerprint256);
  t.equal(seen.entries.length, 2, 'which is no matter for the leaf');
  t.strictSame(rotations(options.events), [
    'missing+leaf-unreadable',
    'authority-expires-soon',
    'leaf-expires-soon',
    'old-authority-unneeded',
  ]);
});

function noRoot(): never {
  throw new Error('there is no root');
}

t.test('a Secret that is damaged, emptied or deleted is repaired', async (t) => {
  const transport = await stage.enter('damage');
  const options = recorded(transport, 'damage');
  const { seen, started } = run(t, options);
  await started;
  const patch = (data: JsonObject): Promise<unknown> =>
    stage.cluster.kubectl(['patch', 'secret', SECRET, '-n', 'damage', '--type=merge', '-p', JSON.stringify({ data })]);
  await patch({ 'tls.crt': '', other: 'a2VwdA==' });
  await until(() => seen.entries.filter((entry) => entry.startsWith('accepted')).length === 2, 'a second leaf');
  t.equal((await secretIn('damage')).other, 'kept', "somebody's own entry stays");
  await stage.cluster.kubectl(['delete', 'secret', SECRET, '-n', 'damage']);
  await until(() => seen.entries.filter((entry) => entry.startsWith('accepted')).length === 3, 'a third leaf');
  t.equal((await secretIn('damage'))['tls.crt'], seen.pairs[2]?.certificate);
  t.strictSame(failures(options.events), []);
});

t.test('an empty Secret that was put there for us is filled', async (t) => {
  const transport = await stage.enter('empty');
  await stage.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: SECRET, namespace: 'empty' } });
  const { started } = run(t, recorded(transport, 'empty'));
  await started;
  t.ok((await secretIn('empty'))['ca.key']);
});

t.test("cert-manager's Secret is left alone, and the report says what to do", async (t) => {
  const transport = await stage.enter('foreign');
  const metadata = { name: SECRET, namespace: 'foreign', annotations: { 'cert-manager.io/certificate-name': 'leaf' } };
  const { certificate, key } = fixture('ecdsa');
  await stage.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    stringData: { 'tls.crt': certificate, 'tls.key': key },
  });
  const options = recorded(transport, 'foreign');
  const { seen } = run(t, options);
  await until(() => options.events.length >= 2, 'two reports');
  t.match(options.events[0], { outcome: 'failed', message: /^Secret foreign\/.* is cert-manager's: delete it/ });
  t.strictSame(seen.entries, []);
  t.equal((await secretIn('foreign'))['tls.crt'], certificate);
});

t.test('where the right to write is missing, what is there is served', async (t) => {
  const transport = await stage.enter('readonly');
  await run(t, recorded(transport, 'readonly')).started;
  await stage.cluster.kubectl(['delete', 'role', 'certificates', '-n', 'readonly']);
  const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }];
  const metadata = { name: 'certificates', namespace: 'readonly' };
  await stage.apply({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules });
  const clock = clockAt(after(61 * DAY, new Date()));
  const options = recorded(transport, 'readonly', { clock });
  const { seen, started } = run(t, options);
  await started;
  t.equal(seen.pairs[0]?.certificate, (await secretIn('readonly'))['tls.crt']);
  await until(() => options.events.length >= 1, 'a report');
  t.match(failures(options.events)[0], /^PATCH .*restamp-webhook-tls: 403 Forbidden$/);
});

t.test('an outage of the API server is reported and outlived', async (t) => {
  const transport = await stage.enter('outage');
  const options = recorded(transport, 'outage');
  const { seen, started } = run(t, options);
  await started;
  await stage.cluster.signal('kube-apiserver', 'SIGKILL');
  await until(() => failures(options.events).length > 0, 'a report');
  await stage.cluster.restart('kube-apiserver');
  const reported = failures(options.events).length;
  options.clock.set(after(61 * DAY, new Date()));
  await until(() => seen.entries.length === 2, `a new leaf after ${reported} failures`, 60_000);
  t.pass('and goes on');
});

t.test('no report holds a key', async (t) => {
  const transport = await stage.enter('secrecy');
  const options = recorded(transport, 'secrecy', {
    publish: async () => {
      throw new Error('nobody listens');
    },
  });
  const { started, stop } = run(t, options);
  await started;
  await until(() => failures(options.events).length > 0, 'a report');
  t.strictSame(failures(options.events)[0], 'nobody listens', 'and the leaf is served all the same');
  t.notMatch(JSON.stringify(options.events), /PRIVATE|BEGIN/);
  stop.abort();
});

t.test('start rejects on abort before there is a pair', async (t) => {
  const transport = await stage.enter('abort');
  const { started, stop } = run(t, recorded(transport, 'abort'));
  stop.abort();
  await t.rejects(started, { name: 'AbortError' });
});

t.test('a name that no certificate can have is refused at once', async (t) => {
  const transport = await stage.enter('names');
  t.throws(() => selfSignedSource(recorded(transport, 'names', { names: ['Not A Name'] })), {
    message: /"Not A Name"/,
  });
});
