/** `/mutate` for each kind of workload: where its template is, and what is somebody else's business. */
import t from 'tap';
import { asList, asObject, type JsonObject } from '../../core/json.ts';
import { INJECT, LAST_RELOADED_FROM, RELOADER } from '../../core/names.ts';
import { NOTHING_OURS, type Ours, oursOf } from '../../core/ours.ts';
import { parseWorkload } from '../../core/parse.ts';
import { declaredKind, WORKLOAD_KINDS, type WorkloadKind } from '../../core/workload.ts';
import type { MutateOptions } from '../../webhook/mutate.ts';
import { stampedFor } from '../core/decision-run.ts';
import { APP, app, of } from '../core/decision-worlds.ts';
import { kindOfObject } from '../watcher/look.ts';
import { borrower, carrying, cronJob, deployment, job, objectOf, rollout } from '../watcher/objects.ts';
import { mutateOptions, patchOf, reviewJson, send, storedAfter } from './build.ts';
import { fakeApi } from './fake-api.ts';

const OLD = stampedFor(of(APP, app('1')));
const NOW = stampedFor(of(APP, app('2')));
const UNTOUCHED = { outcome: 'pass', reason: 'untouched', patched: false };

/** A review of an object of any kind; an update where there is an old one. */
function reviewOf(object: JsonObject, old: JsonObject | null = null, kindInfo = kindOfObject(object)): JsonObject {
  const { group, version, resource } = kindInfo;
  return reviewJson({
    kind: { group, version, kind: object.kind },
    resource: { group, version, resource },
    operation: old === null ? 'CREATE' : 'UPDATE',
    oldObject: old,
    object,
  });
}

async function answer(object: JsonObject, old: JsonObject | null = null, options: Partial<MutateOptions> = {}) {
  const api = fakeApi([app('2')]);
  const { response, told } = await send(reviewOf(object, old), mutateOptions(api, options));
  const after = storedAfter(object, response);
  return { response, told, requests: api.requests, after, ours: carriedBy(after) };
}

function carriedBy(object: JsonObject, kindInfo: WorkloadKind = kindOfObject(object)): Ours {
  const workload = parseWorkload(object, kindInfo);
  return workload === undefined ? NOTHING_OURS : oursOf(workload);
}

/** The object with another image: new pods. */
function newTemplate(object: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(object).replaceAll('app:1', 'app:2')) as JsonObject;
}

for (const kind of WORKLOAD_KINDS) {
  const made =
    kind.effect === 'cronjob' ? cronJob() : objectOf(`${kind.group}/${kind.version}`, kind.apiKind, { name: 'web' });

  t.test(`${kind.kind}: a new one is stamped where its template is`, async (t) => {
    const { response, told, ours, requests } = await answer(made);
    t.strictSame(told, { outcome: 'stamp', reason: 'created', patched: true });
    t.strictSame(ours, NOW);
    t.strictSame(requests, ['GET /api/v1/namespaces/shop/configmaps/app']);
    const stamped = patchOf(response).map(({ path }) => path);
    const place = `/${kind.templatePath.join('/')}/metadata`;
    t.ok(
      stamped.some((path) => path.startsWith(place)),
      `${stamped.join(' ')}`,
    );
    t.equal(response.warnings, undefined);
  });

  t.test(`${kind.kind}: a changed template is stamped, one that is the same is not`, async (t) => {
    const old = carrying(made, OLD);
    const changed = await answer(newTemplate(old), old);
    t.strictSame(changed.told, { outcome: 'stamp', reason: 'template-changed', patched: true });
    t.strictSame(changed.ours, NOW);
    t.strictSame((await answer(old, old)).told, UNTOUCHED);
  });

  t.test(`${kind.kind}: a stamp that is stripped is put back, the watcher's own passes`, async (t) => {
    const old = carrying(made, OLD);
    const stripped = await answer(made, old);
    t.equal(stripped.told.outcome, 'restore');
    t.strictSame(stripped.ours, OLD);
    const rolled = await answer(carrying(made, NOW), old);
    t.strictSame(rolled.told, { outcome: 'pass', reason: 'true-stamp', patched: false });
  });
}

/** As the watcher records a change without touching the template. */
const RECORDED: Ours = { ...NOW, stamp: OLD.stamp, record: NOW.record?.replace(NOW.stamp ?? '', OLD.stamp ?? '') };

for (const [what, made, options, passes] of [
  ['a CronJob, whose Job the watcher made', cronJob(), {}, true],
  ['a Job, that the watcher reported', job(), {}, true],
  ['a Deployment, of which nobody rolled', deployment(), {}, false],
  ['a Deployment, of which a URL was told', deployment(), { rollsElsewhere: true }, true],
  ['a Rollout, without a restart', rollout(), {}, false],
] as const) {
  t.test(`a record that moves on without the stamp: ${what}: ${passes ? 'passes' : 'is put back'}`, async (t) => {
    const { told, ours } = await answer(carrying(made, RECORDED), carrying(made, OLD), options);
    t.equal(told.reason, passes ? 'true-stamp' : 'false-stamp');
    t.strictSame(ours, passes ? RECORDED : OLD);
  });
}

t.test('a record that moves on with a restart passes', async (t) => {
  const restarted = rollout({ spec: { restartAt: '2030-01-01T00:00:00Z' } });
  const { told, ours } = await answer(carrying(restarted, RECORDED), carrying(rollout(), OLD));
  t.equal(told.reason, 'true-stamp');
  t.strictSame(ours, RECORDED);
});

