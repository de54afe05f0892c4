/** The end of `restamp webhook`, on a real control plane: nobody who asks notices it. */
import { Agent } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { asObject, asText, type JsonObject, parseJson } from '../../core/json.ts';
import { CONFIG_HASH } from '../../core/names.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { eventually } from '../cluster/deadline.ts';
import { type Installation, install } from '../install/installation.ts';
import { RestampProcess } from '../install/process.ts';
import { reviewJson } from './build.ts';
import { open, type Target } from './client.ts';
import { attempt, keepSending, type Outcome, summary } from './load.ts';

t.setTimeout(600_000);

const NAMESPACE = 'shop';
const DELAY_MS = 2_000;
/** The shutdown delay exists so that by its end nobody is sent here any more; to be sure, clients stop a little earlier. */
const ROUTED_MS = DELAY_MS - 300;
const CLIENTS = 8;

const cluster = await startCluster({ name: 'shutdown' });
t.teardown(() => cluster.stop());
const installation = await install(cluster, { without: ['watcher'], webhookArgs: [`--shutdown-delay=${DELAY_MS}ms`] });
t.teardown(() => installation.stop());
const { webhook } = installation;
await prepareNamespace();
const target = await targetOf(cluster, installation);

async function prepareNamespace(): Promise<void> {
  await cluster.kubectl(['create', 'namespace', NAMESPACE]);
  await cluster.kubectl(['label', 'namespace', NAMESPACE, 'restamp.dev/inject=enabled']);
  await cluster.kubectl(['-n', NAMESPACE, 'create', 'configmap', 'app', '--from-literal=a=1']);
}

async function targetOf(cluster: Cluster, { webhookPort }: Installation): Promise<Omit<Target, 'agent'>> {
  const bundle = [
    'get',
    'mutatingwebhookconfiguration',
    'restamp',
    '-o',
    'jsonpath={.webhooks[0].clientConfig.caBundle}',
  ];
  const { stdout } = await cluster.kubectl(bundle);
  return { port: webhookPort, ca: Buffer.from(stdout, 'base64').toString(), servername: 'restamp-webhook.restamp.svc' };
}

function agentFor(t: Test): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  t.teardown(() => agent.destroy());
  return agent;
}

function deployment(name: string): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'app', image: 'app:1', envFrom: [{ configMapRef: { name: 'app' } }] }] },
      },
    },
  };
}

/** Creates a Deployment through the API server; resolves to its stamp. */
async function create(name: string): Promise<string | undefined> {
  const args = ['-n', NAMESPACE, 'create', '-o', 'json', '-f', '-'];
  const { stdout } = await cluster.kubectl(args, { stdin: JSON.stringify(deployment(name)) });
  const template = asObject(asObject(asObject(parseJson(stdout)).spec).template);
  return asText(asObject(asObject(template.metadata).annotations)[CONFIG_HASH]);
}

interface Creation {
  readonly endedAt: number;
  readonly stamp: string | undefined;
}

interface Creations {
  readonly made: readonly Creation[];
  stop(): Promise<readonly Creation[]>;
}

function keepCreating(prefix: string): Creations {
  const made: Creation[] = [];
  let going = true;
  const loop = (async () => {
    for (let number = 0; going && number < 1_000; number += 1) {
      const stamp = await create(`${prefix}-${number}`);
      made.push({ endedAt: Date.now(), stamp });
    }
  })();
  return {
    made,
    stop: async () => {
      going = false;
      await loop;
      return made;
    },
  };
}

/** Polls readiness; resolves to the time at which it went off. */
async function unready(): Promise<number> {
  return eventually(async () => ((await webhook.isReady()) ? undefined : Date.now()), {
    what: 'readiness going off',
    deadlineMs: 10_000,
    everyMs: 10,
  });
}

/** When the run that was told to end at that time began to drain, by its own log, which may come a moment later. */
async function drainingSince(signalledAt: number): Promise<number> {
  const times = (): number[] =>
    webhook.lines
      .filter(({ message }) => message === 'draining')
      .map(({ time }) => Date.parse(asText(time) ?? ''))
      .filter((time) => time >= signalledAt);
  return eventually(async () => times()[0], { what: 'a word about draining', deadlineMs: 10_000 });
}

async function started(): Promise<void> {
  if (!(await webhook.isReady().catch(() => false))) await webhook.start();
}

const answered = ({ call }: Outcome): boolean => call?.status === 200;

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(
    `at ${signal} readiness goes off first, and every request is answered until nobody is sent here any more`,
    async (t) => {
      await started();
      const load = keepSending({ ...target, agent: agentFor(t) }, CLIENTS);
      const creations = keepCreating(signal.toLowerCase());
      await eventually(async () => (load.outcomes.length > 100 && creations.made.length > 2 ? true : undefined), {
        what: 'the clients being under way',
        deadlineMs: 60_000,
      });

      const signalledAt = Date.now();
      const ended = webhook.stop(signal);
      const unreadyAt = await unready();
      await sleep(Math.max(0, (await drainingSince(signalledAt)) + ROUTED_MS - Date.now()));
      const [outcomes, made] = await Promise.all([load.stop(), creations.stop()]);
      const routedUntil = Date.now();
      t.equal(await ended, 0);
      const endedAt = Date.now();
      t.strictSame(await attempt({ ...target, agent: false }).then(({ error }) => error), 'ECONNREFUSED');

      const [before, during] = [
        outcomes.filter(({ at }) => at < signalledAt),
        outcomes.filter(({ at }) => at >= unreadyAt),
      ];
      t.comment(`before: ${summary(before)}; while draining: ${summary(during)}`);
      t.comment(`not ready after ${unreadyAt - signalledAt} ms, ended after ${endedAt - signalledAt} ms`);
      t.ok(outcomes.every(answered), `each of ${outcomes.length} requests got its 200`);
      t.ok(before.some(({ call }) => call?.connection === 'keep-alive'));
      t.ok(during.length > 20 && during.every(({ call }) => call?.connection === 'close'));
      t.ok(endedAt - signalledAt >= DELAY_MS, 'the delay was kept');

      const created = made.filter(({ endedAt }) => endedAt >= unreadyAt && endedAt <= routedUntil);
      t.comment(`${made.length} Deployments created, ${created.length} of them while it drained`);
      t.ok(created.length > 0);
      // On a busy machine kubectl can take so long to begin that the last of them comes after the end of the webhook.
      t.strictSame(
        made.filter((each) => each.stamp === undefined && each.endedAt <= signalledAt + DELAY_MS),
        [],
        'each was stamped',
      );
    },
  );
}

