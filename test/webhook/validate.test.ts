/**
 * `/validate`: warnings about what an author surely meant otherwise, and denials where a namespace asked for them. What is
 * said about annotations is tested where it is decided (test/core/advice.test.ts); here, that it arrives.
 */
import assert from 'node:assert/strict';
import t from 'tap';
import { asList, asObject, type JsonObject } from '../../core/json.ts';
import { CONFIG_HASH, HISTORY, INJECT, RECORD, RELOADER, SETTLE } from '../../core/names.ts';
import { PHRASE_LENGTH } from '../../core/phrase.ts';
import { NO_EXTRA_REFERENCES } from '../../core/reference.ts';
import { WORKLOAD_KINDS } from '../../core/workload.ts';
import { type ValidateMode, type ValidateOptions, validate } from '../../webhook/validate.ts';
import { configMapJson, container, envFromSpec, envSpec, podSpec, secretJson, workloadJson } from '../core/build.ts';
import { postReview, responseOf, reviewJson, serverWith, UID, updateJson } from './build.ts';
import { type Behaviour, type FakeApi, fakeApi } from './fake-api.ts';

const OBJECTS = [configMapJson('app', { mode: 'fast' }), secretJson('db', { password: 'hunter2' })];
const APP_AND_DB = envFromSpec({ configMapRef: { name: 'app' } }, { secretRef: { name: 'db' } });
const BUDGET_MS = 50;

interface Asked {
  readonly api?: FakeApi;
  readonly mode?: ValidateMode;
  readonly options?: Partial<ValidateOptions>;
}

/** Through the server and back, so that what is told is what the API server gets. */
async function response(review: JsonObject, { api = fakeApi(OBJECTS), mode = 'warn', options }: Asked = {}) {
  const policy = { excludedNamespaces: new Set(['excluded']), ownNamespace: 'restamp', all: false };
  const references = NO_EXTRA_REFERENCES;
  const all = { transport: api, budgetMs: BUDGET_MS, kinds: WORKLOAD_KINDS, policy, references, ...options };
  const crashes: unknown[] = [];
  const app = serverWith({
    validate: (request) => validate(request, all, 'warn'),
    enforce: (request) => validate(request, all, 'enforce'),
    onCrash: (_kind, error) => crashes.push(error),
  });
  const answer = await postReview(app, review, mode === 'warn' ? '/validate' : '/validate/enforce');
  assert.deepEqual([answer.statusCode, crashes], [200, []]);
  const { uid, ...rest } = responseOf(answer);
  assert.equal(uid, UID);
  return rest;
}

/** The warnings. Whatever is told, the request is allowed and nothing is patched. */
async function warnings(review: JsonObject, asked: Asked = {}): Promise<readonly unknown[]> {
  const { allowed, warnings = [], ...rest } = await response(review, asked);
  assert.deepEqual([allowed, rest], [true, {}]);
  return asList(warnings);
}

const annotated = (annotations: JsonObject): JsonObject => reviewJson({ object: workloadJson({ annotations }) });
const withSpec = (spec: JsonObject, annotations: JsonObject = {}): JsonObject =>
  reviewJson({ object: workloadJson({ spec, annotations }) });
const required = (what: string): string => `${what}; the pods cannot start without it`;
const named = (what: string): string => `${what}; it counts once it is there`;

const SLIP = 'restamp.dev/injekt is unknown and does nothing; did you mean restamp.dev/inject?';
const INVALID = 'restamp.dev/inject: "on" counts as not given; write enabled or disabled';

interface Row {
  readonly name: string;
  readonly review: JsonObject;
  readonly expected: readonly string[];
}

