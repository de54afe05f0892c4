import { access, readFile, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { type Cluster, connectCluster, startCluster } from '../cluster.ts';
import { isRunning, sendSignal } from '../processes.ts';
import { type ClusterState, clusterFiles, readJson } from '../state.ts';
import { COMPONENTS, type ComponentName, VERSIONS } from '../versions.ts';
import { comesTrue, jsonPath, processesWith, realPrograms, temporaryDirectory } from './support.ts';

// A first run builds the programs; on a busy machine each start takes longer too.
t.setTimeout(1_800_000);

const WORKLOAD = (name: string, annotations: Record<string, string> = {}) =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations },
        spec: { containers: [{ name: 'main', image: 'registry.example/app:1' }] },
      },
    },
  });

async function apply(cluster: Cluster, manifest: string): Promise<void> {
  await cluster.kubectl(['apply', '-f', '-'], { stdin: manifest });
}

async function waitAvailable(cluster: Cluster, name: string): Promise<void> {
  await cluster.kubectl(['wait', '--for=condition=Available', `deployment/${name}`, '--timeout=60s']);
}

async function stateOf(cluster: Cluster): Promise<ClusterState> {
  const state = await readJson<ClusterState>(clusterFiles(cluster.directory).state);
  if (state === undefined) throw new Error(`no state in ${cluster.directory}`);
  return state;
}

async function runs(cluster: Cluster, component: ComponentName): Promise<boolean> {
  const record = (await stateOf(cluster)).components[component];
  return record !== undefined && (await isRunning(record));
}

/** The first line of a watch's answer, and its status. */
async function watchFrom(
  cluster: Cluster,
  path: string,
  resourceVersion: string,
): Promise<{ status: number; line: string }> {
  const config = JSON.parse(await readFile(cluster.kubeconfig, 'utf8'));
  const ca = Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64');
  const headers = { authorization: `Bearer ${config.users[0].user.token}` };
  const url = `${cluster.server}${path}?watch=true&timeoutSeconds=2&resourceVersion=${resourceVersion}`;
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; line: string }>();
  get(url, { ca, headers, agent: false }, async (response) => {
    const [line = ''] = (await text(response)).split('\n');
    resolve({ status: response.statusCode ?? 0, line });
  }).on('error', reject);
  return await promise;
}

async function start(t: Test, name: string, options: Parameters<typeof startCluster>[0] = {}): Promise<Cluster> {
  const began = performance.now();
  const cluster = await startCluster({ ...options, name });
  t.teardown(() => cluster.stop());
  const seconds = (performance.now() - began) / 1000;
  t.comment(`the cluster ${name} was up after ${seconds.toFixed(1)} s`);
  t.ok(seconds < 60, 'a start takes less than a minute');
  return cluster;
}

