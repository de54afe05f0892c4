import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { INJECT } from '../../core/names.ts';
import { startCluster } from '../cluster/cluster.ts';
import { install } from '../install/installation.ts';
import { configMap, envFrom, workload } from './manifest.ts';
import { type WorkloadAt, World } from './world.ts';

/** `--namespaces`: a watcher that has Roles in two namespaces and no ClusterRole at all. */
const SCOPE = ['live-1', 'live-2'];
const ROLE = 'restamp-watcher-scoped';

const cluster = await startCluster({ name: 'scoped' });
t.teardown(() => cluster.stop());
const restamp = await install(cluster, {
  without: ['webhook', 'watcher'],
  watcherArgs: [`--namespaces=${SCOPE.join()}`],
});
t.teardown(() => restamp.stop());
const world = new World(cluster, restamp);
t.teardown(() => world.api.close());

const namespaces: string[] = [];
for (const labels of [{ [INJECT]: 'enabled' }, {}, { [INJECT]: 'enabled' }])
  namespaces.push(await world.namespace(labels));
const [labelled = '', plain = '', outside = ''] = namespaces;

await cluster.kubectl(['delete', 'clusterrolebinding', 'restamp-watcher']);
for (const namespace of SCOPE) {
  await cluster.kubectl(['apply', '-f', '-'], {
    stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: roles(namespace) }),
  });
}

/** What the ClusterRole allows, in one namespace; and that namespace itself by its name. */
function roles(namespace: string): readonly JsonObject[] {
  const metadata = { name: ROLE, namespace };
  const seen = ['get', 'list', 'watch'];
  const rules = [
    { apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: seen },
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
    { apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets'], verbs: [...seen, 'patch'] },
    { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: [...seen, 'patch'] },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
  ];
  const subjects = [{ kind: 'ServiceAccount', name: 'restamp-watcher', namespace: 'restamp' }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: ROLE };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return [
    { apiVersion, kind: 'Role', metadata, rules },
    { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects },
  ];
}

async function stage(namespace: string, annotations: Readonly<Record<string, string>> = {}): Promise<WorkloadAt> {
  const object = workload({ annotations, container: envFrom('configMapRef', 'source'), replicas: 0 });
  await world.create(namespace, configMap('source', { used: 'one' }), object);
  return { kind: 'Deployment', namespace, name: 'app' };
}

const inLabelled = await stage(labelled);
const byAnnotation = await stage(plain, { [INJECT]: 'enabled' });
const elsewhere = await stage(outside);
await restamp.watcher.start();

t.test('the watcher gets ready and serves both namespaces', async (t) => {
  for (const at of [inLabelled, byAnnotation]) {
    await world.eventually('a record', async () => (await world.annotations(at)).record !== undefined);
    t.equal(await world.rolloutsAfter(at, () => world.touch(at.namespace, 'source', 'used')), 1, at.namespace);
  }
});

t.test('a namespace outside is not touched, labelled as it is', async (t) => {
  const before = await world.revisions(elsewhere);
  await world.touch(outside, 'source', 'used');
  await world.rolloutsAfter(inLabelled, () => world.touch(labelled, 'source', 'used'));
  t.equal(await world.revisions(elsewhere), before);
  t.equal((await world.annotations(elsewhere)).record, undefined);
});

t.test('nothing was asked for that the Roles do not allow', async (t) => {
  const asked = (await cluster.auditLog()).filter(({ userAgent }) => userAgent.startsWith('restamp-watcher'));
  t.ok(asked.length > 0);
  t.strictSame(
    asked.filter(({ code }) => code === 403).map(({ verb, resource, namespace }) => [verb, resource, namespace]),
    [],
  );
});
