/** Discovery against a real API server: what it lists, what that costs, and what it says while it starts. */
import t, { type Test } from 'tap';
import { type Clock, systemClock } from '../../kube/clock.ts';
import { discover, KindWatch, type WantedResource } from '../../kube/discovery.ts';
import { startCluster } from '../cluster/cluster.ts';
import { installCrds, removeCrd } from '../cluster/crds.ts';
import { eventually } from '../cluster/deadline.ts';
import { PATIENCE_MS, transportTo, WatchedTransport } from './live.ts';

// A first run builds the programs of the control plane.
t.setTimeout(1_800_000);

const cluster = await startCluster({ name: 'discovery' });
t.teardown(() => cluster.stop());

const ROLLOUTS = { group: 'argoproj.io', version: 'v1alpha1', resource: 'rollouts' };
const CLONE_SETS = { group: 'apps.kruise.io', version: 'v1alpha1', resource: 'clonesets' };
const STATEFUL_SETS = { group: 'apps.kruise.io', version: 'v1beta1', resource: 'statefulsets' };
const CONFIGS = { group: 'apps.openshift.io', version: 'v1', resource: 'deploymentconfigs' };
const CLASSES = { group: 'secrets-store.csi.x-k8s.io', version: 'v1', resource: 'secretproviderclasses' };
const OPTIONAL = [ROLLOUTS, CLONE_SETS, STATEFUL_SETS, CONFIGS, CLASSES];

/** Often enough to see what an API server says for a few milliseconds only. */
const OFTEN_MS = 20;

function transportFor(t: Test, userAgent?: string): WatchedTransport {
  const transport = new WatchedTransport(transportTo(cluster, userAgent));
  t.teardown(() => transport.close());
  return transport;
}

/** Runs a watch until the test ends, and keeps what it tells. It never waits longer than the interval. */
async function run(t: Test, { wanted, intervalMs }: { wanted: readonly WantedResource[]; intervalMs: number }) {
  const transport = transportFor(t);
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => systemClock.sleep(Math.min(ms, intervalMs), signal),
  };
  const told: string[] = [];
  const causes: string[] = [];
  const watch = new KindWatch({
    transport,
    clock,
    wanted,
    intervalMs,
    onServed: ({ kind, group }) => told.push(`+${kind}.${group}`),
    onGone: ({ resource, group }) => told.push(`-${resource}.${group}`),
    report: ({ cause }) => causes.push(cause),
  });
  const controller = new AbortController();
  const running = watch.run(controller.signal);
  t.teardown(async () => {
    controller.abort();
    await running;
  });
  await watch.ready;
  return { transport, told, causes, watch };
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  await eventually(async () => isSo() || undefined, { what, deadlineMs: PATIENCE_MS });
}

t.test('a cluster without optional groups is asked once, and answers with a few kilobytes', async (t) => {
  const transport = transportFor(t, 'discovery-test/1');
  t.same(await discover(transport, OPTIONAL), []);
  t.same(
    transport.requests.map(({ path }) => path),
    ['/apis'],
  );
  const logged = (await cluster.auditLog()).filter(({ userAgent }) => userAgent === 'discovery-test/1');
  t.equal(logged.length, 1, 'by the audit log too');
  const list = JSON.stringify(await transport.request({ method: 'GET', path: '/apis' }));
  t.comment(`/apis has ${list.length} bytes`);
  t.match(list, /"kind":"APIGroupList"/);
  t.ok(list.length < 8_192, `${list.length} bytes`);
});