t.test('a cluster', async (t) => {
  t.comment(`programs: ${await realPrograms(t)}`);
  const [one, two] = await Promise.all([start(t, 'one'), start(t, 'two', { nodes: 2, uncached: ['configmaps'] })]);

  t.test('two of them side by side share nothing', async (t) => {
    t.not(one.server, two.server);
    await one.kubectl(['create', 'configmap', 'only-in-one']);
    const other = await two.kubectl(['get', 'configmap', 'only-in-one'], { allowFailure: true });
    t.equal(other.code, 1);
    t.match(other.stderr, 'NotFound');
    t.equal((await jsonPath(one, '{.items[*].metadata.name}', 'nodes')).trim(), 'node-1');
    t.equal((await jsonPath(two, '{.items[*].metadata.name}', 'nodes')).trim(), 'node-1 node-2');
  });

  t.test('it says the version of Kubernetes that it is', async (t) => {
    const { stdout } = await one.kubectl(['version', '-o', 'json']);
    t.equal(JSON.parse(stdout).serverVersion.gitVersion, `v${VERSIONS.kubernetes}`);
  });

  t.test('a Deployment becomes Available, rolls, and goes with its pods', async (t) => {
    await apply(one, WORKLOAD('web'));
    await waitAvailable(one, 'web');
    await one.kubectl(['set', 'image', 'deployment/web', 'main=registry.example/app:2']);
    await one.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s']);
    const images = '{.items[?(@.status.phase=="Running")].spec.containers[0].image}';
    t.ok(
      await comesTrue(async () =>
        /^(registry.example\/app:2 ?){2}$/.test(await jsonPath(one, images, 'pods', '-l', 'app=web')),
      ),
    );
    await one.kubectl(['delete', 'deployment', 'web']);
    t.ok(
      await comesTrue(async () => (await jsonPath(one, '{.items[*].metadata.name}', 'pods', '-l', 'app=web')) === ''),
    );
  });

  t.test('a Job completes', async (t) => {
    await one.kubectl(['create', 'job', 'once', '--image=registry.example/app:1']);
    await one.kubectl(['wait', '--for=condition=Complete', 'job/once', '--timeout=60s']);
    t.equal(await jsonPath(one, '{.status.succeeded}', 'job', 'once'), '1');
  });

  t.test('annotations slow pods down, or keep them from getting ready', async (t) => {
    await apply(one, WORKLOAD('slow', { 'test.restamp.dev/ready-after': '3s' }));
    await apply(one, WORKLOAD('never', { 'test.restamp.dev/never-ready': 'true' }));
    const began = performance.now();
    await waitAvailable(one, 'slow');
    t.ok(performance.now() - began > 2000, 'not at once');
    t.equal(await jsonPath(one, '{.items[*].status.phase}', 'pods', '-l', 'app=never'), 'Pending Pending');
    await one.kubectl(['delete', 'deployment', 'slow', 'never']);
  });

  t.test("a ServiceAccount's kubeconfig has its own rights, and waits for the account", async (t) => {
    const waiting = one.serviceAccountKubeconfig('default', 'reader');
    await one.kubectl(['create', 'serviceaccount', 'reader']);
    const kubeconfig = await waiting;
    const who = await one.kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'], { kubeconfig });
    t.equal(who.stdout, 'system:serviceaccount:default:reader');
    const refused = await one.kubectl(['get', 'secrets'], { kubeconfig, allowFailure: true });
    t.match(refused.stderr, 'Forbidden');
    await one.kubectl(['create', 'rolebinding', 'reader', '--clusterrole=admin', '--serviceaccount=default:reader']);
    t.ok(
      await comesTrue(
        async () => (await one.kubectl(['get', 'secrets'], { kubeconfig, allowFailure: true })).code === 0,
      ),
    );
  });

  t.test('a kubectl that fails rejects with the command and what it said', async (t) => {
    await t.rejects(one.kubectl(['get', 'secret', 'nobody']), {
      message: /^kubectl get secret nobody ended with code 1: .*NotFound.*"nobody"/,
    });
  });

  t.test('the audit log tells who asked for what', async (t) => {
    await one.kubectl(['get', 'secrets', '-n', 'kube-system']);
    const entries = await one.auditLog();
    const mine = entries.filter((entry) => entry.namespace === 'kube-system' && entry.user === 'restamp-admin');
    t.match(mine.at(-1), { verb: 'list', resource: 'secrets', subresource: '', code: 200, stage: 'ResponseComplete' });
    t.match(mine.at(-1)?.userAgent, /^kubectl\//);
    t.ok(entries.some(({ verb, stage, user }) => verb === 'watch' && stage === 'ResponseStarted' && user === 'kwok'));
    t.notOk(entries.some(({ stage }) => stage === 'RequestReceived'));
  });

  t.test('compaction makes a watch from before it fail with 410, where the API server does not cache', async (t) => {
    await two.kubectl(['create', 'configmap', 'early']);
    const old = await jsonPath(two, '{.metadata.resourceVersion}', 'configmap', 'early');
    for (const value of ['1', '2', '3'])
      await two.kubectl(['patch', 'configmap', 'early', '-p', `{"data":{"k":"${value}"}}`]);
    const path = '/api/v1/namespaces/default/configmaps';
    t.match((await watchFrom(two, path, old)).line, '"type":"MODIFIED"', 'before');
    await two.compact();
    const { status, line } = await watchFrom(two, path, old);
    t.equal(status === 200 ? JSON.parse(line).object.code : status, 410, line);
  });

  t.test('where it caches, a watch from before fails with 410 once the API server has been restarted', async (t) => {
    await one.kubectl(['create', 'configmap', 'early']);
    const old = await jsonPath(one, '{.metadata.resourceVersion}', 'configmap', 'early');
    for (const value of ['1', '2', '3'])
      await one.kubectl(['patch', 'configmap', 'early', '-p', `{"data":{"k":"${value}"}}`]);
    const path = '/api/v1/namespaces/default/configmaps';
    await one.compact();
    t.match(
      (await watchFrom(one, path, old)).line,
      '"type":"MODIFIED"',
      'the cache still knows what etcd has forgotten',
    );
    await one.restart('kube-apiserver');
    const { status, line } = await watchFrom(one, path, old);
    t.equal(status === 200 ? JSON.parse(line).object.code : status, 410, line);
  });

  t.test('a stopped API server is an outage, and goes on when it is continued', async (t) => {
    await two.signal('kube-apiserver', 'SIGSTOP');
    const { code } = await two.kubectl(['get', 'nodes', '--request-timeout=1s'], { allowFailure: true });
    t.not(code, 0);
    await two.signal('kube-apiserver', 'SIGCONT');
    t.ok(await comesTrue(async () => (await two.kubectl(['get', 'nodes'], { allowFailure: true })).code === 0));
  });

  t.test('a killed component stays down until it is restarted, and etcd keeps its data', async (t) => {
    await one.kubectl(['create', 'configmap', 'kept']);
    await one.signal('etcd', 'SIGKILL');
    t.ok(await comesTrue(async () => !(await runs(one, 'etcd'))));
    await new Promise((resolve) => setTimeout(resolve, 2000));
    t.notOk(await runs(one, 'etcd'), 'nobody starts it');
    await t.rejects(one.signal('etcd', 'SIGTERM'), { message: 'etcd does not run: restart it first' });
    await one.restart('etcd');
    t.ok(
      await comesTrue(async () => (await one.kubectl(['get', 'configmap', 'kept'], { allowFailure: true })).code === 0),
    );
  });

  t.test('a component that ends by itself is started again', async (t) => {
    const before = (await stateOf(one)).components.kwok?.pid ?? 0;
    sendSignal(before, 'SIGKILL');
    t.ok(
      await comesTrue(async () => (await runs(one, 'kwok')) && (await stateOf(one)).components.kwok?.pid !== before),
    );
    const began = performance.now();
    await apply(one, WORKLOAD('revived'));
    await waitAvailable(one, 'revived');
    t.ok(performance.now() - began < 30_000, 'it does not wait for the leases of the kwok before it');
  });

  t.test('every component can be restarted on the same port, and the cluster works afterwards', async (_t) => {
    for (const component of COMPONENTS) await two.restart(component);
    await apply(two, WORKLOAD('after'));
    await waitAvailable(two, 'after');
  });

  t.test('nothing is left of it after a stop, which can be repeated', async (t) => {
    t.ok((await processesWith(one.directory)).length >= 6, 'it is there before');
    await Promise.all([one.stop(), one.stop()]);
    t.strictSame(await processesWith(one.directory), []);
    await t.rejects(access(one.directory));
    await one.stop();
    await two.kubectl(['get', 'nodes']);
  });
});

t.test('a start that fails says why, keeps its files, and leaves no process', async (t) => {
  let message = '';
  try {
    await start(t, 'broken', { featureGates: { NoSuchGate: true } });
  } catch (error) {
    message = (error as Error).message;
  }
  t.match(message, /kube-apiserver ended with code 1 during start-up/);
  t.match(message, 'unrecognized feature gate: NoSuchGate');
  const [, directory = ''] = /kept in (.*)$/.exec(message) ?? [];
  t.match(await readFile(join(directory, 'kube-apiserver.log'), 'utf8'), 'NoSuchGate');
  t.strictSame(await processesWith(directory), []);
  await rm(directory, { recursive: true });
});

t.test('a start that is given up leaves nothing', async (t) => {
  const controller = new AbortController();
  const report = (): void => controller.abort(new Error('enough'));
  await t.rejects(start(t, 'given-up', { report, signal: controller.signal }), { message: 'enough' });
  // The name is in the directory, and the directory is in the command lines.
  t.strictSame(await processesWith('restamp-given-up-'), []);
});

t.test('there is no cluster to connect to under a name that nobody started', async (t) => {
  process.env.RESTAMP_CACHE = await temporaryDirectory(t);
  t.equal(await connectCluster('nobody'), undefined);
  delete process.env.RESTAMP_CACHE;
});
