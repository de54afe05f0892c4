import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { configMap, container, envFrom, envKey, type Kind, mounted, secret, workload } from './manifest.ts';
import { startWorld } from './world.ts';

const world = await startWorld(t);

/** Every subtest has its namespace, so they run side by side; more at once would only queue for two cores. */
t.jobs = 8;

interface Form {
  readonly title: string;
  readonly source: 'ConfigMap' | 'Secret';
  readonly object: JsonObject;
}

const projected = (source: JsonObject): { pod: JsonObject; container: JsonObject } =>
  mounted({ projected: { sources: [source] } });

const FORMS: readonly Form[] = [
  {
    title: 'env with configMapKeyRef',
    source: 'ConfigMap',
    object: workload({ container: envKey('configMapKeyRef', 'source', 'used') }),
  },
  {
    title: 'env with secretKeyRef',
    source: 'Secret',
    object: workload({ container: envKey('secretKeyRef', 'source', 'used') }),
  },
  {
    title: 'envFrom with configMapRef',
    source: 'ConfigMap',
    object: workload({ container: envFrom('configMapRef', 'source') }),
  },
  {
    title: 'envFrom with secretRef',
    source: 'Secret',
    object: workload({ container: envFrom('secretRef', 'source') }),
  },
  { title: 'a configMap volume', source: 'ConfigMap', object: workload(mounted({ configMap: { name: 'source' } })) },
  { title: 'a secret volume', source: 'Secret', object: workload(mounted({ secret: { secretName: 'source' } })) },
  {
    title: 'a projected configMap',
    source: 'ConfigMap',
    object: workload(projected({ configMap: { name: 'source' } })),
  },
  { title: 'a projected secret', source: 'Secret', object: workload(projected({ secret: { name: 'source' } })) },
  {
    title: 'an item of a configMap volume',
    source: 'ConfigMap',
    object: workload(mounted({ configMap: { name: 'source', items: [{ key: 'used', path: 'a/b' }] } })),
  },
  {
    title: 'a subPath of a secret volume',
    source: 'Secret',
    object: workload(mounted({ secret: { secretName: 'source' } }, { subPath: 'used', mountPath: '/config/used' })),
  },
  {
    title: 'an init container',
    source: 'ConfigMap',
    object: workload({ pod: { initContainers: [container('init', envFrom('configMapRef', 'source'))] } }),
  },
  {
    title: 'a native sidecar',
    source: 'Secret',
    object: workload({
      pod: { initContainers: [container('sidecar', { restartPolicy: 'Always', ...envFrom('secretRef', 'source') })] },
    }),
  },
];

for (const { title, source, object } of FORMS) {
  t.test(`a change of what ${title} refers to rolls the workload once`, { buffered: true }, async (t) => {
    const namespace = await world.namespace();
    await world.create(namespace, sourceObject(source));
    const at = await world.createWorkload(namespace, object);
    const created = await world.annotations(at);
    t.match(created.stamp, /^v1\./, 'stamped when created');
    t.equal(await world.revisions(at), 1, 'one revision when created');

    const rollouts = await world.rolloutsAfter(at, () => change(namespace, source, 'used', 'two'));
    t.equal(rollouts, 1);
    const after = await world.annotations(at);
    t.not(after.stamp, created.stamp);
    t.match(after.history, '"used"', 'the history names the key');
    t.notMatch(JSON.stringify(after), /two/, 'and no value');
  });
}

for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'] satisfies Kind[]) {
  t.test(`a new ${kind} has one revision, and one more after a change`, { buffered: true }, async (t) => {
    const namespace = await world.namespace();
    await world.create(namespace, sourceObject('ConfigMap'));
    const at = await world.createWorkload(namespace, workload({ kind, container: envFrom('configMapRef', 'source') }));
    await world.quiet();
    t.equal(await world.revisions(at), 1);
    t.match((await world.annotations(at)).stamp, /^v1\./);
    t.equal(await world.rolloutsAfter(at, () => change(namespace, 'ConfigMap', 'used', 'two')), 1);
  });
}

