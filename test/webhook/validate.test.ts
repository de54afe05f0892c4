/** `/validate`: warnings about what an author surely meant otherwise. It never denies. */
import assert from 'node:assert/strict';
import t from 'tap';
import { asList, type JsonObject } from '../../core/json.ts';
import { HISTORY, INJECT, RECORD, WORKLOAD_ANNOTATIONS } from '../../core/names.ts';
import { validate } from '../../webhook/validate.ts';
import { configMapJson, container, envFromSpec, envSpec, podSpec, secretJson, workloadJson } from '../core/build.ts';
import { postReview, responseOf, reviewJson, serverWith, UID, updateJson } from './build.ts';
import { type Behaviour, type FakeApi, fakeApi } from './fake-api.ts';

const OBJECTS = [configMapJson('app'), secretJson('db')];
const APP_AND_DB = envFromSpec({ configMapRef: { name: 'app' } }, { secretRef: { name: 'db' } });
const BUDGET_MS = 50;

/** Through the server and back, so that what is told is what the API server gets. */
async function warnings(review: JsonObject, api: FakeApi = fakeApi(OBJECTS)): Promise<readonly unknown[]> {
  const app = serverWith({ validate: (request) => validate(request, { transport: api, budgetMs: BUDGET_MS }) });
  const answer = await postReview(app, review, '/validate');
  const { uid, allowed, warnings = [], ...rest } = responseOf(answer);
  // Whatever is told, the request is allowed and nothing is patched.
  assert.deepEqual([answer.statusCode, uid, allowed, rest], [200, UID, true, {}]);
  return asList(warnings);
}

const annotated = (annotations: JsonObject): JsonObject => reviewJson({ object: workloadJson({ annotations }) });
const unknown = (name: string): string =>
  `${name} is no annotation of restamp on a workload; known: ${WORKLOAD_ANNOTATIONS.join(', ')}`;
const noSuch = (id: string): string => `${id} does not exist; the pods cannot start without it`;
const INVALID = `${INJECT} must be "enabled" or "disabled"; this value counts as none`;

interface Row {
  readonly name: string;
  readonly review: JsonObject;
  readonly expected: readonly string[];
}

const ANNOTATIONS: readonly Row[] = [
  { name: 'a workload without annotations', review: reviewJson(), expected: [] },
  {
    name: 'every annotation that restamp knows',
    review: annotated({ [INJECT]: 'enabled', [RECORD]: '{}', [HISTORY]: '[]' }),
    expected: [],
  },
  { name: 'inject: disabled', review: annotated({ [INJECT]: 'disabled' }), expected: [] },
  {
    name: 'a slip of the pen in a name',
    review: annotated({ 'restamp.dev/injekt': 'enabled' }),
    expected: [unknown('restamp.dev/injekt')],
  },
  {
    name: 'a name with other letters',
    review: annotated({ 'restamp.dev/Inject': 'enabled' }),
    expected: [unknown('restamp.dev/Inject')],
  },
  {
    name: 'the stamp on the workload, where it means nothing',
    review: annotated({ 'restamp.dev/config-hash': 'x' }),
    expected: [unknown('restamp.dev/config-hash')],
  },
  {
    name: 'several names',
    review: annotated({ 'restamp.dev/a': '', 'restamp.dev/b': '' }),
    expected: [unknown('restamp.dev/a'), unknown('restamp.dev/b')],
  },
  {
    name: 'names of other domains',
    review: annotated({ 'restamp.dev.example.com/a': '', 'my-restamp.dev/a': '', 'restamp.dev': '', inject: 'x' }),
    expected: [],
  },
  ...['true', 'Enabled', 'enabled ', ''].map((value) => ({
    name: `the value ${JSON.stringify(value)} of inject`,
    review: annotated({ [INJECT]: value }),
    expected: [INVALID],
  })),
  {
    name: 'a slip of the pen and an invalid value',
    review: annotated({ 'restamp.dev/a': '', [INJECT]: 'on' }),
    expected: [unknown('restamp.dev/a'), INVALID],
  },
];

