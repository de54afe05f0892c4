/** `/mutate` when the configuration cannot be read: the request is allowed, told about it, and no rollout comes of it. */
import t, { type Test } from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { NOTHING_OURS, type Ours } from '../../core/ours.ts';
import { copy, envFromSpec, KEYRING, type WorkloadFields, withOurs, workloadJson, workloadOf } from '../core/build.ts';
import { stampedFor } from '../core/decision-run.ts';
import { APP, APP_AND_DB, app, db, of } from '../core/decision-worlds.ts';
import { type Done, mutateOptions, oursAfter, patchOf, requestOf, reviewJson, send, updateJson } from './build.ts';
import { type Behaviour, fakeApi } from './fake-api.ts';

const OBJECTS = [app('2'), db()];
/** What the stored workload carries: stamped before the configuration changed. */
const OLD = { ...stampedFor(of(APP_AND_DB, app('1'), db())), history: '[]' };
const TRUE = { ...stampedFor(of(APP_AND_DB, ...OBJECTS)), history: '[]' };

/** Short enough to wait for, and the tests still pass on a machine that is a hundred times slower. */
const BUDGET_MS = 50;
const UPPER_BOUND_MS = 10_000;

const WARNING =
  'restamp could not read the configuration in time and stamped nothing; its watcher sees to this workload';

const carrying = (ours: Ours, fields: WorkloadFields = {}): JsonObject =>
  withOurs({ spec: APP_AND_DB, ...fields }, ours);
const changed = (ours: Ours): JsonObject => carrying(ours, { templateAnnotations: { version: '2' } });

/** Ways in which reading fails; one object can be read, so half an answer is none. */
const FAILURES: readonly { readonly name: string; readonly behaviour: Behaviour; readonly cause: RegExp }[] = [
  { name: 'is forbidden', behaviour: 403, cause: /^GET \S+\/secrets\/db: 403 Failed$/ },
  { name: 'fails in the API server', behaviour: 500, cause: /: 500 Failed$/ },
  { name: 'is turned away for now', behaviour: 429, cause: /: 429 Failed$/ },
  { name: 'times out in the API server', behaviour: 504, cause: /: 504 Failed$/ },
  { name: 'finds no API server', behaviour: 0, cause: /: no answer Failed$/ },
  { name: 'gets no answer within the budget', behaviour: 'hang', cause: /: no answer ABORT_ERR$/ },
];

interface Unread {
  readonly name: string;
  readonly review: JsonObject;
  /** What the stored object carries afterwards. */
  readonly ours: Ours;
}

const UNREAD: readonly Unread[] = [
  { name: 'a new workload', review: reviewJson({ object: workloadJson({ spec: APP_AND_DB }) }), ours: NOTHING_OURS },
  { name: 'a new workload that brings ours', review: reviewJson({ object: carrying(TRUE) }), ours: NOTHING_OURS },
  { name: 'a changed template', review: updateJson(carrying(OLD), changed(OLD)), ours: OLD },
  { name: 'a changed template that lacks ours', review: updateJson(carrying(OLD), changed(NOTHING_OURS)), ours: OLD },
  { name: 'a changed template that brings other', review: updateJson(carrying(OLD), changed(TRUE)), ours: OLD },
  { name: 'a changed stamp', review: updateJson(carrying(OLD), carrying(TRUE)), ours: OLD },
  { name: 'a stripped stamp', review: updateJson(carrying(OLD), carrying(NOTHING_OURS)), ours: OLD },
];

for (const { name: what, behaviour, cause } of FAILURES) {
  for (const { name, review, ours } of UNREAD) {
    t.test(`${name}, and a read that ${what}: allowed with a warning, and the old stamp carried over`, async (t) => {
      const api = fakeApi(OBJECTS, { behaviour: (path) => (path.endsWith('/db') ? behaviour : 'answer') });
      const started = performance.now();
      const { response, told } = await send(review, mutateOptions(api, { budgetMs: BUDGET_MS }));
      t.ok(performance.now() - started < UPPER_BOUND_MS);
      unread(t, { response, told }, requestOf(review).object as JsonObject);
      t.match(told.cause, cause);
      t.strictSame(oursAfter(requestOf(review).object as JsonObject, response), ours);
    });
  }
}