t.test('a key that the workload does not use may change without a rollout', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, sourceObject('Secret'));
  const at = await world.createWorkload(namespace, workload({ container: envKey('secretKeyRef', 'source', 'used') }));
  t.equal(await world.rolloutsDespite(at, () => change(namespace, 'Secret', 'unused', 'two')), 0);
});

t.test('a change of labels and annotations alone is no change', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, sourceObject('ConfigMap'));
  const at = await world.createWorkload(namespace, workload({ container: envFrom('configMapRef', 'source') }));
  const relabel = { metadata: { labels: { team: 'a' }, annotations: { note: 'b' } } };
  const source = { kind: 'ConfigMap', namespace, name: 'source' };
  t.equal(await world.rolloutsDespite(at, () => world.api.patch(source, relabel)), 0);
});

for (const kind of ['ConfigMap', 'Secret'] as const) {
  t.test(
    `a change of a ${kind} that nobody refers to costs no rollout and no request`,
    { buffered: true },
    async (t) => {
      const namespace = await world.namespace();
      await world.create(namespace, sourceObject('ConfigMap'), {
        ...sourceObject(kind),
        metadata: { name: 'unreferenced' },
      });
      const at = await world.createWorkload(namespace, workload({ container: envFrom('configMapRef', 'source') }));
      const touch = (): Promise<unknown> =>
        world.api.patch({ kind, namespace, name: 'unreferenced' }, { data: { used: 'dHdv' } });
      t.equal(await world.rolloutsDespite(at, touch), 0);
      const named = (await world.cluster.auditLog()).filter(({ name }) => name === 'unreferenced');
      t.same(
        named.filter(({ userAgent }) => userAgent.startsWith('restamp-w')),
        [],
        'nobody of restamp asked for it',
      );
      t.ok(
        named.some(({ userAgent }) => userAgent === 'restamp-test'),
        'while the audit log did see the change',
      );
    },
  );
}

t.test('changes of a ConfigMap, a Secret and the workload together are one rollout', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, configMap('config', { a: '1' }), secret('secret', { b: '1' }));
  const both = { envFrom: [{ configMapRef: { name: 'config' } }, { secretRef: { name: 'secret' } }] };
  const at = await world.createWorkload(namespace, workload({ container: both }));
  const rollouts = await world.rolloutsAfter(at, async () => {
    await world.api.patch({ kind: 'ConfigMap', namespace, name: 'config' }, { data: { a: '2' } });
    await pause();
    await world.api.patch({ kind: 'Secret', namespace, name: 'secret' }, { stringData: { b: '2' } });
    await pause();
    const image = [{ name: 'app', image: 'registry.example/app:2', ...both }];
    await world.api.patch(at, { spec: { template: { spec: { containers: image } } } });
  });
  t.equal(rollouts, 1);
});

t.test('five changes in a second are one rollout', { buffered: true }, async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, sourceObject('ConfigMap'));
  const at = await world.createWorkload(namespace, workload({ container: envFrom('configMapRef', 'source') }));
  const rollouts = await world.rolloutsAfter(at, async () => {
    for (const value of ['2', '3', '4', '5', '6']) {
      await change(namespace, 'ConfigMap', 'used', value);
      await pause();
    }
  });
  t.equal(rollouts, 1);
});

/** Time enough for a watcher that does not wait to act, and less than the settle time of 1 s. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 200));
}

function sourceObject(kind: 'ConfigMap' | 'Secret'): JsonObject {
  const data = { used: 'one', unused: 'one' };
  return kind === 'ConfigMap' ? configMap('source', data) : secret('source', data);
}

async function change(namespace: string, kind: 'ConfigMap' | 'Secret', key: string, value: string): Promise<void> {
  const field = kind === 'ConfigMap' ? 'data' : 'stringData';
  await world.api.patch({ kind, namespace, name: 'source' }, { [field]: { [key]: value } });
}
