import { readdir } from 'node:fs/promises';
import t from 'tap';
import { asList, asObject, type JsonObject, member } from '../../../core/json.ts';
import { Api, kindOf, type ObjectAt } from '../../live/api.ts';
import {
  cloneSet,
  cronJob,
  deploymentConfig,
  job,
  kruiseDaemonSet,
  kruiseStatefulSet,
  pod,
  rollout,
  secretProviderClass,
  secretProviderClassPodStatus,
  serviceAccount,
  widget,
  workload,
} from '../../live/manifest.ts';
import { startCluster } from '../cluster.ts';
import { CRD_NAMES, installCrds, removeCrd } from '../crds.ts';
import { comesTrue } from './support.ts';

// A first run builds the programs of the control plane.
t.setTimeout(1_800_000);

const cluster = await startCluster({ name: 'crds' });
t.teardown(() => cluster.stop());
const api = new Api(cluster.kubeconfig);
t.teardown(() => api.close());
const namespace = 'default';

const at = (object: JsonObject): ObjectAt => ({
  kind: kindOf(object),
  namespace,
  name: String(asObject(object.metadata).name),
});

/** The value at a path of members. */
function dig(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce(member, value);
}

const templateAnnotations = { 'example.com/note': 'kept' };
const TEMPLATE = ['spec', 'template'];

t.test('each file in crds/ is a definition by that name', async (t) => {
  const files = await readdir(new URL('../crds/', import.meta.url));
  t.same(files.sort(), CRD_NAMES.map((name) => `${name}.yaml`).sort());
});

t.test('a definition can be used as soon as it is installed, and installed again', async (t) => {
  await installCrds(cluster, 'widgets.example.com');
  await api.create(namespace, widget({ name: 'first' }));
  await installCrds(cluster, ...CRD_NAMES);
  t.match(await api.get(at(widget({ name: 'first' }))), { apiVersion: 'example.com/v1', kind: 'Widget' });
  t.same(await api.list('Widget', 'kube-system'), []);
});

// The ServiceAccount that pods need comes a moment after the namespace.
const account = { kind: 'ServiceAccount', namespace, name: 'default' };
await comesTrue(() =>
  api.get(account).then(
    () => true,
    () => false,
  ),
);

for (const { title, object, template = TEMPLATE } of [
  { title: 'a Deployment', object: workload({ templateAnnotations, replicas: 0 }) },
  { title: 'a StatefulSet', object: workload({ kind: 'StatefulSet', templateAnnotations, replicas: 0 }) },
  { title: 'a DaemonSet', object: workload({ kind: 'DaemonSet', templateAnnotations, replicas: 0 }) },
  {
    title: 'a CronJob',
    object: cronJob({ templateAnnotations, suspend: true }),
    template: ['spec', 'jobTemplate', 'spec', 'template'],
  },
  { title: 'a Job', object: job({ templateAnnotations, suspend: true }) },
  { title: 'a Rollout', object: rollout({ templateAnnotations, restartAt: '2030-01-01T00:00:00Z' }) },
  { title: 'a CloneSet', object: cloneSet({ templateAnnotations }) },
  { title: 'a StatefulSet of Kruise', object: kruiseStatefulSet({ templateAnnotations }) },
  { title: 'a DaemonSet of Kruise', object: kruiseDaemonSet({ templateAnnotations }) },
  { title: 'a DeploymentConfig', object: deploymentConfig({ templateAnnotations }) },
  { title: 'a Widget', object: widget({ templateAnnotations }), template: ['spec', 'pods', 'template'] },
]) {
  t.test(`${title} is taken as test/live/manifest.ts writes it, and keeps its template`, async (t) => {
    await api.create(namespace, object);
    const kept = await api.get(at(object));
    t.match(kept, { apiVersion: object.apiVersion, kind: object.kind });
    t.same(dig(kept, ...template, 'metadata', 'annotations'), templateAnnotations);
    t.match(dig(kept, ...template, 'spec'), dig(object, ...template, 'spec'));
    const restart = { metadata: { annotations: { 'example.com/note': 'changed' } } };
    const patch = template.reduceRight<JsonObject>((inner, key) => ({ [key]: inner }), restart);
    if (title !== 'a Job') {
      const changed = await api.patch(at(object), patch);
      t.same(dig(changed, ...template, 'metadata', 'annotations'), { 'example.com/note': 'changed' });
    }
    await api.remove(at(object));
  });
}

