/**
 * The reflector while the control plane itself has a bad day: its processes are frozen, killed and restarted, its
 * history is dropped, its credentials are rotated, kinds go and come. After each, what is mirrored is what is there.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import t, { type Test } from 'tap';
import { podAccess } from '../../cli/pod.ts';
import { CONFIG_MAPS, SECRETS } from '../../kube/path.ts';
import { createTransport, type KubeTransport } from '../../kube/transport.ts';
import { startCluster } from '../cluster/cluster.ts';
import { installCrds, removeCrd } from '../cluster/crds.ts';
import { type FaultProxy, startFaultProxy } from '../faults/proxy.ts';
import { Hands, transportTo, WatchedTransport } from './live.ts';
import { hastyClock, startMirror, transportBy, until } from './mirror.ts';

// A first run builds the programs of the control plane.
t.setTimeout(1_800_000);

// Watches of ConfigMaps read etcd, so that its compaction alone makes their places forgotten.
const cluster = await startCluster({ name: 'outages', uncached: ['configmaps'] });
t.teardown(() => cluster.stop());
const truth = transportTo(cluster);
t.teardown(() => truth.close());
const ca = await readFile(`${cluster.directory}/certificates/apiserver.crt`, 'utf8');

/** Beyond one page: the second is asked for with the token of the first. */
const OBJECTS = 510;

const WIDGETS = { group: 'example.com', version: 'v1', resource: 'widgets' };

async function setUp(namespace: string): Promise<Hands> {
  const hands = new Hands(truth, namespace);
  await hands.makeNamespace();
  await hands.secret('changed', { a: '1' });
  await hands.secret('gone', { a: '1' });
  return hands;
}

/** One of each: a change, an object that comes, one that goes. An API server that has just started may need a moment. */
async function changeAll(hands: Hands): Promise<void> {
  const steps = [
    () => hands.change(SECRETS, 'changed', { stringData: { a: crypto.randomUUID() } }),
    () => hands.secret('new', { a: '1' }),
    () => hands.remove(SECRETS, 'gone'),
  ];
  for (const step of steps) await until('a change', () => step().then(() => true));
}

async function proxyFor(t: Test): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ server: cluster.server, ca });
  t.teardown(() => proxy.close());
  return proxy;
}

t.test('an API server that is frozen is noticed by its silence, and met again when it goes on', async (t) => {
  const hands = await setUp('frozen');
  const mirror = await startMirror(t, { resource: SECRETS, namespace: 'frozen' }, transportTo(cluster));
  await cluster.signal('kube-apiserver', 'SIGSTOP');
  t.teardown(() => cluster.signal('kube-apiserver', 'SIGCONT'));
  await mirror.interrupted(/silent for too long/);
  await until('it being told', async () => mirror.health.fault() !== undefined);
  await cluster.signal('kube-apiserver', 'SIGCONT');
  await changeAll(hands);
  await mirror.agrees(truth);
  await until('it being up', async () => mirror.health.fault() === undefined);
  t.strictSame(mirror.lists, ['stream']);
});

t.test('an API server that is killed and restarted is met again', async (t) => {
  const hands = await setUp('killed');
  const mirror = await startMirror(t, { resource: SECRETS, namespace: 'killed' }, transportTo(cluster));
  await cluster.signal('kube-apiserver', 'SIGKILL');
  await mirror.interrupted(/ECONNREFUSED/);
  await until('it being told', async () => mirror.health.fault() !== undefined);
  await cluster.restart('kube-apiserver');
  await changeAll(hands);
  await mirror.agrees(truth);
  await until('it being up', async () => mirror.health.fault() === undefined);
});

t.test('etcd that is restarted is nothing to notice', async (t) => {
  const hands = await setUp('etcd');
  const mirror = await startMirror(t, { resource: SECRETS, namespace: 'etcd' }, transportTo(cluster));
  const configMaps = await startMirror(t, { resource: CONFIG_MAPS, namespace: 'etcd' }, transportTo(cluster));
  await cluster.restart('etcd');
  await changeAll(hands);
  await until('a change', () => hands.configMap('new', { a: '1' }).then(() => true));
  await mirror.agrees(truth);
  await configMaps.agrees(truth);
});

t.test('etcd that is compacted while a watch is down makes a 410, and everything is listed again', async (t) => {
  const hands = await setUp('compacted');
  const proxy = await proxyFor(t);
  const transport = transportBy(await proxy.kubeconfigFor(cluster.kubeconfig));
  const mirror = await startMirror(t, { resource: CONFIG_MAPS, namespace: 'compacted' }, transport);
  proxy.script([{ fault: { type: 'refuse' } }]);
  proxy.cut();
  await mirror.interrupted(/ECONNRESET/);
  await hands.configMap('short-lived', { a: '1' });
  await hands.remove(CONFIG_MAPS, 'short-lived');
  await hands.configMap('new', { a: '1' });
  await cluster.compact();
  proxy.script([]);
  await mirror.interrupted(/410/);
  await mirror.agrees(truth);
  t.equal(mirror.lists.length, 2);
});