const ANNOTATIONS: readonly Row[] = [
  { name: 'a workload without annotations', review: reviewJson(), expected: [] },
  {
    name: 'a slip of the pen in a name',
    review: annotated({ 'restamp.dev/injekt': 'enabled' }),
    expected: [SLIP],
  },
  {
    name: 'an invalid value before a slip of the pen',
    review: annotated({ 'restamp.dev/injekt': '', [INJECT]: 'on' }),
    expected: [INVALID, SLIP],
  },
  {
    name: 'a misplaced annotation on the pod template',
    review: reviewJson({ object: workloadJson({ templateAnnotations: { 'reloader.stakater.com/match': 'true' } }) }),
    expected: [
      'reloader.stakater.com/match belongs on a ConfigMap or Secret; here write reloader.stakater.com/auto: "true"',
    ],
  },
  {
    name: 'an annotation that is of no use for the kind',
    review: reviewJson({
      resource: { group: 'apps', version: 'v1', resource: 'statefulsets' },
      object: workloadJson({ annotations: { 'restamp.dev/strategy': 'restart' } }),
    }),
    expected: ['restamp.dev/strategy: "restart" does nothing on a StatefulSet; it is for Argo Rollouts'],
  },
];

const SOURCES: readonly Row[] = [
  { name: 'sources that exist', review: withSpec(APP_AND_DB), expected: [] },
  {
    name: 'a required ConfigMap that is missing',
    review: withSpec(envFromSpec({ configMapRef: { name: 'gone' } })),
    expected: [required('configmap/gone does not exist')],
  },
  {
    name: 'a required Secret that is missing',
    review: withSpec(envSpec({ secretKeyRef: { name: 'gone', key: 'k' } })),
    expected: [required('secret/gone does not exist')],
  },
  {
    name: 'an optional source that is missing',
    review: withSpec(envFromSpec({ configMapRef: { name: 'gone', optional: true } })),
    expected: [],
  },
  {
    name: 'a required key that is missing',
    review: withSpec(envSpec({ configMapKeyRef: { name: 'app', key: 'moed' } })),
    expected: [required('configmap/app has no key moed')],
  },
  {
    name: 'an optional key that is missing',
    review: withSpec(envSpec({ secretKeyRef: { name: 'db', key: 'gone', optional: true } })),
    expected: [],
  },
  {
    name: 'an optional key that is missing of a source that is required',
    review: withSpec(
      envSpec(
        { secretKeyRef: { name: 'db', key: 'gone', optional: true } },
        { secretKeyRef: { name: 'db', key: 'password' } },
      ),
    ),
    expected: [],
  },
  {
    name: 'a missing source that is optional in one place and required in another',
    review: withSpec(
      podSpec({ envFrom: [{ configMapRef: { name: 'gone', optional: true } }, { configMapRef: { name: 'gone' } }] }),
    ),
    expected: [required('configmap/gone does not exist')],
  },
  {
    name: 'a missing source that several containers use is told once',
    review: withSpec({
      containers: [container({ envFrom: [{ secretRef: { name: 'gone' } }] }), container()],
      initContainers: [container({ envFrom: [{ secretRef: { name: 'gone' } }] })],
      volumes: [{ name: 'v', secret: { secretName: 'gone' } }],
    }),
    expected: [required('secret/gone does not exist')],
  },
  {
    name: 'a source whose name cannot exist',
    review: withSpec(envFromSpec({ configMapRef: { name: '..' } })),
    expected: [required('configmap/.. does not exist')],
  },
  {
    name: 'a source of that name in another namespace only',
    review: reviewJson({ namespace: 'stage', object: workloadJson({ spec: APP_AND_DB }) }),
    expected: [required('configmap/app does not exist'), required('secret/db does not exist')],
  },
  {
    name: 'names in annotations that do not exist, one of them a key',
    review: annotated({
      'restamp.dev/include': 'configmap/app#moed, secret/gone',
      'configmap.reloader.stakater.com/reload': 'lost, app-.*',
    }),
    expected: [
      named('configmap/app has no key moed'),
      named('configmap/lost does not exist'),
      named('secret/gone does not exist'),
    ],
  },
  {
    name: 'a name of a ConfigMap that does not exist, although a Secret of that name does',
    review: annotated({
      'configmap.reloader.stakater.com/reload': 'db',
      'secret.reloader.stakater.com/reload': 'db',
    }),
    expected: [named('configmap/db does not exist')],
  },
  {
    name: 'a name of a ConfigMap in auto (the tutorial)',
    review: annotated({ 'reloader.stakater.com/auto': 'app,db' }),
    expected: [
      'reloader.stakater.com/auto: understood as names; write them in configmap.reloader.stakater.com/reload or secret.…/reload',
    ],
  },
  {
    name: 'a name in auto that neither a ConfigMap nor a Secret has',
    review: annotated({ 'reloader.stakater.com/auto': 'lost' }),
    expected: [
      'reloader.stakater.com/auto: understood as names; write them in configmap.reloader.stakater.com/reload or secret.…/reload',
      named('configmap/lost does not exist'),
      named('secret/lost does not exist'),
    ],
  },
  {
    name: 'a missing source that is excluded',
    review: withSpec(envFromSpec({ configMapRef: { name: 'gone' } }), { 'restamp.dev/exclude': 'configmap/gone' }),
    expected: [],
  },
  {
    name: 'a missing source of a workload that opted out',
    review: withSpec(envFromSpec({ configMapRef: { name: 'gone' } }), { [INJECT]: 'disabled' }),
    expected: [],
  },
  {
    name: 'a slip of the pen and a missing source, at an update',
    review: updateJson(
      workloadJson(),
      workloadJson({
        annotations: { 'restamp.dev/injekt': '' },
        spec: envFromSpec({ configMapRef: { name: 'gone' } }),
      }),
    ),
    expected: [SLIP, required('configmap/gone does not exist')],
  },
];