t.test('no pod comes of replicas 0, of whatever kind', async (t) => {
  const objects = (['Deployment', 'StatefulSet', 'DaemonSet', 'Job'] as const).map((kind) =>
    workload({ kind, name: 'none', replicas: 0 }),
  );
  for (const object of [...objects, workload({ name: 'witness' })]) await api.create(namespace, object);
  const names = async (): Promise<readonly string[]> =>
    (await api.list('Pod', namespace)).map(({ metadata }) => String(asObject(metadata).name));
  t.ok(await comesTrue(async () => (await names()).some((name) => name.startsWith('witness-'))));
  t.same(
    (await names()).filter((name) => name.startsWith('none')),
    [],
  );
});

t.test('a Rollout can name a Deployment instead of a template', async (t) => {
  await api.create(namespace, rollout({ name: 'borrower', workloadRef: 'app' }));
  const { spec } = await api.get({ kind: 'Rollout', namespace, name: 'borrower' });
  t.match(spec, { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' } });
  t.equal(member(spec, 'template'), undefined);
  t.equal(member(spec, 'selector'), undefined);
});

t.test('two StatefulSets of one name in two groups are two objects', async (t) => {
  await api.create(namespace, workload({ kind: 'StatefulSet', name: 'twin', replicas: 0 }));
  await api.create(namespace, kruiseStatefulSet({ name: 'twin', replicas: 7 }));
  const own = await api.get({ kind: 'StatefulSet', namespace, name: 'twin' });
  const other = await api.get({ kind: 'StatefulSet.apps.kruise.io', namespace, name: 'twin' });
  t.equal(dig(own, 'spec', 'replicas'), 0);
  t.equal(dig(other, 'spec', 'replicas'), 7);
});

t.test('a StatefulSet of Kruise that was written as v1alpha1 is read as v1beta1', async (t) => {
  const object = kruiseStatefulSet({ name: 'old', templateAnnotations });
  const created = await api.create(namespace, { ...object, apiVersion: 'apps.kruise.io/v1alpha1' });
  t.equal(created.apiVersion, 'apps.kruise.io/v1alpha1');
  const read = await api.get(at(object));
  t.equal(read.apiVersion, 'apps.kruise.io/v1beta1');
  t.same(dig(read, ...TEMPLATE, 'metadata', 'annotations'), templateAnnotations);
});

t.test(
  'the status of a SecretProviderClassPodStatus is written with the object, and counts as a generation',
  async (t) => {
    await api.create(namespace, secretProviderClass('class', { objects: 'a' }));
    const status = { secretProviderClass: 'class', podName: 'app-1', namespace, objects: { a: '1', b: '1' } };
    const object = secretProviderClassPodStatus(status);
    await api.create(namespace, object);
    const read = await api.get(at(object));
    t.match(read, { metadata: { name: 'app-1-default-class', generation: 1 }, status: object.status });
    const rotated = secretProviderClassPodStatus({ ...status, objects: { a: '2', b: '1' } });
    const after = await api.patch(at(object), { status: rotated.status });
    t.match(after, { metadata: { generation: 2 } });
    t.same(asList(dig(after, 'status', 'objects')), [
      { id: 'a', version: '2' },
      { id: 'b', version: '1' },
    ]);
  },
);

t.test('the status of a Rollout is a subresource: writing the object does not write it', async (t) => {
  const object = rollout({ name: 'stated' });
  await api.create(namespace, { ...object, status: { phase: 'Healthy' } });
  t.equal((await api.get(at(object))).status, undefined);
});

t.test('a pod and a ServiceAccount are taken as test/live/manifest.ts writes them', async (t) => {
  await api.create(namespace, serviceAccount('robot', { imagePullSecrets: [{ name: 'registry' }] }));
  await api.create(namespace, pod({ name: 'solo', pod: { serviceAccountName: 'robot' } }));
  t.match(await api.get({ kind: 'Pod', namespace, name: 'solo' }), { spec: { serviceAccountName: 'robot' } });
});

t.test('a kind of an unknown group is refused, whatever its name', async (t) => {
  await t.rejects(api.create(namespace, { ...workload(), apiVersion: 'example.com/v1' }), /Deployment is not among/);
});

t.test('a definition that is removed takes its objects along and leaves the rest of its group', async (t) => {
  await api.create(namespace, cloneSet({ name: 'gone' }));
  await removeCrd(cluster, 'clonesets.apps.kruise.io');
  await t.rejects(api.list('CloneSet', namespace), /: 404/);
  t.same(await api.list('DaemonSet.apps.kruise.io', namespace), []);
  await installCrds(cluster, 'clonesets.apps.kruise.io');
  t.same(await api.list('CloneSet', namespace), []);
  await removeCrd(cluster, 'widgets.example.com');
  const groups = JSON.parse((await cluster.kubectl(['get', '--raw', '/apis'])).stdout);
  t.notMatch(JSON.stringify(groups), 'example.com');
});