t.test('etcd that is compacted between two pages makes the token expire, and the list begins again', async (t) => {
  const hands = await setUp('pages');
  for (let n = 0; n < OBJECTS; n += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, i) => hands.configMap(`c${n + i}`, { a: '1' })));
  }
  const proxy = await proxyFor(t);
  proxy.script([{ match: { query: { sendInitialEvents: true } }, fault: { type: 'answer', status: 422 } }]);
  const transport = new WatchedTransport(transportBy(await proxy.kubeconfigFor(cluster.kubeconfig)));
  let compactions = 0;
  const compacting: KubeTransport = {
    request: async (request) => {
      if (request.query?.continue !== undefined && compactions < 2) {
        compactions += 1;
        // Something newer than the list: what is compacted is what came before it.
        await hands.change(CONFIG_MAPS, 'c0', { data: { a: crypto.randomUUID() } });
        await cluster.compact();
      }
      return transport.request(request);
    },
    stream: (request) => transport.stream(request),
    close: () => transport.close(),
  };
  const mirror = await startMirror(t, { resource: CONFIG_MAPS, namespace: 'pages' }, compacting);
  t.equal(compactions, 2);
  t.equal(mirror.interruptions.filter(({ cause }) => cause.includes('410 Expired')).length, 2);
  await mirror.agrees(truth);
  t.strictSame(mirror.lists, ['pages']);
});

t.test('a kind that is removed and installed again is mirrored anew', async (t) => {
  await installCrds(cluster, 'widgets.example.com');
  const hands = await setUp('widgets');
  const widget = (name: string) => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec: {} });
  await hands.make(WIDGETS, widget('before'));
  const mirror = await startMirror(t, { resource: WIDGETS, namespace: 'widgets' }, transportTo(cluster));
  t.ok(mirror.contents().before);
  await removeCrd(cluster, 'widgets.example.com');
  await mirror.interrupted(/404/);
  await installCrds(cluster, 'widgets.example.com');
  await hands.make(WIDGETS, widget('after'));
  await mirror.agrees(truth);
  t.strictSame(Object.keys(mirror.contents()), ['after']);
});

/** A pod's own account: files as the kubelet mounts them, and a transport that reads them as a pod does. */
async function accountIn(t: Test, namespace: string, proxy: FaultProxy) {
  const hands = await setUp(namespace);
  const root = await mkdtemp(join(tmpdir(), 'restamp-account-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const file = (name: string): string => join(root, 'var/run/secrets/kubernetes.io/serviceaccount', name);
  await mkdir(dirname(file('token')), { recursive: true });
  const kubectl = (...args: string[]) => cluster.kubectl(['-n', namespace, ...args]);
  await kubectl('create', 'serviceaccount', 'reader');
  await kubectl('create', 'role', 'reader', '--verb=get,list,watch', '--resource=secrets');
  await kubectl('create', 'rolebinding', 'reader', '--role=reader', `--serviceaccount=${namespace}:reader`);
  /** A token that is good as long as a Secret of that name is there. */
  const makeToken = async (secret: string): Promise<string> => {
    await hands.secret(secret, {});
    const bound = ['--bound-object-kind=Secret', `--bound-object-name=${secret}`];
    return (await kubectl('create', 'token', 'reader', ...bound)).stdout.trim();
  };
  await writeFile(file('token'), await makeToken('first'));
  await writeFile(file('ca.crt'), proxy.ca);
  const environment = {
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: new URL(proxy.origin).port,
    CONTAINER_SANDBOX_MOUNT_POINT: root,
  };
  const transport = createTransport(podAccess(environment, hastyClock) as KubeConfig, 'restamp-test/1');
  return { hands, file, makeToken, transport };
}

t.test('a token that is rotated on disk, and the old one revoked, is taken up', async (t) => {
  const proxy = await proxyFor(t);
  const { hands, file, makeToken, transport } = await accountIn(t, 'token', proxy);
  const mirror = await startMirror(t, { resource: SECRETS, namespace: 'token' }, transport);
  const next = await makeToken('second');
  await hands.remove(SECRETS, 'first');
  // The API server believes a token for some seconds after it has seen it.
  const path = '/api/v1/namespaces/token/secrets/changed';
  const status = (): Promise<unknown> => transport.request({ method: 'GET', path }).catch((error) => error.status);
  await until('the old token being refused', async () => (await status()) === 401);
  proxy.cut();
  await mirror.interrupted(/401/);
  await changeAll(hands);
  t.notOk(mirror.contents().new, 'without a token nothing is seen');
  await writeFile(file('token'), next);
  await mirror.agrees(truth);
  t.ok(mirror.contents().new);
});

t.test('a CA that is rotated on disk is taken up', async (t) => {
  const proxy = await proxyFor(t);
  const { hands, file, transport } = await accountIn(t, 'authority', proxy);
  const mirror = await startMirror(t, { resource: SECRETS, namespace: 'authority' }, transport);
  const next = await proxy.rotate();
  proxy.cut();
  await mirror.interrupted(/CERT|SIGNATURE|VERIFY/);
  await changeAll(hands);
  await writeFile(file('ca.crt'), next);
  await mirror.agrees(truth);
  t.strictSame(mirror.lists, ['stream']);
});

t.test('a CA that is rotated before the certificate cuts nothing off', async (t) => {
  const proxy = await proxyFor(t);
  const { hands, file, transport } = await accountIn(t, 'both', proxy);
  const mirror = await startMirror(t, { resource: SECRETS, namespace: 'both' }, transport);
  const path = '/api/v1/namespaces/both/secrets/changed';
  const old = proxy.ca;
  // An idle connection, so that a new one is not needed for want of one.
  await transport.request({ method: 'GET', path });
  const before = proxy.stats.connections;
  await writeFile(file('ca.crt'), `${old}${await proxy.rotate()}`);
  await until('a connection with the new certificate', async () => {
    await transport.request({ method: 'GET', path });
    return proxy.stats.connections > before;
  });
  await changeAll(hands);
  await mirror.agrees(truth);
  t.strictSame(mirror.interruptions, []);
});
