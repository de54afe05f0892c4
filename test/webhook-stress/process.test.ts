/** `restamp webhook` on a real control plane at its worst: an API server that is frozen, killed, or has lost its etcd; a crowd. */
import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import t, { type Test } from 'tap';
import { makeAuthority, makeLeaf } from '../../certs/authority.ts';
import type { Pair } from '../../certs/pair.ts';
import { asText, type JsonObject } from '../../core/json.ts';
import { serialOf } from '../certs/build.ts';
import { makeMount } from '../certs/mount.ts';
import { startCluster } from '../cluster/cluster.ts';
import { eventually } from '../cluster/deadline.ts';
import { workloadJson } from '../core/build.ts';
import { install } from '../install/installation.ts';
import { RestampProcess } from '../install/process.ts';
import { envFrom, workload } from '../live/manifest.ts';
import { responseOf, reviewJson } from '../webhook/build.ts';
import { type Call, call, type Target } from '../webhook/client.ts';
import { attempt, keepSending, summary } from '../webhook/load.ts';
import { makePairs, SERVER_NAME } from './certificates.ts';

t.setTimeout(600_000);

const NAMESPACE = 'shop';
const DELAY_MS = 1_000;
const DEADLINE_MS = 60_000;
/** The longest that the API server waits, as shipped. */
const TIMEOUT_MS = 3_000;
/** So many handshakes at once are made within the 5 s that each may take, on a machine that does ten things. */
const CROWD = 300;

/** Few enough for all of them to have been sent before the port closes, on a machine that does ten things at once. */
const WAITING = 200;

const cluster = await startCluster({ name: 'stress' });
t.teardown(() => cluster.stop());
// For its manifests only: the account and its rights.
await install(cluster, { without: ['webhook', 'watcher'] });
await cluster.kubectl(['create', 'namespace', NAMESPACE]);
await cluster.kubectl(['-n', NAMESPACE, 'create', 'configmap', 'app', '--from-literal=a=1']);
const pairs = await makePairs();
const mount = await makeMount();
t.teardown(() => mount.end());
await mount.swap(pairs.good[0]);
const kubeconfig = await cluster.serviceAccountKubeconfig('restamp', 'restamp-webhook');
const webhook = new RestampProcess({
  command: 'webhook',
  args: [
    ...[`--kubeconfig=${kubeconfig}`, '--tls=files', `--tls-dir=${mount.path}`, '--bind-address=127.0.0.1'],
    ...['--port=0', '--ops-port=0', `--shutdown-delay=${DELAY_MS}ms`],
  ],
});
t.teardown(() => webhook.stop());
await webhook.start();

const OBJECT: JsonObject = workloadJson({
  spec: workloadSpec(workload({ container: envFrom('configMapRef', 'app') })),
});
const REVIEW = reviewJson({ namespace: NAMESPACE, object: OBJECT });

function workloadSpec(object: JsonObject): JsonObject {
  const { spec } = object as { spec: { template: { spec: JsonObject } } };
  return spec.template.spec;
}

/** Of the present run. */
async function port(): Promise<number> {
  const text = await eventually(
    async () => asText(webhook.lines.findLast(({ message }) => message === 'serving admission')?.address),
    { what: 'an address', deadlineMs: DEADLINE_MS },
  );
  return Number(new URL(text).port);
}

async function target(authorities = pairs.authorities): Promise<Omit<Target, 'agent'>> {
  return { port: await port(), ca: authorities, servername: SERVER_NAME };
}

async function agentFor(t: Test): Promise<Target> {
  const secureContext = createSecureContext({ ca: pairs.authorities });
  const agent = new Agent({ keepAlive: true, maxFreeSockets: CROWD, secureContext, servername: SERVER_NAME });
  t.teardown(() => agent.destroy());
  return { port: await port(), agent };
}

interface Review extends Call {
  readonly stamped: boolean;
  readonly tookMs: number;
}

async function review(to: Target): Promise<Review> {
  const began = performance.now();
  const answer = await call(to, REVIEW);
  const { allowed, patch, warnings } = responseOf(answer);
  if (answer.status !== 200 || allowed !== true) throw new Error(`${answer.status} ${answer.body}`);
  if (patch === undefined && warnings === undefined) throw new Error('neither stamped nor warned');
  return { ...answer, stamped: patch !== undefined, tookMs: performance.now() - began };
}

async function stampsAgain(t: Test): Promise<void> {
  const to = { ...(await target()), agent: false } as const;
  const found = await eventually(async () => (await review(to)).stamped || undefined, {
    what: 'a stamp',
    deadlineMs: DEADLINE_MS,
  });
  t.ok(found, 'it stamps again by itself');
}

const OUTAGES = {
  'the API server is frozen': {
    begin: () => cluster.signal('kube-apiserver', 'SIGSTOP'),
    end: () => cluster.signal('kube-apiserver', 'SIGCONT'),
  },
  'the API server is killed': {
    begin: () => cluster.signal('kube-apiserver', 'SIGKILL'),
    end: () => cluster.restart('kube-apiserver'),
  },
  'etcd is frozen': {
    begin: () => cluster.signal('etcd', 'SIGSTOP'),
    end: () => cluster.signal('etcd', 'SIGCONT'),
  },
} as const;

