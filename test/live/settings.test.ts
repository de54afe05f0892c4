import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { EXCLUDE, IGNORE, INCLUDE, INJECT, MIN_INTERVAL, SETTLE } from '../../core/names.ts';
import { configMap, envFrom, secret, workload } from './manifest.ts';
import { startWorld, type WorkloadAt, type World } from './world.ts';

/** restamp's own annotations on workloads, sources and namespaces, on a real control plane. */
const world: World = await startWorld(t, { watcherArgs: ['--image-pull-secrets', '--volume-secrets'] });
t.jobs = 8;

const app = (annotations: Readonly<Record<string, string>> = {}, more: JsonObject = {}): JsonObject =>
  workload({
    ...{ annotations: { [INJECT]: 'enabled', ...annotations }, container: envFrom('configMapRef', 'source') },
    ...more,
  });

/** A namespace without a label: the annotations are what counts. */
async function stage(object: JsonObject, annotations: Readonly<Record<string, string>> = {}): Promise<WorkloadAt> {
  const namespace = await world.namespace({}, annotations);
  await world.create(namespace, configMap('source', { used: 'one', other: 'one' }), secret('extra', { a: '1' }));
  return world.createWorkload(namespace, object);
}

const change = (at: WorkloadAt, key = 'used'): Promise<void> => world.touch(at.namespace, 'source', key);
const changeExtra = ({ namespace }: WorkloadAt): Promise<unknown> =>
  world.api.patch({ kind: 'Secret', namespace, name: 'extra' }, { stringData: { a: crypto.randomUUID() } });

t.test('what is included rolls, though no pod refers to it', { buffered: true }, async (t) => {
  const at = await stage(app({ [INCLUDE]: 'secret/ext*' }));
  t.equal(await world.rolloutsAfter(at, () => changeExtra(at)), 1);
});

t.test('what is not included does not roll', { buffered: true }, async (t) => {
  const at = await stage(app());
  t.equal(await world.rolloutsDespite(at, () => changeExtra(at)), 0);
});

t.test('a key that is excluded does not roll, another of the same object does', { buffered: true }, async (t) => {
  const at = await stage(app({ [EXCLUDE]: 'configmap/source#other' }));
  t.equal(await world.rolloutsDespite(at, () => change(at, 'other')), 0);
  t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
});

t.test('to exclude something rolls nothing by itself', { buffered: true }, async (t) => {
  const at = await stage(app());
  const exclude = { metadata: { annotations: { [EXCLUDE]: 'configmap/source' } } };
  t.equal(await world.rolloutsDespite(at, () => world.api.patch(at, exclude)), 0);
});

t.test(
  'nobody rolls for a source that is to be ignored, and its return rolls nothing',
  { buffered: true },
  async (t) => {
    const at = await stage(app());
    const ignored = (value: string | null): Promise<unknown> => {
      const source = { kind: 'ConfigMap', namespace: at.namespace, name: 'source' };
      return world.api.patch(source, { metadata: { annotations: { [IGNORE]: value } } });
    };
    const whileIgnored = async (): Promise<void> => {
      await ignored('true');
      await change(at);
      await ignored(null);
    };
    t.equal(await world.rolloutsDespite(at, whileIgnored), 1, 'within the settle time it is a change like any other');
    const slowly = async (): Promise<void> => {
      await ignored('true');
      await world.quiet();
      await change(at);
      await world.quiet();
      await ignored(null);
      await world.quiet();
    };
    const before = await world.revisions(at);
    await slowly();
    t.equal((await world.revisions(at)) - before, 0);
    t.equal(await world.rolloutsAfter(at, () => change(at)), 1, 'from then on a change rolls');
  },
);

for (const where of ['workload', 'namespace'] as const) {
  t.test(
    `within the least interval of its ${where}, two changes roll twice, the second later`,
    { buffered: true },
    async (t) => {
      const interval = { [MIN_INTERVAL]: '10s' };
      const at = where === 'workload' ? await stage(app(interval)) : await stage(app(), interval);
      t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
      const before = await world.revisions(at);
      const changedAt = performance.now();
      await change(at);
      await world.quiet();
      t.equal(await world.revisions(at), before, 'it is held');
      await change(at);
      await world.eventually('the second rollout', async () => (await world.revisions(at)) > before);
      t.ok(performance.now() - changedAt > 2_500, 'later');
      await world.quiet();
      t.equal((await world.revisions(at)) - before, 1, 'once, in the state of then');
    },
  );
}

t.test('a longer settle time waits for changes that are further apart', { buffered: true }, async (t) => {
  const at = await stage(app({ [SETTLE]: '4s' }));
  const twice = async (): Promise<void> => {
    await change(at);
    await world.quiet();
    await change(at);
  };
  t.equal(await world.rolloutsAfter(at, twice), 1);
});

t.test(
  'image pull secrets and Secrets of other volumes count where the installation asks for them',
  { buffered: true },
  async (t) => {
    const volumes = [{ name: 'v', csi: { driver: 'example.com', nodePublishSecretRef: { name: 'extra' } } }];
    for (const pod of [{ imagePullSecrets: [{ name: 'extra' }] }, { volumes }]) {
      const at = await stage(app({}, { pod, replicas: 0 }));
      t.equal(await world.rolloutsAfter(at, () => changeExtra(at)), 1, Object.keys(pod).join());
    }
  },
);