/** What no warning can be about, although each of these carries a slip of the pen. */
const WRONG = workloadJson({ annotations: { 'restamp.dev/injekt': '' }, spec: APP_AND_DB });

const NOTHING: readonly Row[] = [
  { name: 'a null object', review: reviewJson({ object: null }), expected: [] },
  {
    name: 'an object without a template',
    review: reviewJson({ object: { metadata: { annotations: { 'restamp.dev/injekt': '' } } } }),
    expected: [],
  },
  { name: 'a DELETE', review: reviewJson({ operation: 'DELETE', object: WRONG, oldObject: WRONG }), expected: [] },
  { name: 'a namespace that cannot be', review: reviewJson({ namespace: '..', object: WRONG }), expected: [] },
  { name: 'a namespace that is excluded', review: reviewJson({ namespace: 'excluded', object: WRONG }), expected: [] },
  {
    name: 'a kind that is none of the known',
    review: reviewJson({ resource: { group: 'apps', version: 'v1', resource: 'replicasets' }, object: WRONG }),
    expected: [],
  },
  {
    name: 'an update of an object that cannot be compared',
    review: reviewJson({ operation: 'UPDATE', oldObject: null, object: WRONG }),
    expected: [],
  },
  {
    name: 'a Job that a CronJob made',
    review: reviewJson({
      resource: { group: 'batch', version: 'v1', resource: 'jobs' },
      object: {
        ...WRONG,
        metadata: { ...asObject(WRONG.metadata), ownerReferences: [{ kind: 'CronJob', name: 'c', controller: true }] },
      },
    }),
    expected: [],
  },
];

for (const { name, review, expected } of [...ANNOTATIONS, ...SOURCES, ...NOTHING]) {
  const what = expected.length === 0 ? 'no warning' : expected.length === 1 ? 'a warning' : 'a warning for each';
  t.test(`${name}: ${what}, and the request is allowed`, async (t) => {
    t.strictSame(await warnings(review), expected);
    t.strictSame(await warnings(review, { mode: 'warn' }), expected);
  });
}

t.test('a Job that nobody made for its author gets its warnings', async (t) => {
  const resource = { group: 'batch', version: 'v1', resource: 'jobs' };
  t.strictSame(await warnings(reviewJson({ resource, object: WRONG })), [SLIP]);
});

t.test('what stands on a ConfigMap or Secret and does nothing there is told with the workload', async (t) => {
  const metadata = { namespace: 'shop', name: 'app', annotations: { 'reloader.stakater.com/search': 'true' } };
  const api = fakeApi([configMapJson('app', {}, { metadata }), secretJson('db')]);
  t.strictSame(await warnings(withSpec(APP_AND_DB), { api }), [
    'configmap/app carries reloader.stakater.com/search, which does nothing there',
  ]);
});