t.test('a stamp that comes with what a strategy writes passes, as it is', async (t) => {
  const old = carrying(deployment(), OLD);
  const rolled = carrying(deployment({ templateAnnotations: { [LAST_RELOADED_FROM]: '{}' } }), NOW);
  const { told, after } = await answer(rolled, old);
  t.strictSame(told, { outcome: 'pass', reason: 'true-stamp', patched: false });
  t.strictSame(after, rolled);
});

t.test('a Job that a CronJob made is not touched, one that anybody else owns is stamped', async (t) => {
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'u' };
  const controlled = await answer(job({ metadata: { ownerReferences: [{ ...owner, controller: true }] } }));
  t.strictSame(controlled.told, UNTOUCHED);
  t.strictSame(controlled.requests, []);
  const owned = await answer(job({ metadata: { ownerReferences: [owner] } }));
  t.equal(owned.told.outcome, 'stamp');
});

t.test('a Rollout that runs the template of a Deployment is not touched', async (t) => {
  const old = borrower('web');
  for (const [object, before] of [
    [borrower('web'), null],
    [borrower('other'), old],
    // With a template as well, the one of the Deployment is what runs.
    [borrower('web', { spec: { template: asObject(deployment().spec).template } }), null],
  ] as const) {
    const { told, requests } = await answer(object, before);
    t.strictSame(told, UNTOUCHED);
    t.strictSame(requests, []);
  }
});

t.test('a suspended CronJob is stamped, and stays suspended', async (t) => {
  const { ours, after } = await answer(cronJob({ spec: { suspend: true } }));
  t.strictSame(ours, NOW);
  t.equal(asObject(after.spec).suspend, true);
});

t.test(
  'a declared kind is stamped where its template was said to be, and not touched where it is not declared',
  async (t) => {
    const templatePath = ['spec', 'workload', 'template'];
    const widgets = declaredKind({ group: 'example.com', version: 'v1', resource: 'widgets', templatePath });
    const { template } = asObject(deployment().spec);
    const widget = objectOf('example.com/v1', 'Widget', { spec: { template: {}, workload: { template } } });
    const review = reviewOf(widget, null, widgets);
    const api = fakeApi([app('2')]);
    const { response, told } = await send(review, mutateOptions(api, { kinds: [...WORKLOAD_KINDS, widgets] }));
    t.equal(told.outcome, 'stamp');
    t.strictSame(carriedBy(storedAfter(widget, response), widgets), NOW);
    t.strictSame((await send(review, mutateOptions(api))).told, UNTOUCHED);
  },
);

t.test('a kind that is ignored is not touched', async (t) => {
  const kinds = WORKLOAD_KINDS.filter(({ kind }) => kind !== 'CronJob');
  t.strictSame((await answer(cronJob(), null, { kinds })).told, UNTOUCHED);
});

t.test('another version of a kind is the same kind', async (t) => {
  const review = reviewJson({
    object: { ...deployment(), apiVersion: 'apps/v1beta2' },
    resource: { group: 'apps', version: 'v1beta2', resource: 'deployments' },
  });
  t.equal((await send(review, mutateOptions(fakeApi([app('2')])))).told.outcome, 'stamp');
});

t.test('a kind of another group by the same name is another kind', async (t) => {
  const review = reviewJson({
    object: deployment(),
    resource: { group: 'example.com', version: 'v1', resource: 'deployments' },
  });
  t.strictSame((await send(review, mutateOptions(fakeApi([app('2')])))).told, UNTOUCHED);
});

t.test('names are listed where an expression selects, page by page none else, and what it finds counts', async (t) => {
  const object = deployment({ annotations: { [RELOADER.reload.ConfigMap]: 'app|other-.*' }, podSpec: {} });
  const { told, requests, ours } = await answer(object);
  t.equal(told.outcome, 'stamp');
  t.strictSame(requests, ['GET /api/v1/namespaces/shop/configmaps', 'GET /api/v1/namespaces/shop/configmaps/app']);
  t.match(ours.record, /"configmap\/app#\*"/);
});

t.test('words of Reloader on the workload count in a labelled namespace: what it names, and no more', async (t) => {
  const object = deployment({
    annotations: { [RELOADER.reload.Secret]: 'db' },
    podSpec: { containers: [{ name: 'app', envFrom: [{ configMapRef: { name: 'app' } }] }] },
  });
  const { requests, told } = await answer(object);
  t.strictSame(requests, ['GET /api/v1/namespaces/shop/secrets/db']);
  t.equal(told.outcome, 'stamp');
  const both = await answer({
    ...object,
    metadata: { ...asObject(object.metadata), annotations: { [INJECT]: 'enabled', [RELOADER.reload.Secret]: 'db' } },
  });
  t.strictSame(both.requests.toSorted(), [
    'GET /api/v1/namespaces/shop/configmaps/app',
    'GET /api/v1/namespaces/shop/secrets/db',
  ]);
});

t.test('a configuration that could not be read is a warning, and nothing is stamped', async (t) => {
  const api = fakeApi([], { behaviour: () => 500 });
  const { response, told } = await send(reviewOf(cronJob()), mutateOptions(api));
  t.match(told, { outcome: 'skip', reason: 'read-failed', patched: false });
  t.equal(asList(response.warnings).length, 1);
  t.equal(response.allowed, true);
});

t.test('a dry run gets the same answer', async (t) => {
  const review = reviewOf(cronJob());
  const dry = { ...review, request: { ...asObject(review.request), dryRun: true } };
  const options = mutateOptions(fakeApi([app('2')]));
  t.strictSame((await send(dry, options)).response, (await send(review, options)).response);
});
