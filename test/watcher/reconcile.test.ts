/**
 * How a workload is brought in step, against a store in memory: every row of the case table, the exact requests, and
 * interleavings that a real API server cannot be made to show on demand.
 */
import t from 'tap';
import type { Decision } from '../../core/decision.ts';
import { stampOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/json.ts';
import { asObject } from '../../core/json.ts';
import { FIELD_MANAGER } from '../../core/names.ts';
import { isObjectName } from '../../core/object-name.ts';
import { references } from '../../core/reference.ts';
import type { KubeRequest } from '../../kube/transport.ts';
import type { Outcome, Told } from '../../watcher/told.ts';
import { configMapJson, configurationOf, envFromSpec, KEY, oursFor, withOurs, workloadJson } from '../core/build.ts';
import { type World as Before, type DecisionCase, type Expected, ROTATED, type Step } from '../core/decision-case.ts';
import { DECISION_CASES } from '../core/decision-cases.ts';
import { oursAfter, stampedFor, withoutRecord } from '../core/decision-run.ts';
import { DECISION_STORIES } from '../core/decision-stories.ts';
import { APP, APP_AND_DB, app, db, of } from '../core/decision-worlds.ts';
import { ID, PATH, saying, type World, worldOf } from './look.ts';
import { fault } from './store.ts';

const DONE = { result: 'done' };
const APP_PATH = '/api/v1/namespaces/shop/configmaps/app';

/** Rows that this route cannot take, by name, each with the reason. */
const SKIPPED: Readonly<Record<string, string>> = {};

const WRITES: readonly Expected['outcome'][] = ['adopt', 'accept', 'roll'];

/** A world whose workload carries what was stamped for `before`, tampered with, and that is now as the step says. */
function worldAt(before: Before, { now, tamper }: Step): World {
  const ours = stampedFor(before);
  return worldOf(withOurs({ spec: now.spec }, tamper?.(ours) ?? ours), now.objects);
}

/** Pods that were stamped with `app` at 1, and a ConfigMap that is at 2 now. */
function changed(spec: JsonObject = APP, objects: readonly JsonObject[] = [app('2')]): World {
  return worldOf(withOurs({ spec }, stampedFor(of(APP, app('1')))), objects);
}

/** Acts once, before the first request that fits. */
function onceBefore(world: World, fits: (request: KubeRequest) => boolean, act: (request: KubeRequest) => void): void {
  world.store.before = (request) => {
    if (!fits(request)) return;
    world.store.before = () => {};
    act(request);
  };
}

const isPatch = ({ method }: KubeRequest): boolean => method === 'PATCH';
const isLiveRead = ({ method, path }: KubeRequest): boolean => method === 'GET' && path === PATH;

const stampFor = (spec: JsonObject, ...objects: readonly JsonObject[]): string =>
  stampOf(configurationOf(spec, objects), KEY);

function expectedCounts({ now, expected }: Step): Readonly<Record<string, number>> {
  const reads = references(now.spec).filter(({ name }) => isObjectName(name)).length;
  if (!WRITES.includes(expected.outcome)) return reads === 0 ? {} : { GET: reads };
  return { GET: 2 * reads + 1, PATCH: 1 };
}

/** What was told, in the words of core: no kind and no setting has made anything else of it. */
function decisionOf(told: Told | undefined): Decision {
  if (told === undefined) throw new Error('nothing was decided');
  const { decision } = told;
  if (!isDecision(decision)) throw new Error(`${decision.outcome} is no decision of core`);
  return decision;
}

function isDecision(outcome: Outcome): outcome is Decision {
  return ['none', 'adopt', 'accept', 'keep', 'roll', 'hold'].includes(outcome.outcome);
}

for (const row of DECISION_CASES) {
  const skip = SKIPPED[row.name];
  t.test(row.name, skip === undefined ? {} : { skip }, async (t) => {
    const world = worldAt(row.before, row);
    const before = world.ours();
    t.strictSame(await world.look(row.keyring), DONE);
    t.equal(world.told.length, 1);
    const decision = decisionOf(world.told[0]);
    t.strictSame(withoutRecord(decision), row.expected);
    const { stamp, record } = oursAfter(decision, before, row.now, row.keyring);
    t.strictSame({ ...world.ours(), history: undefined }, { stamp, record, history: undefined });
    t.strictSame(world.store.counts, expectedCounts(row));
  });
}

t.test('every row that is skipped is a row', (t) => {
  const names = DECISION_CASES.map(({ name }: DecisionCase) => name);
  t.strictSame(
    Object.keys(SKIPPED).filter((name) => !names.includes(name)),
    [],
  );
  t.end();
});

for (const { name, before, steps } of DECISION_STORIES) {
  t.test(name, async (t) => {
    let ours = stampedFor(before);
    for (const step of steps) {
      const left = step.tamper?.(ours) ?? ours;
      const world = worldOf(withOurs({ spec: step.now.spec }, left), step.now.objects);
      await world.look(step.keyring);
      const decision = decisionOf(world.told[0]);
      t.strictSame(withoutRecord(decision), step.expected);
      const { stamp, record } = oursAfter(decision, left, step.now, step.keyring);
      ours = world.ours();
      t.strictSame({ stamp: ours.stamp, record: ours.record }, { stamp, record });
    }
  });
}

t.test('after a look that wrote, the next one reads the sources and does nothing', async (t) => {
  const world = changed();
  await world.look();
  world.watch();
  world.store.requests.length = 0;
  await world.look();
  t.match(world.told.at(-1)?.decision, { outcome: 'none', reason: 'in-step' });
  t.strictSame(world.store.counts, { GET: 1 });
});

t.test('a rollout is one patch, of one version, by one manager, and holds no value', async (t) => {
  const VALUE = 'hunter2-hunter2';
  const world = changed(APP, [app(VALUE)]);
  await world.look();
  const [patch] = world.store.patches;
  t.match(patch, { path: PATH, contentType: 'application/merge-patch+json', query: { fieldManager: FIELD_MANAGER } });
  t.match(patch?.body, { metadata: { resourceVersion: '101' } });
  t.strictSame(Object.keys(asObject(patch?.body)).toSorted(), ['metadata', 'spec']);
  t.notMatch(JSON.stringify([world.store.patches, world.told]), VALUE);
  t.notMatch(JSON.stringify([world.store.patches, world.told]), Buffer.from(VALUE).toString('base64'));
});

t.test('a record alone is written without a word about the template', async (t) => {
  const world = worldOf(workloadJson({ spec: APP }), [app('1')]);
  await world.look();
  const [patch] = world.store.patches;
  t.strictSame(Object.keys(asObject(patch?.body)), ['metadata']);
  t.equal(world.ours().stamp, undefined);
  t.equal(world.ours().history, undefined);
});

t.test('a rollout is told with its causes, its author, and the stamps before and after', async (t) => {
  const author = {
    manager: 'kubectl-edit',
    time: '2026-01-02T03:04:05Z',
    fieldsV1: { 'f:data': { 'f:a': {} } },
  };
  const source = app('2');
  const world = changed(APP, [{ ...source, metadata: { ...asObject(source.metadata), managedFields: [author] } }]);
  await world.look();
  const [told] = world.told;
  const causes = [
    { source: 'configmap/app', keys: ['a'], by: 'kubectl-edit', changedAt: '2026-01-02T03:04:05Z' },
  ] as const;
  const rollout = {
    causes,
    from: stampFor(APP, app('1')),
    to: stampFor(APP, app('2')),
    at: '2030-01-01T00:00:00.000Z',
  };
  t.strictSame(told?.rollout, { by: 'stamp', ...rollout });
  t.strictSame(JSON.parse(world.ours().history ?? ''), [{ decision: 'source-changed', ...rollout }]);
});

t.test('a rollout keeps the history of those before it', async (t) => {
  const history = JSON.stringify([{ at: 'before' }]);
  const ours = { ...stampedFor(of(APP, app('1'))), history };
  const world = worldOf(withOurs({ spec: APP }, ours), [app('2')]);
  await world.look();
  t.match(JSON.parse(world.ours().history ?? ''), [{ decision: 'source-changed' }, { at: 'before' }]);
});

t.test('a rotated key makes the new stamp, and the comparison is made with the old one', async (t) => {
  const world = changed();
  await world.look(ROTATED);
  t.match(world.told[0]?.decision, { outcome: 'roll', reason: 'source-changed' });
  t.equal(world.ours().stamp, stampOf(configurationOf(APP, [app('2')], ROTATED.current), ROTATED.current));
});

t.test('a workload that is not managed costs no request', async (t) => {
  const workload = withOurs({ spec: APP }, stampedFor(of(APP, app('1'))));
  for (const world of [
    worldOf(workload, [app('2')], { label: 'disabled' }),
    worldOf(workload, [app('2')], { label: '' }),
    worldOf(saying('disabled', workload), [app('2')]),
  ]) {
    t.strictSame(await world.look(), DONE);
    t.strictSame(world.store.requests, []);
    t.strictSame(world.told, []);
  }
});

t.test('a workload that is not known costs no request', async (t) => {
  const world = changed();
  world.index.deleteWorkload(ID);
  t.strictSame(await world.look(), DONE);
  t.strictSame(world.store.requests, []);
});

t.test('a source whose name cannot exist is never asked for', async (t) => {
  const spec = envFromSpec({ configMapRef: { name: '../secrets/db' } }, { configMapRef: { name: 'app' } });
  const world = worldOf(workloadJson({ spec }), [app('1')]);
  await world.look();
  t.ok(world.store.requests.every(({ path }) => path === APP_PATH || path === PATH));
});

t.test('409: nothing is told, the workload is looked at again, and then it is right', async (t) => {
  const world = changed();
  const workload = world.store.get(workloadJson());
  onceBefore(world, isPatch, () => world.store.put({ ...workload, status: { replicas: 1 } }));
  t.strictSame(await world.look(), { result: 'again', cause: 'the workload changed meanwhile' });
  t.strictSame(world.told, []);
  t.equal(world.ours().stamp, stampFor(APP, app('1')), 'nothing was written');
  t.strictSame(await world.look(), DONE);
  t.equal(world.ours().stamp, stampFor(APP, app('2')));
  t.equal(world.told.length, 1);
});

t.test('409 because another writer did the same: the next look finds it done, and it is one rollout', async (t) => {
  const world = changed();
  const [one, two] = await Promise.all([world.look(), world.look()]);
  t.strictSame([one, two].map(({ result }) => result).toSorted(), ['again', 'done']);
  world.watch();
  t.strictSame(await world.look(), DONE);
  t.equal(world.told.filter(({ rollout }) => rollout !== undefined).length, 1);
  t.equal(JSON.parse(world.ours().history ?? '[]').length, 1);
});

for (const [when, fits, counts] of [
  ['before the live read', isLiveRead, { GET: 2 }],
  ['before the write', isPatch, { GET: 3, PATCH: 1 }],
] as const) {
  t.test(`404: a workload that is deleted ${when} is forgotten`, async (t) => {
    const world = changed();
    onceBefore(world, fits, () => world.store.remove(workloadJson()));
    t.strictSame(await world.look(), DONE);
    t.strictSame(world.told, []);
    t.strictSame(world.store.counts, counts);
  });
}

t.test('a source that changes again between the first look and the live read is stamped as it is live', async (t) => {
  const world = changed();
  onceBefore(world, isLiveRead, () => world.store.put(app('3')));
  t.strictSame(await world.look(), DONE);
  t.equal(world.ours().stamp, stampFor(APP, app('3')));
});

t.test('a source that changes back between the first look and the live read rolls nothing', async (t) => {
  const world = changed();
  onceBefore(world, isLiveRead, () => world.store.put(app('1')));
  t.strictSame(await world.look(), DONE);
  t.match(world.told, [{ decision: { outcome: 'none', reason: 'in-step' } }]);
  t.strictSame(world.store.counts, { GET: 3 });
});

t.test('a required source that goes between the first look and the live read rolls nothing', async (t) => {
  const world = changed();
  onceBefore(world, isLiveRead, () => world.store.remove(app('2')));
  t.strictSame(await world.look(), DONE);
  t.match(world.told, [{ decision: { outcome: 'keep', reason: 'source-gone' } }]);
  t.strictSame(world.store.patches, []);
});

t.test('references that change between the first look and the live read are those that count', async (t) => {
  const world = changed(APP, [app('2'), db('1')]);
  const live = withOurs({ spec: APP_AND_DB }, oursFor(configurationOf(APP_AND_DB, [app('2'), db('1')])));
  onceBefore(world, isLiveRead, () => world.store.put(live));
  t.strictSame(await world.look(), DONE);
  t.match(world.told, [{ decision: { outcome: 'none', reason: 'in-step' } }]);
  t.strictSame(world.store.patches, []);
});

t.test('a stamp that the webhook made meanwhile is not written over', async (t) => {
  const world = changed();
  const stamped = withOurs({ spec: APP }, stampedFor(of(APP, app('2'))));
  onceBefore(world, isLiveRead, () => world.store.put(stamped));
  t.strictSame(await world.look(), DONE);
  t.strictSame(world.store.patches, []);
});

t.test('a webhook that puts the old stamp back is believed: the workload is looked at again', async (t) => {
  const world = changed();
  world.store.admission = (_object, old) => old;
  t.strictSame(await world.look(), { result: 'again', cause: 'the configuration changed meanwhile' });
  t.strictSame(world.told, []);
  world.store.admission = (object) => object;
  t.strictSame(await world.look(), DONE);
  t.equal(world.ours().stamp, stampFor(APP, app('2')));
});

t.test('an answer with another stamp is not what was written: the workload is looked at again', async (t) => {
  const world = changed();
  world.store.admission = () => withOurs({ spec: APP }, stampedFor(of(APP, app('3'))));
  t.match(await world.look(), { result: 'again' });
  t.strictSame(world.told, []);
});

t.test('an answer with the record and the old stamp is not what was written', async (t) => {
  const world = changed();
  world.store.admission = (object, old) => ({ ...object, spec: old.spec });
  t.match(await world.look(), { result: 'again', cause: 'the configuration changed meanwhile' });
  t.strictSame(world.told, []);
});

t.test('an answer with the stamp and without the record is not what was written either', async (t) => {
  const world = changed();
  world.store.admission = (object) => {
    const { annotations: _, ...metadata } = asObject(object.metadata);
    return { ...object, metadata };
  };
  t.match(await world.look(), { result: 'again' });
  t.strictSame(world.told, []);
});

t.test('an answer that holds no workload is not taken for a success', async (t) => {
  const world = changed();
  world.store.admission = (object) => ({ ...object, spec: {} });
  t.match(await world.look(), { result: 'again' });
  t.strictSame(world.told, []);
});

t.test('a workload that opts out between the first look and the live read is not written', async (t) => {
  const world = changed();
  onceBefore(world, isLiveRead, () => world.store.put(saying('disabled', world.store.get(workloadJson()))));
  t.strictSame(await world.look(), DONE);
  t.strictSame(world.told, []);
  t.strictSame(world.store.counts, { GET: 2 });
});

t.test('a namespace that opts out between the first look and the live read is not written to', async (t) => {
  const world = changed();
  onceBefore(world, isLiveRead, () => world.index.applyNamespace('shop', undefined));
  t.strictSame(await world.look(), DONE);
  t.strictSame(world.store.patches, []);
});

for (const [what, path] of [
  ['a source', APP_PATH],
  ['the workload', PATH],
] as const) {
  for (const status of [0, 401, 403, 429, 500, 503]) {
    t.test(`a read of ${what} that fails with ${status} writes nothing and is tried again`, async (t) => {
      const world = changed();
      onceBefore(
        world,
        ({ method, path: asked }) => method === 'GET' && asked === path,
        (request) => {
          throw fault(request, status, 'Trouble');
        },
      );
      const result = await world.look();
      t.match(result, { result: 'again', cause: new RegExp(`^GET ${path}: .*Trouble$`) });
      t.strictSame(world.store.patches, []);
      t.strictSame(world.told, []);
      t.strictSame(await world.look(), DONE);
    });
  }
}

for (const status of [0, 403, 422, 500]) {
  t.test(`a write that fails with ${status} is told to nobody and is tried again`, async (t) => {
    const world = changed();
    onceBefore(world, isPatch, (request) => {
      throw fault(request, status, 'Trouble');
    });
    t.match(await world.look(), { result: 'again', cause: /^PATCH .*Trouble$/ });
    t.strictSame(world.told, []);
    t.strictSame(await world.look(), DONE);
    t.equal(world.told.length, 1);
  });
}

t.test('a write whose answer got lost is found to be done, and is one rollout', async (t) => {
  const world = changed();
  world.store.admission = (object) => {
    world.store.admission = (same) => same;
    world.store.put(object);
    throw fault({ method: 'PATCH', path: PATH }, 0, 'ECONNRESET');
  };
  t.match(await world.look(), { result: 'again' });
  world.watch();
  t.strictSame(await world.look(), DONE);
  t.match(world.told, [{ decision: { outcome: 'none', reason: 'in-step' } }]);
  t.equal(world.store.patches.length, 1);
});

t.test('what is no error of the API is tried again too, and reconcile does not reject', async (t) => {
  const world = changed();
  world.store.before = () => {
    throw new TypeError('a slip of ours');
  };
  t.strictSame(await world.look(), { result: 'again', cause: 'a slip of ours' });
});

t.test('sources of the same name in another namespace do not count', async (t) => {
  const foreign = configMapJson('app', { a: '2', b: '1' }, { metadata: { namespace: 'other', name: 'app' } });
  const world = changed(APP, [app('1'), foreign]);
  await world.look();
  t.match(world.told, [{ decision: { outcome: 'none', reason: 'in-step' } }]);
});