t.test('names that the installation chose are known, and those of Reloader told to be called otherwise', async (t) => {
  const vocabulary = { ...RELOADER, auto: 'example.com/auto' };
  const policy = { excludedNamespaces: new Set<string>(), ownNamespace: 'restamp', all: false, vocabulary };
  const review = annotated({ 'reloader.stakater.com/auto': 'true', 'example.com/auto': 'yes' });
  t.strictSame(await warnings(review, { options: { policy } }), [
    'example.com/auto: understood as "true"; write "true", which Reloader knows too',
    'reloader.stakater.com/auto does nothing: it is called example.com/auto here',
  ]);
});

t.test('a source of another namespace is looked for there, where that is allowed', async (t) => {
  const policy = {
    ...{ excludedNamespaces: new Set<string>(), ownNamespace: 'restamp', all: false },
    crossNamespaces: new Set(['team']),
  };
  const api = fakeApi(OBJECTS);
  const review = annotated({
    'wave.pusher.com/update-on-config-change': 'true',
    'wave.pusher.com/extra-configmaps': 'team/shared,other/shared',
  });
  t.strictSame(await warnings(review, { api, options: { policy } }), [
    'wave.pusher.com/extra-configmaps: namespace other is none of --cross-namespaces',
    named('configmap/team/shared does not exist'),
  ]);
  t.strictSame(api.requests, ['GET /api/v1/namespaces/team/configmaps/shared']);
});

for (const behaviour of [403, 429, 500, 0, 'hang'] as const) {
  t.test(`when reading ends in ${behaviour}, only what can be told without reading is told`, async (t) => {
    const spec = envFromSpec({ configMapRef: { name: 'gone' } }, { secretRef: { name: 'db' } });
    const failing = (path: string): Behaviour => (path.endsWith('/db') ? behaviour : 'answer');
    const review = withSpec(spec, { 'restamp.dev/injekt': '' });
    for (const mode of ['warn', 'enforce'] as const) {
      t.strictSame(await warnings(review, { api: fakeApi(OBJECTS, { behaviour: failing }), mode }), [SLIP]);
    }
  });
}

t.test('optional sources, expressions and classes are not read', async (t) => {
  const api = fakeApi([]);
  const csi = { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass: 'vault' } };
  const spec = podSpec(
    { envFrom: [{ configMapRef: { name: 'a', optional: true } }, { secretRef: { name: 'b' } }] },
    { volumes: [{ name: 'v', csi }] },
  );
  const options = { references: { ...NO_EXTRA_REFERENCES, secretProviderClasses: true } };
  const annotations = { [INJECT]: 'enabled', 'configmap.reloader.stakater.com/reload': 'app-.*' };
  await warnings(withSpec(spec, annotations), { api, options });
  t.strictSame(api.requests, ['GET /api/v1/namespaces/shop/secrets/b']);
});

const SCALED = { ...WRONG, spec: { ...asObject(WRONG.spec), replicas: 5 } };

/** Updates that nobody needs advice on, and the annotations that tell them from the object before. */
const QUIET = [
  { name: 'that scales', object: SCALED },
  { name: 'that labels', object: { ...WRONG, metadata: { ...asObject(WRONG.metadata), labels: { a: 'b' } } } },
  {
    name: "that writes restamp's record, history and stamp",
    object: workloadJson({
      annotations: { 'restamp.dev/injekt': '', [RECORD]: '{}', [HISTORY]: '[]' },
      templateAnnotations: { [CONFIG_HASH]: 'v1.a.b' },
      spec: APP_AND_DB,
    }),
  },
  {
    name: 'that counts a revision',
    object: workloadJson({
      annotations: { 'restamp.dev/injekt': '', 'deployment.kubernetes.io/revision': '2' },
      spec: APP_AND_DB,
    }),
  },
];

