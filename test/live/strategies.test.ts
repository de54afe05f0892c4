import t from 'tap';
import { asList, asObject, asText, type JsonObject, parseJson } from '../../core/json.ts';
import { INJECT, LAST_RELOADED_FROM, STRATEGY } from '../../core/names.ts';
import { configMap, container, envFrom, type Kind, secret, type WorkloadOptions, workload } from './manifest.ts';
import { startWorld, type WorkloadAt, type World } from './world.ts';

/**
 * What Reloader's strategies write beside the stamp: with the rollout that a change triggers, never at admission, and
 * never twice for one change.
 */
const world: World = await startWorld(t, { watcherArgs: ['--reload-strategy=annotations'] });
t.jobs = 8;

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'] as const satisfies readonly Kind[];
const WAYS = [
  { way: 'in a labelled namespace', labels: { [INJECT]: 'enabled' }, annotations: {} },
  { way: 'by annotation alone', labels: {}, annotations: { [INJECT]: 'enabled' } },
] as const;

const VARIABLE = 'STAKATER_APP_CONFIG_V1_CONFIGMAP';

/** Two containers: the second uses the ConfigMap, the first does not. */
function using(kind: Kind, options: WorkloadOptions = {}): JsonObject {
  const containers = [
    container('first', { env: [{ name: 'PLAIN', value: 'kept' }] }),
    container('second', envFrom('configMapRef', 'app-config.v1')),
  ];
  return workload({ kind, pod: { containers }, ...options });
}

async function created(namespace: string, object: JsonObject): Promise<WorkloadAt> {
  await world.create(namespace, configMap('app-config.v1', { used: 'one' }));
  return world.createWorkload(namespace, object);
}

const change = (at: WorkloadAt): Promise<void> => world.touch(at.namespace, 'app-config.v1', 'used');

interface Written {
  readonly lastReloadedFrom: string | undefined;
  /** By container, the variables by name. */
  readonly env: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
}

async function written(at: WorkloadAt): Promise<Written> {
  const { metadata, spec } = asObject(world.template(at, await world.api.get(at)));
  const containers = asList(asObject(spec).containers).map(asObject);
  const variables = (env: unknown): [string, string | undefined][] =>
    asList(env).map((item) => [String(asObject(item).name), asText(asObject(item).value)]);
  return {
    lastReloadedFrom: asText(asObject(asObject(metadata).annotations)[LAST_RELOADED_FROM]),
    env: Object.fromEntries(containers.map(({ name, env }) => [String(name), Object.fromEntries(variables(env))])),
  };
}

async function historyLength(at: WorkloadAt): Promise<number> {
  return asList(parseJson((await world.annotations(at)).history ?? '[]')).length;
}

const FINGERPRINT = /^[A-Za-z0-9_-]{22}$/;

for (const { way, labels, annotations } of WAYS) {
  for (const kind of KINDS) {
    t.test(`strategy annotations, a ${kind} ${way}`, { buffered: true }, async (t) => {
      const namespace = await world.namespace(labels);
      const at = await created(namespace, using(kind, { annotations }));
      await world.quiet();
      t.equal((await written(at)).lastReloadedFrom, undefined, 'nothing at admission');
      t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
      const first = parseJson((await written(at)).lastReloadedFrom ?? '');
      t.match(first, {
        ...{ type: 'CONFIGMAP', name: 'app-config.v1', namespace, hash: FINGERPRINT, containerRefs: ['second'] },
        observedAt: Number,
      });
      const { observedAt } = asObject(first);
      t.ok(Math.abs(Number(observedAt) - Date.now() / 1_000) < 120 && Number.isInteger(observedAt), 'whole seconds');
      t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
      const second = parseJson((await written(at)).lastReloadedFrom ?? '');
      t.not(asObject(second).hash, asObject(first).hash, 'another change, another hash');
      t.equal(await historyLength(at), 2, 'the history is kept');
      t.same((await written(at)).env, { first: { PLAIN: 'kept' }, second: {} }, 'no variable');
    });

    t.test(`strategy env-vars, a ${kind} ${way}`, { buffered: true }, async (t) => {
      const namespace = await world.namespace(labels);
      const at = await created(namespace, using(kind, { annotations: { ...annotations, [STRATEGY]: 'env-vars' } }));
      await world.quiet();
      t.same((await written(at)).env, { first: { PLAIN: 'kept' }, second: {} }, 'nothing at admission');
      t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
      const first = await written(at);
      t.match(first.env, { first: { PLAIN: 'kept' }, second: { [VARIABLE]: FINGERPRINT } });
      t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
      const second = await written(at);
      t.same(Object.keys(second.env.second ?? {}), [VARIABLE], 'one variable for one source');
      t.not(second.env.second?.[VARIABLE], first.env.second?.[VARIABLE]);
      t.same(second.env.first, { PLAIN: 'kept' }, 'the other container is left alone');
      t.equal(await historyLength(at), 2, 'the history is kept');
      t.equal(second.lastReloadedFrom, undefined, 'no annotation');
    });
  }

  t.test(`what Reloader wrote before is left alone by the strategy hash, ${way}`, { buffered: true }, async (t) => {
    const namespace = await world.namespace(labels);
    const old = '{"type":"SECRET","name":"old"}';
    const env = [{ name: 'STAKATER_OLD_SECRET', value: 'abc' }];
    const object = using('Deployment', {
      annotations: { ...annotations, [STRATEGY]: 'hash' },
      templateAnnotations: { [LAST_RELOADED_FROM]: old },
      pod: { containers: [container('first', { env, ...envFrom('configMapRef', 'app-config.v1') })] },
    });
    const at = await created(namespace, object);
    await world.quiet();
    t.equal(await world.revisions(at), 1);
    t.equal(await world.rolloutsAfter(at, () => change(at)), 1);
    t.same(await written(at), { lastReloadedFrom: old, env: { first: { STAKATER_OLD_SECRET: 'abc' } } });
  });

  t.test(
    `variables of other sources stay, and a change of two is one rollout, ${way}`,
    { buffered: true },
    async (t) => {
      const namespace = await world.namespace(labels);
      const env = [{ name: 'STAKATER_OLD_SECRET', value: 'abc' }];
      const object = using('Deployment', {
        annotations: { ...annotations, [STRATEGY]: 'env-vars' },
        pod: {
          containers: [
            container('first', { env, ...envFrom('configMapRef', 'app-config.v1') }),
            container('second', envFrom('secretRef', 'db')),
          ],
        },
      });
      await world.create(namespace, secret('db', { password: 'one' }));
      const at = await created(namespace, object);
      const both = async (): Promise<void> => {
        await change(at);
        await world.api.patch({ kind: 'Secret', namespace, name: 'db' }, { stringData: { password: 'two' } });
      };
      t.equal(await world.rolloutsAfter(at, both), 1);
      t.match((await written(at)).env, {
        first: { STAKATER_OLD_SECRET: 'abc', [VARIABLE]: FINGERPRINT },
        second: { STAKATER_DB_SECRET: FINGERPRINT },
      });
    },
  );
}

