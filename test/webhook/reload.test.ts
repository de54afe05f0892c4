/** `restamp webhook --tls=files`, on a real control plane: the files change and no request is lost. */
import { Agent } from 'node:https';
import t, { type Test } from 'tap';
import { makeSelfSignedPair } from '../../certs/authority.ts';
import type { Pair } from '../../certs/pair.ts';
import { asText } from '../../core/json.ts';
import { systemClock } from '../../kube/clock.ts';
import { fixture, serialOf } from '../certs/build.ts';
import { makeMount } from '../certs/mount.ts';
import { startCluster } from '../cluster/cluster.ts';
import { eventually } from '../cluster/deadline.ts';
import { install } from '../install/installation.ts';
import { RestampProcess } from '../install/process.ts';
import { type Call, call, type Target } from './client.ts';
import { keepSending, summary } from './load.ts';

t.setTimeout(600_000);

// The directory is looked at every 10 s at the latest; mostly a watch tells at once.
const DEADLINE_MS = 30_000;

const cluster = await startCluster({ name: 'reload' });
t.teardown(() => cluster.stop());
// For its manifests only: the account and its rights.
await install(cluster, { without: ['webhook', 'watcher'] });
const kubeconfig = await cluster.serviceAccountKubeconfig('restamp', 'restamp-webhook');
const [rsa, another] = await Promise.all([
  makeSelfSignedPair(['localhost'], systemClock),
  makeSelfSignedPair(['localhost'], systemClock),
]);
const ecdsa = fixture('ecdsa');

const mount = await makeMount();
t.teardown(() => mount.end());
const webhook = new RestampProcess({
  command: 'webhook',
  args: [
    `--kubeconfig=${kubeconfig}`,
    '--tls=files',
    `--tls-dir=${mount.path}`,
    '--bind-address=127.0.0.1',
    '--port=0',
    '--ops-port=0',
    '--shutdown-delay=1ms',
  ],
});
t.teardown(() => webhook.stop());

function target(): Omit<Target, 'agent'> {
  const line = webhook.lines.findLast(({ message }) => message === 'serving admission');
  const { port } = new URL(asText(line?.address) ?? '');
  return { port, ca: [rsa.authority, another.authority, ecdsa.certificate], servername: 'localhost' };
}

/** On a connection of its own. */
function fresh(): Promise<Call> {
  return call({ ...target(), agent: false });
}

function agentFor(t: Test, maxSockets: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets });
  t.teardown(() => agent.destroy());
  return agent;
}

async function serves(pair: Pair): Promise<void> {
  const serial = serialOf(pair.certificate);
  await eventually(async () => ((await fresh()).serial === serial ? true : undefined), {
    what: `the certificate ${serial} being served`,
    deadlineMs: DEADLINE_MS,
  });
}

async function refusals(): Promise<number> {
  return Number(/^restamp_certificate_refusals_total (\d+)$/m.exec(await webhook.metrics())?.[1]);
}

async function refusedBecause(reason: string): Promise<void> {
  const found = (): boolean =>
    webhook.lines.some((line) => line.message === 'certificate refused' && line.reason === reason);
  await eventually(async () => (found() ? true : undefined), {
    what: `the refusal ${reason}`,
    deadlineMs: DEADLINE_MS,
  });
}

t.test('without a certificate the process waits, not ready, and serves as soon as there is one', async (t) => {
  await webhook.launch();
  await refusedBecause('unreadable');
  t.equal(await webhook.isReady(), false);
  t.equal(
    webhook.lines.some(({ message }) => message === 'serving admission'),
    false,
  );
  await mount.swap(rsa);
  await eventually(async () => (await webhook.isReady()) || undefined, { what: 'readiness', deadlineMs: DEADLINE_MS });
  await serves(rsa);
});

t.test('swapped files reach new connections, and no request is lost, RSA to ECDSA and back', async (t) => {
  const load = keepSending({ ...target(), agent: agentFor(t, 4) }, 4);
  for (const pair of [ecdsa, another, rsa]) {
    await mount.swap(pair);
    await serves(pair);
  }
  const outcomes = await load.stop();
  t.comment(summary(outcomes));
  t.ok(outcomes.length > 50 && outcomes.every(({ call }) => call?.status === 200));
  t.equal(new Set(outcomes.map(({ call }) => call?.port)).size, 4, 'no connection was made anew');
  t.equal(new Set(outcomes.map(({ call }) => call?.serial)).size, 1, 'each went on with the pair it began with');
});

const BAD: readonly { readonly reason: string; readonly pair: Pair }[] = [
  { reason: 'key-does-not-fit', pair: { certificate: ecdsa.certificate, key: rsa.key } },
  { reason: 'half-written', pair: { certificate: ecdsa.certificate.slice(0, 200), key: ecdsa.key } },
  { reason: 'unusable', pair: fixture('rsa-1024') },
];

for (const { reason, pair } of BAD) {
  t.test(`a pair that is bad (${reason}) is refused and told of, and the last good one stays`, async (t) => {
    await mount.swap(rsa);
    await serves(rsa);
    const before = await refusals();
    await mount.swap(pair);
    await refusedBecause(reason);
    t.equal(await refusals(), before + 1);
    t.equal((await fresh()).serial, serialOf(rsa.certificate));
    t.equal(await webhook.isReady(), true, 'it serves on');
    await mount.swap(another);
    await serves(another);
    t.equal(await refusals(), before + 1, 'a good one is none');
  });
}

t.test('a directory that goes away takes nothing with it', async (t) => {
  const before = await refusals();
  await mount.remove();
  await eventually(async () => ((await refusals()) > before ? true : undefined), {
    what: 'a refusal',
    deadlineMs: DEADLINE_MS,
  });
  t.equal((await fresh()).serial, serialOf(another.certificate));
  await mount.swap(ecdsa);
  await serves(ecdsa);
});

t.test('the metric tells when the served certificate expires', async (t) => {
  await mount.swap(rsa);
  await serves(rsa);
  const line = webhook.lines.findLast(({ message }) => message === 'certificate accepted');
  const [, seconds] = /^restamp_certificate_expiry_timestamp_seconds (\S+)$/m.exec(await webhook.metrics()) ?? [];
  t.equal(Number(seconds) * 1_000, Date.parse(asText(line?.notAfter) ?? ''));
});

t.test('no key is ever part of the log', (t) => {
  const log = JSON.stringify(webhook.lines) + webhook.stderr;
  t.ok(log.includes(serialOf(rsa.certificate)));
  t.notMatch(log, /BEGIN|PRIVATE/);
  t.end();
});
