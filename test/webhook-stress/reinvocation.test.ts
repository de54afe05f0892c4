/** Other mutating webhooks before and after restamp's, on a real control plane: one stamp, one rollout. */
import t from 'tap';
import { asObject, type JsonObject } from '../../core/json.ts';
import { configMap, envFrom, workload } from '../live/manifest.ts';
import { startWorld, type WorkloadAt } from '../live/world.ts';
import { SIDECAR, SIDECAR_CONFIG, startSidecars } from './sidecar.ts';

const sidecars = await startSidecars();
t.teardown(() => sidecars.stop());
const world = await startWorld(t);
// The API server calls webhooks in the order of the names of their configurations.
await apply(sidecars.configuration('before-restamp', 'before'));
await apply(sidecars.configuration('webhook-after-restamp', 'after'));

async function apply(object: JsonObject): Promise<void> {
  await world.cluster.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(object) });
}

/** The label says who puts the sidecar in; with `none` it is in the manifest. */
const ORDERS = ['none', 'before', 'after'] as const;
type Order = (typeof ORDERS)[number];

function manifest(order: Order): JsonObject {
  const plain = workload({ name: order, labels: { sidecar: order }, container: envFrom('configMapRef', 'app') });
  if (order !== 'none') return plain;
  const spec = asObject(plain.spec);
  const template = asObject(spec.template);
  const pod = asObject(template.spec);
  const containers = [...(pod.containers as readonly unknown[]), SIDECAR];
  return { ...plain, spec: { ...spec, template: { ...template, spec: { ...pod, containers } } } };
}

const namespace = await world.namespace();
await world.create(namespace, configMap('app', { a: '1' }), configMap(SIDECAR_CONFIG, { level: 'info' }));
const [none, before, after] = (await Promise.all(
  ORDERS.map((order) => world.createWorkload(namespace, manifest(order))),
)) as [WorkloadAt, WorkloadAt, WorkloadAt];
const ALL = [none, before, after];

const stamps = (): Promise<readonly (string | undefined)[]> =>
  Promise.all(ALL.map(async (at) => (await world.annotations(at)).stamp));
const revisions = (): Promise<readonly number[]> => Promise.all(ALL.map((at) => world.revisions(at)));

/** How often `/mutate` was asked about a workload. */
function asked({ name }: WorkloadAt): number {
  return world.restamp.webhook.lines.filter(
    (line) => line.message === 'admitted' && line.name === name && line.outcome === 'stamp',
  ).length;
}

async function stampedAlike(t: { equal(a: unknown, b: unknown, message: string): unknown }): Promise<void> {
  const [first, ...others] = await stamps();
  t.equal(typeof first, 'string', 'there is a stamp');
  for (const stamp of others) t.equal(stamp, first, 'the stamp of the sidecar in the manifest');
}

t.test(
  'a sidecar that another webhook adds, before or after, is part of the stamp, and creation is one rollout',
  async (t) => {
    await stampedAlike(t);
    await world.quiet();
    t.strictSame(await revisions(), [1, 1, 1]);
    t.strictSame([asked(none), asked(before), asked(after)], [1, 1, 2], 'the one after had restamp asked again');
  },
);

t.test('a change of the sidecar’s ConfigMap rolls each of them once', async (t) => {
  const had = await revisions();
  await world.touch(namespace, SIDECAR_CONFIG);
  await world.eventually('a rollout of each', async () =>
    (await revisions()).every((count, index) => count > (had[index] ?? 0)),
  );
  await world.quiet();
  t.strictSame(
    await revisions(),
    had.map((count) => count + 1),
  );
  await stampedAlike(t);
});

t.test('a template that changes together with the ConfigMap rolls once', async (t) => {
  const had = await revisions();
  await world.touch(namespace, SIDECAR_CONFIG);
  const template = { metadata: { annotations: { version: '2' } } };
  await Promise.all(ALL.map((at) => world.api.patch(at, { spec: { template } })));
  await world.quiet();
  const counts = (await revisions()).map((count, index) => count - (had[index] ?? 0));
  t.strictSame(counts, [1, 1, 1]);
  await stampedAlike(t);
});

t.test('a full replace by the manifest, which knows of no sidecar and no stamp, rolls nothing', async (t) => {
  const had = await stamps();
  const counts = await revisions();
  for (const order of ['before', 'after'] as const) {
    // What is in the cluster otherwise differs from the manifest by the annotation of the test before.
    const object = manifest(order);
    const spec = asObject(object.spec);
    const annotated = { ...asObject(asObject(spec.template).metadata), annotations: { version: '2' } };
    const whole = { ...object, spec: { ...spec, template: { ...asObject(spec.template), metadata: annotated } } };
    const at = order === 'before' ? before : after;
    t.equal(
      await world.rolloutsDespite(at, () =>
        world.cluster.kubectl(['-n', namespace, 'replace', '-f', '-'], { stdin: JSON.stringify(whole) }),
      ),
      0,
      order,
    );
  }
  t.strictSame(await stamps(), had);
  t.strictSame(await revisions(), counts);
});