for (const { name, object } of QUIET) {
  t.test(`for an update ${name}, nothing is read and nothing told`, async (t) => {
    const api = fakeApi([]);
    t.strictSame(await warnings(updateJson(WRONG, object), { api }), []);
    t.strictSame(await warnings(updateJson(WRONG, object), { api, mode: 'enforce' }), []);
    t.strictSame(api.requests, []);
  });
}

t.test('for an update of the template or of an annotation that counts, all is told', async (t) => {
  const template = workloadJson({ annotations: { 'restamp.dev/injekt': '' }, spec: podSpec() });
  t.strictSame(await warnings(updateJson(WRONG, template)), [SLIP]);
  const annotation = workloadJson({ annotations: { 'restamp.dev/injekt': '', [SETTLE]: '5s' }, spec: APP_AND_DB });
  t.strictSame(await warnings(updateJson(WRONG, annotation)), [SLIP]);
});

t.test('nothing of a Secret is part of a warning, and of a value no more than 24 characters', async (t) => {
  const value = 'hunter2'.repeat(100);
  const told = await warnings(
    withSpec(envSpec({ secretKeyRef: { name: 'db', key: 'gone' } }), { [INJECT]: 'x'.repeat(100), example: value }),
  );
  t.equal(told.length, 2);
  t.notOk(told.join().includes('hunter2'));
  t.notOk(told.join().includes('x'.repeat(25)));
});

t.test('no warning is longer than 120 characters, whatever the names are', async (t) => {
  const long = 'x'.repeat(253);
  const spec = podSpec({
    envFrom: [{ configMapRef: { name: long } }],
    env: [{ name: 'V', valueFrom: { configMapKeyRef: { name: 'app', key: long } } }],
  });
  const told = await warnings(withSpec(spec, { [`restamp.dev/${long}`]: '' }));
  t.equal(told.length, 3);
  for (const warning of told) t.ok(String(warning).length <= PHRASE_LENGTH, String(warning));
  t.match(told.join('\n'), /x…; .*\n.*x… does not exist|x… does not exist/);
});

t.test('there are no more than 20 warnings', async (t) => {
  const gone = (count: number): JsonObject =>
    withSpec(
      envFromSpec(...Array.from({ length: count }, (_, index) => ({ configMapRef: { name: `gone-${index}` } }))),
    );
  t.equal((await warnings(gone(20))).length, 20);
  const many = await warnings(gone(30));
  t.equal(many.length, 20);
  t.equal(many.at(-1), 'and 11 more warnings');
});

t.test('a dry run gets the same warnings', async (t) => {
  const object = workloadJson({ spec: envFromSpec({ configMapRef: { name: 'gone' } }) });
  const told = await warnings(reviewJson({ object, dryRun: true }));
  t.strictSame(told, await warnings(reviewJson({ object })));
  t.equal(told.length, 1);
});

/** The message of a denial, or nothing where the request is allowed. */
async function denial(review: JsonObject, mode: ValidateMode = 'enforce', api = fakeApi(OBJECTS)): Promise<unknown> {
  const { allowed, status } = await response(review, { mode, api });
  if (allowed === true) {
    assert.equal(status, undefined);
    return undefined;
  }
  const { code, reason, message } = asObject(status);
  assert.deepEqual([allowed, code, reason], [false, 403, 'Forbidden']);
  return message;
}

const MALFORMED = workloadJson({ annotations: { [SETTLE]: 'soon', [INJECT]: 'on' } });
const WHY = `${INVALID}; restamp.dev/settle: "soon": write a duration like 1h30m, at most 168h`;

t.test("where the namespace enforces it, malformed values of restamp's annotations are denied", async (t) => {
  t.equal(await denial(reviewJson({ object: MALFORMED })), WHY);
  t.equal(await denial(reviewJson({ object: MALFORMED, dryRun: true })), WHY, 'a dry run too');
  t.equal(await denial(updateJson(workloadJson(), MALFORMED)), WHY, 'at an update that brings them');
});