t.test('what Kubernetes has itself is found like anything else', async (t) => {
  const wanted = [
    { group: '', version: 'v1', resource: 'pods' },
    { group: 'apps', version: 'v1', resource: 'deployments' },
    { group: 'batch', version: 'v1', resource: 'cronjobs' },
    { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' },
  ];
  const served = await discover(transportFor(t), wanted);
  t.match(served, [
    { kind: 'Pod', namespaced: true },
    { kind: 'Deployment', namespaced: true },
    { kind: 'CronJob', namespaced: true },
    { kind: 'CustomResourceDefinition', namespaced: false },
  ]);
  for (const { verbs } of served) t.ok(['list', 'patch', 'watch'].every((verb) => verbs.includes(verb)));
});

t.test('a ServiceAccount without any rights may look', async (t) => {
  await cluster.kubectl(['create', 'serviceaccount', 'nobody']);
  const kubeconfig = await cluster.serviceAccountKubeconfig('default', 'nobody');
  const transport = transportTo({ ...cluster, kubeconfig });
  t.teardown(() => transport.close());
  t.match(await discover(transport, [{ group: 'apps', version: 'v1', resource: 'deployments' }]), [{}]);
});

t.test('kinds are told as they are installed and removed', async (t) => {
  const { told, causes, transport } = await run(t, { wanted: OPTIONAL, intervalMs: OFTEN_MS });
  t.same(told, []);
  await installCrds(cluster, 'rollouts.argoproj.io');
  await until('Rollout', () => told.length > 0);
  t.same(told, ['+Rollout.argoproj.io']);
  await installCrds(cluster, 'clonesets.apps.kruise.io', 'statefulsets.apps.kruise.io');
  await until('the kinds of Kruise', () => told.length > 2);
  t.same(told.slice(1).sort(), ['+CloneSet.apps.kruise.io', '+StatefulSet.apps.kruise.io']);
  await removeCrd(cluster, 'clonesets.apps.kruise.io');
  await until('CloneSet is gone', () => told.length > 3);
  t.same(told.slice(3), ['-clonesets.apps.kruise.io']);
  await removeCrd(cluster, 'rollouts.argoproj.io');
  await until('Rollout is gone', () => told.length > 4);
  t.same(told.slice(4), ['-rollouts.argoproj.io']);
  t.same(causes, []);
  const paths = new Set(transport.requests.map(({ path }) => path));
  t.notOk(paths.has('/apis/apps.openshift.io/v1'), 'what never existed was never asked for');
  await installCrds(cluster, 'rollouts.argoproj.io', 'clonesets.apps.kruise.io');
});

t.test('with optional groups a look is one request for the groups and one for each of their versions', async (t) => {
  const { transport, told, watch } = await run(t, { wanted: OPTIONAL, intervalMs: 60_000 });
  t.equal(told.length, 3);
  const paths = [
    '/apis',
    '/apis/apps.kruise.io/v1alpha1',
    '/apis/apps.kruise.io/v1beta1',
    '/apis/argoproj.io/v1alpha1',
  ];
  const asked = (): readonly string[] => transport.requests.map(({ path }) => path).sort();
  t.same(asked(), paths);
  watch.lookSoon();
  await until('another look', () => transport.requests.length > 4);
  t.same(asked(), [...paths, ...paths].sort());
});

t.test('an API server that restarts makes no kind go', async (t) => {
  const wanted = [...OPTIONAL, { group: 'apps', version: 'v1', resource: 'deployments' }];
  const { told, causes, transport } = await run(t, { wanted, intervalMs: OFTEN_MS });
  const before = [...told];
  t.equal(before.length, 4);
  await cluster.restart('kube-apiserver');
  await installCrds(cluster, 'widgets.example.com');
  const looks = transport.requests.length;
  await until('ten more requests', () => transport.requests.length > looks + 10);
  t.ok(causes.length > 0, 'the outage was noticed');
  t.same(told, before);
});

t.test('an aggregated API that is down is reported, and keeps nothing else from being told', async (t) => {
  const service = {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.apps.openshift.io' },
    spec: {
      group: CONFIGS.group,
      version: CONFIGS.version,
      groupPriorityMinimum: 1000,
      versionPriority: 15,
      insecureSkipTLSVerify: true,
      service: { name: 'nobody', namespace: 'default' },
    },
  };
  const { told, causes } = await run(t, { wanted: OPTIONAL, intervalMs: OFTEN_MS });
  const before = [...told];
  await cluster.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(service) });
  await until('a report', () => causes.length > 0);
  t.match(causes[0], /^GET \/apis\/apps\.openshift\.io\/v1: 503/);
  await t.rejects(discover(transportFor(t), OPTIONAL), { message: /503/ });
  await installCrds(cluster, 'secretproviderclasses.secrets-store.csi.x-k8s.io');
  await until('SecretProviderClass', () => told.length > before.length);
  t.same(told.slice(before.length), ['+SecretProviderClass.secrets-store.csi.x-k8s.io']);
  await cluster.kubectl(['delete', 'apiservice', 'v1.apps.openshift.io']);
});