for (const [name, { begin, end }] of Object.entries(OUTAGES)) {
  t.test(
    `while ${name} reviews are answered in time, allowed with a warning, and stamped when it is back`,
    async (t) => {
      const to = await agentFor(t);
      t.ok((await review(to)).stamped);
      await begin();
      let answers: readonly Review[] = [];
      try {
        answers = await Promise.all(Array.from({ length: 20 }, () => review(to)));
      } finally {
        await end();
      }
      t.comment(`the longest took ${Math.round(Math.max(...answers.map(({ tookMs }) => tookMs)))} ms`);
      t.strictSame(
        answers.filter(({ stamped, tookMs }) => stamped || tookMs > TIMEOUT_MS),
        [],
      );
      await stampsAgain(t);
    },
  );
}

t.test('a crowd that reads for real is answered, stamped or told that it is not, and the process lives', async (t) => {
  const to = await agentFor(t);
  await Promise.all(Array.from({ length: CROWD }, () => review(to)));
  const answers = await Promise.all(Array.from({ length: CROWD }, () => review(to)));
  const stamped = answers.filter(({ stamped }) => stamped).length;
  const longest = Math.max(...answers.map(({ tookMs }) => tookMs));
  t.comment(`${CROWD} at once: ${stamped} stamped, the last after ${Math.round(longest)} ms`);
  t.equal(answers.length, CROWD);
  await stampsAgain(t);
});

t.test('RSA and ECDSA by turns under a crowd of new connections: nobody is turned away', async (t) => {
  const to = await target();
  const load = keepSending({ ...to, agent: false }, 16);
  const serials = [];
  for (const pair of [...pairs.good, ...pairs.good]) {
    await mount.swap(pair);
    await eventually(async () => (await serving(to)) === serialOf(pair.certificate) || undefined, {
      what: 'the pair being served',
      deadlineMs: DEADLINE_MS,
    });
    serials.push(serialOf(pair.certificate));
  }
  const outcomes = await load.stop();
  t.comment(summary(outcomes));
  t.ok(outcomes.every(({ call }) => call?.status === 200));
  t.strictSame(new Set(outcomes.map(({ call }) => call?.serial)), new Set(serials), 'clients saw each of them');
});

t.test('bad pairs under load are refused and counted, and the last good one is served on', async (t) => {
  const to = await target();
  const good = await serving(to);
  const before = await metric('restamp_certificate_refusals_total');
  const load = keepSending({ ...to, agent: false }, 8);
  for (const [number, pair] of pairs.bad.entries()) {
    await mount.swap(pair);
    await eventually(
      async () => (await metric('restamp_certificate_refusals_total')) === before + number + 1 || undefined,
      { what: 'a refusal', deadlineMs: DEADLINE_MS },
    );
  }
  const outcomes = await load.stop();
  t.comment(summary(outcomes));
  t.ok(outcomes.every(({ call }) => call?.status === 200));
  t.strictSame(new Set(outcomes.map(({ call }) => call?.serial)), new Set([good]));
});

t.test('a pair that expires while it is served is told of, and the next one heals it without a restart', async (t) => {
  const authority = await makeAuthority(new Date());
  const short: Pair = await makeLeaf(authority, { names: [SERVER_NAME], now: new Date(), lifeMs: 8_000 });
  const trusting = await target(`${pairs.authorities}\n${authority.certificate}`);
  const to = { ...trusting, agent: false } as const;
  await mount.swap(short);
  await eventually(async () => (await serving(trusting)) === serialOf(short.certificate) || undefined, {
    what: 'the short-lived pair being served',
    deadlineMs: DEADLINE_MS,
  });
  const expiry = (await metric('restamp_certificate_expiry_timestamp_seconds')) * 1_000;
  t.ok(expiry > Date.now() - 8_000 && expiry < Date.now() + 8_000, 'the metric told when');
  const before = await metric('restamp_certificate_refusals_total');
  await eventually(async () => webhook.lines.some((line) => line.reason === 'expired') || undefined, {
    what: 'the word expired',
    deadlineMs: DEADLINE_MS,
  });
  t.equal(await metric('restamp_certificate_refusals_total'), before + 1);
  t.equal((await attempt(to)).error, 'CERT_HAS_EXPIRED', 'a client can only refuse it');
  await mount.swap(pairs.good[0]);
  await eventually(async () => (await attempt(to)).call?.status === 200 || undefined, {
    what: 'the next pair being served',
    deadlineMs: DEADLINE_MS,
  });
  t.pass();
});

t.test(
  'SIGTERM with hundreds of reviews that wait for a frozen API server: each is answered, then the port is closed',
  async (t) => {
    const to = await agentFor(t);
    // Connections first: a handshake is no review.
    await Promise.all(Array.from({ length: WAITING }, () => review(to)));
    await cluster.signal('kube-apiserver', 'SIGSTOP');
    try {
      const answers = Promise.all(Array.from({ length: WAITING }, () => review(to)));
      await sleep(200);
      const ended = webhook.stop();
      const all = await answers;
      t.equal(all.length, WAITING);
      t.comment(`the last after ${Math.round(Math.max(...all.map(({ tookMs }) => tookMs)))} ms`);
      t.ok(all.every(({ stamped }) => !stamped));
      t.ok(
        all.some(({ connection }) => connection === 'close'),
        'and told to go elsewhere',
      );
      t.equal(await ended, 0);
      t.equal((await attempt({ ...to, agent: false })).error, 'ECONNREFUSED');
    } finally {
      await cluster.signal('kube-apiserver', 'SIGCONT');
    }
    await webhook.start();
    await stampsAgain(t);
    t.equal(webhook.stderr, '');
  },
);

async function serving(to: Omit<Target, 'agent'>): Promise<string> {
  return (await call({ ...to, agent: false }, REVIEW)).serial;
}

async function metric(name: string): Promise<number> {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await webhook.metrics())?.[1]);
}