t.test('where the namespace does not, they are warned about', async (t) => {
  t.equal(await denial(reviewJson({ object: MALFORMED }), 'warn'), undefined);
  t.strictSame((await warnings(reviewJson({ object: MALFORMED }))).join('; '), WHY);
});

t.test('nothing is read for a denial, and no fault of the API server prevents it', async (t) => {
  const object = workloadJson({ annotations: { [INJECT]: 'on' }, spec: APP_AND_DB });
  const api = fakeApi([], { behaviour: () => 500 });
  t.equal(await denial(reviewJson({ object }), 'enforce', api), INVALID);
  t.strictSame(api.requests, []);
});

/** What is no reason to deny anything, enforced or not; each is warned about. */
const TOLERATED: readonly { readonly name: string; readonly object: JsonObject }[] = [
  { name: 'an unknown name of restamp', object: workloadJson({ annotations: { 'restamp.dev/injekt': 'x' } }) },
  {
    name: 'a misplaced annotation of restamp',
    object: workloadJson({ templateAnnotations: { [SETTLE]: 'soon' } }),
  },
  {
    name: 'a strategy that is of no use for the kind',
    object: workloadJson({ annotations: { 'restamp.dev/strategy': 'restart' } }),
  },
  {
    name: "a malformed value of Reloader's",
    object: workloadJson({ annotations: { 'configmap.reloader.stakater.com/reload': '(' } }),
  },
  {
    name: "a malformed value of wave's",
    object: workloadJson({
      annotations: { 'wave.pusher.com/update-on-config-change': 'true', 'wave.pusher.com/extra-secrets': '/' },
    }),
  },
  {
    name: 'a source that is missing',
    object: workloadJson({ spec: envFromSpec({ secretRef: { name: 'gone' } }) }),
  },
];

for (const { name, object } of TOLERATED) {
  t.test(`${name} is warned about and never denied`, async (t) => {
    t.equal((await warnings(reviewJson({ object }), { mode: 'enforce' })).length, 1);
  });
}

const MALFORMED_BEFORE = workloadJson({ annotations: { [SETTLE]: 'soon' } });

t.test('an update that does not touch a malformed annotation is not denied', async (t) => {
  const image = workloadJson({ annotations: { [SETTLE]: 'soon' }, spec: podSpec({ image: 'app:2' }) });
  t.equal(await denial(updateJson(MALFORMED_BEFORE, image)), undefined, 'another image');
  const other = workloadJson({ annotations: { [SETTLE]: 'soon', [INJECT]: 'enabled' } });
  t.equal(await denial(updateJson(MALFORMED_BEFORE, other)), undefined, 'another annotation, in its right form');
  t.equal(await denial(updateJson(MALFORMED_BEFORE, workloadJson())), undefined, 'the annotation taken away');
  const right = workloadJson({ annotations: { [SETTLE]: '5s' } });
  t.equal(await denial(updateJson(MALFORMED_BEFORE, right)), undefined, 'the annotation put right');
});

t.test('an update that writes another malformed value, or a second one, is denied for that', async (t) => {
  const later = workloadJson({ annotations: { [SETTLE]: 'later' } });
  t.match(await denial(updateJson(MALFORMED_BEFORE, later)), /^restamp\.dev\/settle: "later": write a duration/);
  const second = workloadJson({ annotations: { [SETTLE]: 'soon', [INJECT]: 'on' } });
  t.equal(await denial(updateJson(MALFORMED_BEFORE, second)), INVALID);
});

t.test('in an excluded namespace nothing is denied', async (t) => {
  t.equal(await denial(reviewJson({ namespace: 'excluded', object: MALFORMED })), undefined);
});

t.test('an update of what cannot be compared is not denied', async (t) => {
  t.equal(await denial(reviewJson({ operation: 'UPDATE', oldObject: null, object: MALFORMED })), undefined);
});

t.test('a malformed value is denied however much else there is to say', async (t) => {
  const slips = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`restamp.dev/z${index}`, '']));
  t.equal(await denial(annotated({ ...slips, [INJECT]: 'on' })), INVALID);
});