t.test('a Deployment that is created when the webhook is gone is created all the same', async (t) => {
  await started();
  t.ok(await create('with'));
  t.equal(await webhook.stop(), 0);
  t.equal(await create('without'), undefined);
});

t.test('clients that go on to the very end see an answer or a closed port', async (t) => {
  await started();
  const load = keepSending({ ...target, agent: agentFor(t) }, CLIENTS);
  await sleep(300);
  const signalledAt = Date.now();
  t.equal(await webhook.stop(), 0);
  await sleep(100);
  const outcomes = await load.stop();
  t.comment(summary(outcomes));
  const routedUntil = (await drainingSince(signalledAt)) + ROUTED_MS;
  const drained = outcomes.filter(({ at }) => at < routedUntil);
  t.ok(drained.length > 100 && drained.every(answered));
  const others = outcomes.filter((outcome) => !answered(outcome) && outcome.error !== 'ECONNREFUSED');
  // The kernel resets what it had taken in and the process had not: at most one connection of each client.
  t.ok(others.length <= CLIENTS, `${others.length} met the moment in which the port closed: ${summary(others)}`);
});

t.test('an idle connection is closed in order, by a FIN and not by a reset', async (t) => {
  await started();
  const idle = await open(target);
  idle.socket.write('GET /mutate HTTP/1.1\r\nhost: a\r\n\r\n');
  await new Promise((resolve) => idle.socket.once('data', resolve));
  const silent = await open(target);
  t.equal(await webhook.stop(), 0);
  const [one, other] = await Promise.all([idle.ended, silent.ended]);
  t.comment(
    `idle: ${one.by} after ${Math.round(one.afterMs)} ms; silent: ${other.by} after ${Math.round(other.afterMs)} ms`,
  );
  t.strictSame([one.by, other.by], ['FIN', 'FIN']);
  t.ok(one.afterMs >= DELAY_MS, 'not before the delay is over: it may still be used');
});

t.test('a request under way when the port closes is answered', async (t) => {
  await started();
  // The body comes in two halves, the second one when the port has been closed.
  const { socket, ended } = await open(target);
  const body = JSON.stringify(reviewJson());
  const head = `POST /mutate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  socket.write(head + body.slice(0, 5));
  let answer = '';
  socket.on('data', (bytes) => {
    answer += String(bytes);
  });
  const stopped = webhook.stop();
  await eventually(async () => (await attempt({ ...target, agent: false })).error, {
    what: 'the port being closed',
    deadlineMs: 20_000,
  });
  socket.write(body.slice(5));
  t.equal(await stopped, 0);
  t.equal((await ended).by, 'FIN');
  t.match(answer, /^HTTP\/1\.1 200 .*connection: close.*"allowed":true/is);
});

t.test('clients that never end their request or handshake do not keep the process from ending', async (t) => {
  await started();
  const { socket, ended } = await open(target);
  socket.write('POST /mutate HTTP/1.1\r\nhost: a\r\ncontent-');
  const silent = connect(installation.webhookPort, '127.0.0.1').on('error', () => {});
  t.teardown(() => silent.destroy());
  const began = Date.now();
  t.equal(await webhook.stop(), 0, 'it need not be killed');
  t.comment(`ended after ${Date.now() - began} ms; the connection: ${(await ended).by}`);
});

for (const [first, second] of [
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGINT'],
] as const) {
  t.test(`a ${second} after a ${first} ends the process at once`, async (t) => {
    await started();
    const signalledAt = Date.now();
    webhook.signal(first);
    const since = await drainingSince(signalledAt);
    const code = await webhook.stop(second);
    t.ok(Date.now() < since + DELAY_MS, 'the delay was not waited for');
    t.equal(code, second === 'SIGTERM' ? 143 : 130);
  });
}

t.test('a webhook whose port is taken says so in a line and ends', async (t) => {
  await started();
  const config = webhook.args.filter((arg) => arg.startsWith('--kubeconfig='));
  const second = new RestampProcess({
    command: 'webhook',
    args: [
      ...config,
      `--port=${installation.webhookPort}`,
      '--tls=self-signed',
      '--bind-address=127.0.0.1',
      '--ops-port=0',
    ],
  });
  t.teardown(() => second.stop());
  await second.launch();
  await eventually(async () => (second.stderr === '' ? undefined : true), { what: 'a word', deadlineMs: 60_000 });
  // By itself: a signal would meet it on its way out, and be taken for the reason.
  t.equal(await second.ended, 1);
  t.match(second.stderr, /^restamp webhook: listen EADDRINUSE[^\n]*$/);
});