const SOURCES: readonly Row[] = [
  {
    name: 'sources that exist',
    review: reviewJson({ object: workloadJson({ spec: APP_AND_DB }) }),
    expected: [],
  },
  {
    name: 'a required ConfigMap that is missing',
    review: reviewJson({ object: workloadJson({ spec: envFromSpec({ configMapRef: { name: 'gone' } }) }) }),
    expected: [noSuch('configmap/gone')],
  },
  {
    name: 'a required Secret that is missing',
    review: reviewJson({ object: workloadJson({ spec: envSpec({ secretKeyRef: { name: 'gone', key: 'k' } }) }) }),
    expected: [noSuch('secret/gone')],
  },
  {
    name: 'an optional source that is missing',
    review: reviewJson({
      object: workloadJson({ spec: envFromSpec({ configMapRef: { name: 'gone', optional: true } }) }),
    }),
    expected: [],
  },
  {
    name: 'a missing source that is optional in one place and required in another',
    review: reviewJson({
      object: workloadJson({
        spec: podSpec({
          envFrom: [{ configMapRef: { name: 'gone', optional: true } }, { configMapRef: { name: 'gone' } }],
        }),
      }),
    }),
    expected: [noSuch('configmap/gone')],
  },
  {
    name: 'a missing source that several containers use is told once',
    review: reviewJson({
      object: workloadJson({
        spec: {
          containers: [container({ envFrom: [{ secretRef: { name: 'gone' } }] }), container()],
          initContainers: [container({ envFrom: [{ secretRef: { name: 'gone' } }] })],
          volumes: [{ name: 'v', secret: { secretName: 'gone' } }],
        },
      }),
    }),
    expected: [noSuch('secret/gone')],
  },
  {
    name: 'a source whose name cannot exist',
    review: reviewJson({ object: workloadJson({ spec: envFromSpec({ configMapRef: { name: '..' } }) }) }),
    expected: [noSuch('configmap/..')],
  },
  {
    name: 'a source of that name in another namespace only',
    review: reviewJson({ namespace: 'stage', object: workloadJson({ spec: APP_AND_DB }) }),
    expected: [noSuch('configmap/app'), noSuch('secret/db')],
  },
  {
    name: 'a slip of the pen and a missing source, at an update',
    review: updateJson(
      workloadJson(),
      workloadJson({
        annotations: { 'restamp.dev/a': '' },
        spec: envFromSpec({ configMapRef: { name: 'gone' } }),
      }),
    ),
    expected: [unknown('restamp.dev/a'), noSuch('configmap/gone')],
  },
];

/** What no warning can be about. */
const NOTHING: readonly Row[] = [
  { name: 'a null object', review: reviewJson({ object: null }), expected: [] },
  {
    name: 'an object without a template',
    review: reviewJson({ object: { metadata: { annotations: { 'restamp.dev/a': '' } } } }),
    expected: [],
  },
  { name: 'a DELETE', review: reviewJson({ operation: 'DELETE', object: null, oldObject: {} }), expected: [] },
  {
    name: 'a request for a namespace that cannot be',
    review: reviewJson({ namespace: '..', object: workloadJson({ spec: APP_AND_DB }) }),
    expected: [],
  },
];

for (const { name, review, expected } of [...ANNOTATIONS, ...SOURCES, ...NOTHING]) {
  const what = expected.length === 0 ? 'no warning' : expected.length === 1 ? 'a warning' : 'a warning for each';
  t.test(`${name}: ${what}, and the request is allowed`, async (t) => {
    t.strictSame(await warnings(review), expected);
  });
}

for (const behaviour of [403, 429, 500, 0, 'hang'] as const) {
  t.test(`when reading ends in ${behaviour}, only what can be told without reading is told`, async (t) => {
    const object = workloadJson({
      annotations: { 'restamp.dev/a': '' },
      spec: envFromSpec({ configMapRef: { name: 'gone' } }, { secretRef: { name: 'db' } }),
    });
    const failing = (path: string): Behaviour => (path.endsWith('/db') ? behaviour : 'answer');
    const api = fakeApi(OBJECTS, { behaviour: failing });
    t.strictSame(await warnings(reviewJson({ object }), api), [unknown('restamp.dev/a')]);
  });
}

t.test('optional sources are not even read', async (t) => {
  const api = fakeApi([]);
  const spec = envFromSpec({ configMapRef: { name: 'a', optional: true } }, { secretRef: { name: 'b' } });
  await warnings(reviewJson({ object: workloadJson({ spec }) }), api);
  t.strictSame(api.requests, ['GET /api/v1/namespaces/shop/secrets/b']);
});

t.test('a value is never part of a warning', async (t) => {
  const told = await warnings(annotated({ [INJECT]: 'hunter2', 'restamp.dev/a': 'hunter2' }));
  t.equal(told.length, 2);
  t.notOk(told.join().includes('hunter2'));
});

t.test('no warning is longer than the 256 characters that the API server passes on', async (t) => {
  const long = 'x'.repeat(253);
  const spec = envFromSpec({ configMapRef: { name: long } });
  const object = workloadJson({ annotations: { [`restamp.dev/${long}`]: '' }, spec });
  const told = await warnings(reviewJson({ object }));
  t.equal(told.length, 2);
  for (const warning of told) t.equal(String(warning).length, 256);
});

t.test('a dry run gets the same warnings', async (t) => {
  const object = workloadJson({ spec: envFromSpec({ configMapRef: { name: 'gone' } }) });
  t.strictSame(await warnings(reviewJson({ object, dryRun: true })), await warnings(reviewJson({ object })));
});