/** Allowed, with a warning, and nothing but ours is patched. */
function unread(t: Test, { response, told }: Done, object: JsonObject): void {
  t.equal(response.allowed, true);
  t.strictSame(response.warnings, [WARNING]);
  t.strictSame(response.auditAnnotations, { outcome: 'skip', reason: 'read-failed' });
  t.equal(told.outcome, 'skip');
  t.equal(told.reason, 'read-failed');
  const paths = patchOf(response).map(({ path }) => path.replace(/\/annotations.*/, '/annotations'));
  t.ok(
    paths.every((path) => path === '/metadata/annotations' || path === '/spec/template/metadata/annotations'),
    `only annotations are patched: ${paths.join(' ')}`,
  );
  t.strictSame(workloadOf(copy(object)).template.spec, APP_AND_DB);
}

t.test('a new workload whose configuration cannot be read is not patched at all', async (t) => {
  const api = fakeApi([], { behaviour: () => 500 });
  const { response } = await send(reviewJson({ object: workloadJson({ spec: APP }) }), mutateOptions(api));
  t.equal(response.patch, undefined);
  t.equal(response.patchType, undefined);
});

t.test('a hundred reads that all hang take one budget, not a hundred', async (t) => {
  const spec = envFromSpec(...[...Array(100).keys()].map((n) => ({ configMapRef: { name: `c${n}` } })));
  const api = fakeApi([], { behaviour: () => 'hang' });
  const started = performance.now();
  const { told } = await send(reviewJson({ object: workloadJson({ spec }) }), mutateOptions(api, { budgetMs: 500 }));
  t.equal(told.reason, 'read-failed');
  t.ok(performance.now() - started < UPPER_BOUND_MS, 'a hundred budgets are 50 s');
});

t.test('one read that fails is answered while another still hangs', async (t) => {
  const behaviour = (path: string): Behaviour => (path.endsWith('/db') ? 500 : 'hang');
  const api = fakeApi([], { behaviour });
  const { told } = await send(updateJson(carrying(OLD), changed(OLD)), mutateOptions(api, { budgetMs: 500 }));
  t.equal(told.reason, 'read-failed');
  t.equal(api.open(), 1);
});

t.test('as long as the key is not loaded nothing is read, and requests pass with a warning', async (t) => {
  const api = fakeApi(OBJECTS);
  const without = mutateOptions(api, { keyring: () => undefined });
  for (const { review, ours } of UNREAD) {
    const done = await send(review, without);
    unread(t, done, requestOf(review).object as JsonObject);
    t.equal(done.told.cause, 'the key of the installation is not known yet');
    t.strictSame(oursAfter(requestOf(review).object as JsonObject, done.response), ours);
  }
  t.strictSame(api.requests, []);
});

t.test('as long as the key is not loaded, a request that needs no stamp gets no warning', async (t) => {
  const without = mutateOptions(fakeApi(OBJECTS), { keyring: () => undefined });
  const { response, told } = await send(updateJson(carrying(OLD), carrying(OLD, { annotations: { a: '1' } })), without);
  t.equal(told.reason, 'untouched');
  t.equal(response.warnings, undefined);
});

t.test('a key that arrives between two requests stamps the second', async (t) => {
  let ring: typeof KEYRING | undefined;
  const options = mutateOptions(fakeApi(OBJECTS), { keyring: () => ring });
  const review = reviewJson({ object: workloadJson({ spec: APP }) });
  t.equal((await send(review, options)).told.reason, 'read-failed');
  ring = KEYRING;
  t.equal((await send(review, options)).told.reason, 'created');
});