for (const args of [['apply'], ['apply', '--server-side']]) {
  const title = `kubectl ${args.join(' ')} of the same manifest neither removes nor repeats what a strategy wrote`;
  t.test(title, { buffered: true }, async (t) => {
    const namespace = await world.namespace();
    await world.create(namespace, configMap('app-config.v1', { used: 'one' }));
    const objects = [
      using('Deployment', { name: 'annotated' }),
      using('Deployment', { name: 'variables', annotations: { [STRATEGY]: 'env-vars' } }),
    ];
    const stdin = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    const apply = (): Promise<unknown> => world.cluster.kubectl(['-n', namespace, ...args, '-f', '-'], { stdin });
    await apply();
    const [annotated, variables]: WorkloadAt[] = ['annotated', 'variables'].map((name) => ({
      ...{ kind: 'Deployment', namespace, name },
    }));
    if (annotated === undefined || variables === undefined) throw new Error('two workloads');
    await world.eventually('both revisions', async () => {
      return (await world.revisions(annotated)) + (await world.revisions(variables)) === 2;
    });
    await world.rolloutsAfter(variables, () => change(variables));
    const before = [await written(annotated), await written(variables)];
    t.ok(before[0]?.lastReloadedFrom);
    t.ok(before[1]?.env.second?.[VARIABLE]);
    t.equal(await world.rolloutsDespite(annotated, apply), 0);
    t.equal(await world.revisions(variables), 2);
    t.same([await written(annotated), await written(variables)], before);
  });
}

t.test(
  'a user’s own change of the template keeps what was written, and triggers no second rollout',
  { buffered: true },
  async (t) => {
    const namespace = await world.namespace();
    const at = await created(namespace, using('Deployment'));
    await world.rolloutsAfter(at, () => change(at));
    const before = await written(at);
    const image = { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'registry.example/app:2' };
    const patch = ['-n', namespace, 'patch', 'deployment', 'app', '--type=json', '-p', JSON.stringify([image])];
    t.equal(await world.rolloutsAfter(at, () => world.cluster.kubectl(patch)), 1);
    t.same(await written(at), before);
  },
);

t.test(
  'the strategy of a namespace counts for its workloads, and that of a workload before it',
  { buffered: true },
  async (t) => {
    const namespace = await world.namespace({ [INJECT]: 'enabled' }, { [STRATEGY]: 'env-vars' });
    const at = await created(namespace, using('Deployment'));
    const own = await world.createWorkload(
      namespace,
      using('Deployment', { name: 'own', annotations: { [STRATEGY]: 'hash' } }),
    );
    await world.rolloutsAfter(at, () => change(at));
    t.match((await written(at)).env.second, { [VARIABLE]: FINGERPRINT });
    t.same(await written(own), { lastReloadedFrom: undefined, env: { first: { PLAIN: 'kept' }, second: {} } });
    t.equal(await world.revisions(own), 2, 'while it rolled');
  },
);
