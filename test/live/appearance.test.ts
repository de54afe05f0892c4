import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { INJECT } from '../../core/names.ts';
import { RestampProcess } from '../install/process.ts';
import { configMap, envFrom, secret, workload } from './manifest.ts';
import { startWorld, type WorkloadAt, type World } from './world.ts';

/**
 * What is missing and what returns (DESIGN §8): required or optional, a whole object or one key, never seen, deleted or
 * emptied, back with the same or other content; as it is usually, and with Reloader's reload-on-create and -on-delete.
 */
const ON = { flags: 'on' };
const world: World = await startWorld(t, { watcherArgs: ['--namespace-selector=!flags'] });
const kubeconfig = await world.cluster.serviceAccountKubeconfig('restamp', 'restamp-watcher');
const asked = new RestampProcess({
  command: 'watcher',
  args: [
    ...[`--kubeconfig=${kubeconfig}`, '--bind-address=127.0.0.1', '--ops-port=0', '--namespace-selector=flags=on'],
    ...['--reload-on-create', '--reload-on-delete'],
  ],
});
await asked.start();
t.teardown(() => asked.stop());
t.jobs = 8;

type Need = 'required' | 'optional';
type Part = 'object' | 'key';
type Loss = 'deleted' | 'emptied';

const FULL = { used: 'one', other: 'same' };

function needing(need: Need, part: Part): JsonObject {
  const optional = need === 'optional' ? { optional: true } : {};
  const ref = { name: 'source', ...optional };
  const container =
    part === 'object'
      ? { envFrom: [{ secretRef: ref }] }
      : { env: [{ name: 'VALUE', valueFrom: { secretKeyRef: { ...ref, key: 'used' } } }] };
  return workload({ annotations: { [INJECT]: 'enabled' }, container, replicas: 0 });
}

/** A namespace with a witness, whose rollout shows that the watcher has dealt with what came before it. */
async function stage(
  flags: boolean,
  ...objects: readonly JsonObject[]
): Promise<{ namespace: string; witness: WorkloadAt }> {
  const namespace = await world.namespace(flags ? ON : {});
  await world.create(namespace, configMap('witness', { touched: 'never' }), ...objects);
  const annotations = { [INJECT]: 'enabled' };
  const container = envFrom('configMapRef', 'witness');
  const object = workload({ name: 'witness', annotations, container, replicas: 0 });
  return { namespace, witness: await world.createWorkload(namespace, object) };
}

/** How many rollouts come of an act. */
async function rollouts(at: WorkloadAt, witness: WorkloadAt, act: () => Promise<unknown>): Promise<number> {
  const before = await world.revisions(at);
  await act();
  await world.rolloutsAfter(witness, () => world.touch(at.namespace, 'witness'));
  return (await world.revisions(at)) - before;
}

const SOURCE = { kind: 'Secret', name: 'source' };

function lose(namespace: string, part: Part, loss: Loss): Promise<unknown> {
  if (loss === 'deleted') return world.api.remove({ ...SOURCE, namespace });
  const data = part === 'object' ? { used: null, other: null } : { used: null };
  return world.api.patch({ ...SOURCE, namespace }, { data });
}

function giveBack(namespace: string, loss: Loss, used: string): Promise<unknown> {
  if (loss === 'deleted') return world.create(namespace, secret('source', { ...FULL, used }));
  return world.api.patch({ ...SOURCE, namespace }, { stringData: { ...FULL, used } });
}

interface Row {
  readonly flags: boolean;
  readonly need: Need;
  readonly part: Part;
}

/** Emptied, a whole object is there and says something else; a key is gone as with its object. */
const isGone = (part: Part, loss: Loss): boolean => loss === 'deleted' || part === 'key';

/** What goes rolls where its absence is a configuration, or where somebody asked for it. */
const rollsWhenLost = ({ flags, need, part }: Row, loss: Loss): boolean =>
  flags || need === 'optional' || !isGone(part, loss);

/** What returns rolls unless the pods still have it: they never rolled without it, and it is the same. */
const rollsWhenBack = (row: Row, loss: Loss, used: string): boolean => rollsWhenLost(row, loss) || used !== FULL.used;

const ROWS: readonly Row[] = [false, true].flatMap((flags) =>
  (['required', 'optional'] as const).flatMap((need) =>
    (['object', 'key'] as const).map((part) => ({ flags, need, part })),
  ),
);

for (const row of ROWS) {
  const { flags, need, part } = row;
  const title = `${need} ${part}${flags ? ', with reload-on-create and reload-on-delete' : ''}`;

  t.test(`${title}: never seen, then there`, { buffered: true }, async (t) => {
    const there = part === 'key' ? [secret('source', { other: 'same' })] : [];
    const { namespace, witness } = await stage(flags, ...there);
    const at = await world.createWorkload(namespace, needing(need, part));
    const come = (): Promise<unknown> => giveBack(namespace, part === 'key' ? 'emptied' : 'deleted', 'one');
    t.equal(await rollouts(at, witness, come), flags || need === 'optional' ? 1 : 0);
    const change = (): Promise<unknown> => world.api.patch({ ...SOURCE, namespace }, { stringData: { used: 'two' } });
    t.equal(await rollouts(at, witness, change), 1, 'from then on a change rolls');
  });

  for (const loss of ['deleted', 'emptied'] as const) {
    for (const used of ['one', 'two']) {
      const content = used === 'one' ? 'the same' : 'other';
      t.test(`${title}: ${loss}, then back with ${content} content`, { buffered: true }, async (t) => {
        const { namespace, witness } = await stage(flags, secret('source', FULL));
        const at = await world.createWorkload(namespace, needing(need, part));
        const lost = await rollouts(at, witness, () => lose(namespace, part, loss));
        t.equal(lost, rollsWhenLost(row, loss) ? 1 : 0, 'when it goes');
        const back = await rollouts(at, witness, () => giveBack(namespace, loss, used));
        t.equal(back, rollsWhenBack(row, loss, used) ? 1 : 0, 'when it is back');
      });
    }
  }
}
