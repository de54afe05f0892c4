/** The edges of the protocol, each by its name: what is no review is refused, and every review is answered. */
import t from 'tap';
import { asList, asObject, type JsonObject, parseJson } from '../../core/json.ts';
import { type Keyring, keyring } from '../../core/key.ts';
import type { AdmissionRequest } from '../../webhook/review.ts';
import { configMapJson, envFromSpec, KEY, KEYRING, key, workloadJson } from '../core/build.ts';
import { mutating, post, postReview, responseOf, reviewJson, serverWith, UID, updateJson } from './build.ts';
import { fakeApi } from './fake-api.ts';

/** A word that is in every bad request, and must be in no answer to one. */
const MARK = 'hunter2';
const LIMIT = 7 * 1024 * 1024;
const V1 = 'expected an AdmissionReview of admission.k8s.io/v1';
const APP = envFromSpec({ configMapRef: { name: 'app' } });
const API = fakeApi([configMapJson('app', { a: '1' })]);

const asBody = (review: JsonObject): string => JSON.stringify(review);
const messageOf = (body: string): unknown => asObject(parseJson(body)).error;

interface Refusal {
  readonly name: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly message: string;
}

const noJson = 'the body is no valid JSON';
const wrongType = 'expected content-type: application/json';
const noUid = 'expected request.uid to be a text';
const noRequest = 'expected the AdmissionReview to hold a request';

const REFUSALS: readonly Refusal[] = [
  { name: 'an empty body is refused', body: '', status: 400, message: noJson },
  { name: 'a body that is not there is refused', headers: {}, status: 400, message: V1 },
  { name: 'a body that is not JSON is refused', body: MARK, status: 400, message: noJson },
  { name: 'a body that ends too early is refused', body: `{"kind":"${MARK}`, status: 400, message: noJson },
  { name: 'an array is no review', body: `["${MARK}"]`, status: 400, message: V1 },
  { name: 'null is no review', body: 'null', status: 400, message: V1 },
  { name: 'a number is no review', body: '42', status: 400, message: V1 },
  { name: 'a string is no review', body: `"${MARK}"`, status: 400, message: V1 },
  { name: 'an object of another kind is no review', body: asBody({ kind: MARK }), status: 400, message: V1 },
  {
    name: 'a review of v1beta1 is refused, and told what was expected',
    body: asBody({ ...reviewJson({ name: MARK }), apiVersion: 'admission.k8s.io/v1beta1' }),
    status: 400,
    message: V1,
  },
  {
    name: 'a review without a request is refused',
    body: asBody({ ...reviewJson(), request: undefined, note: MARK }),
    status: 400,
    message: noRequest,
  },
  {
    name: 'a review whose request is a list is refused',
    body: asBody({ ...reviewJson(), request: [MARK] }),
    status: 400,
    message: noRequest,
  },
  {
    name: 'a uid that is missing is refused',
    body: asBody(reviewJson({ uid: undefined })),
    status: 400,
    message: noUid,
  },
  { name: 'a uid that is a number is refused', body: asBody(reviewJson({ uid: 42 })), status: 400, message: noUid },
  { name: 'a uid that is null is refused', body: asBody(reviewJson({ uid: null })), status: 400, message: noUid },
  { name: 'a uid that is empty is refused', body: asBody(reviewJson({ uid: '' })), status: 400, message: noUid },
  {
    name: 'a uid that is an object is refused',
    body: asBody(reviewJson({ uid: { toString: MARK } })),
    status: 400,
    message: noUid,
  },
  {
    name: 'a body one byte too large is refused',
    body: padded(LIMIT + 1),
    status: 413,
    message: `the body is larger than ${LIMIT} bytes`,
  },
  {
    name: 'a body of plain text is refused',
    body: asBody(reviewJson({ name: MARK })),
    headers: { 'content-type': 'text/plain' },
    status: 415,
    message: wrongType,
  },
  {
    name: 'a body of YAML is refused',
    body: `kind: ${MARK}`,
    headers: { 'content-type': 'application/yaml' },
    status: 415,
    message: wrongType,
  },
  {
    name: 'a type that only begins like JSON is refused',
    body: asBody(reviewJson()),
    headers: { 'content-type': 'application/json-patch+json' },
    status: 415,
    message: wrongType,
  },
  {
    name: 'a type that is no type is refused',
    body: asBody(reviewJson()),
    headers: { 'content-type': MARK },
    status: 415,
    message: wrongType,
  },
  {
    name: 'a body without a type is refused',
    // As bytes: inject() would call an object or a string by a type of its own.
    body: Buffer.from(asBody(reviewJson({ name: MARK }))),
    headers: {},
    status: 415,
    message: wrongType,
  },
];

/** A review of exactly that many bytes. */
function padded(bytes: number): string {
  const empty = asBody(reviewJson({ object: { pad: '' } }));
  return empty.replace('"pad":""', `"pad":"${'x'.repeat(bytes - Buffer.byteLength(empty))}"`);
}

for (const { name, status, message, ...request } of REFUSALS) {
  t.test(name, async (t) => {
    const app = serverWith({
      mutate: async () => {
        t.fail('nobody asks for a decision about it');
        return {};
      },
    });
    const answer = await post(app, request);
    t.equal(answer.statusCode, status);
    t.equal(messageOf(answer.body), message);
    t.strictSame(Object.keys(asObject(parseJson(answer.body))), ['error'], 'the text is all there is');
    t.notOk(answer.payload.includes(MARK), 'nothing of the request comes back');
  });
}

t.test('a body of just the limit is answered', async (t) => {
  const answer = await post(serverWith(), { body: padded(LIMIT) });
  t.equal(answer.statusCode, 200);
  t.equal(responseOf(answer).uid, UID);
});

for (const type of ['application/json; charset=utf-8', 'application/json;charset=UTF-8', 'Application/JSON']) {
  t.test(`a body of the type ${type} is answered`, async (t) => {
    const answer = await post(serverWith(), { body: asBody(reviewJson()), headers: { 'content-type': type } });
    t.equal(answer.statusCode, 200);
  });
}

for (const path of ['/mutate', '/validate', '/validate/enforce']) {
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const) {
    t.test(`${method} ${path} is refused before the body is looked at, and told what is allowed`, async (t) => {
      const payload = { headers: { 'content-type': 'text/plain' }, payload: MARK };
      const answer = await serverWith().inject({ method, url: path, ...(method === 'PUT' ? payload : {}) });
      t.equal(answer.statusCode, 405);
      t.equal(answer.headers.allow, 'POST');
      if (method !== 'HEAD') t.equal(messageOf(answer.body), 'expected POST');
    });
  }

  t.test(`${path} answers with the query that the API server adds`, async (t) => {
    const answer = await post(serverWith(), { body: asBody(reviewJson()), path: `${path}?timeout=3s` });
    t.equal(answer.statusCode, 200);
  });
}

for (const path of [
  '/',
  `/${MARK}`,
  `/mutate/${MARK}`,
  '/validate/enforce/',
  `/validate/${MARK}`,
  '/mutate/',
  '/mutated',
  '/Mutate',
  `/%zz${MARK}`,
  '//mutate',
]) {
  t.test(`the path ${path} is not found, whatever is sent there`, async (t) => {
    for (const body of [asBody(reviewJson()), MARK]) {
      const answer = await post(serverWith(), { body, path });
      t.equal(answer.statusCode, 404);
      t.strictSame(parseJson(answer.body), {
        error: 'expected POST /mutate, POST /validate or POST /validate/enforce',
      });
    }
  });
}

const UIDS = {
  'a letter': 'u',
  'text that JSON has to escape': 'ü-\u0000-"-\\-\u2028',
  'a space': ' ',
  'very long': 'x'.repeat(10_000),
  'a hostile key': '__proto__',
};

for (const [what, uid] of Object.entries(UIDS)) {
  t.test(`a uid that is ${what} comes back as it was sent`, async (t) => {
    const answer = await postReview(serverWith(), reviewJson({ uid }));
    t.strictSame(responseOf(answer), { uid, allowed: true });
  });
}

t.test('an answer is a review of v1 in JSON', async (t) => {
  const answer = await postReview(serverWith(), reviewJson());
  t.strictSame(parseJson(answer.body), {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: UID, allowed: true },
  });
  t.match(answer.headers['content-type'], /^application\/json/);
});

t.test('each path asks its own handler, with what the review says', async (t) => {
  const asked: [string, AdmissionRequest][] = [];
  const note = (path: string) => async (request: AdmissionRequest) => {
    asked.push([path, request]);
    return {};
  };
  const app = serverWith({ mutate: note('mutate'), validate: note('validate'), enforce: note('enforce') });
  await postReview(app, reviewJson({ dryRun: true }), '/mutate');
  await postReview(app, updateJson(workloadJson(), workloadJson()), '/validate');
  await postReview(app, reviewJson(), '/validate/enforce');
  await postReview(app, reviewJson(), '/validate/enforce?timeout=3s');
  const named = {
    uid: UID,
    kind: 'Deployment',
    group: 'apps',
    resource: 'deployments',
    namespace: 'shop',
    name: 'web',
  };
  const request = { ...named, object: workloadJson() };
  const created = { ...request, operation: 'CREATE', dryRun: false, oldObject: null };
  t.strictSame(asked, [
    ['mutate', { ...request, operation: 'CREATE', dryRun: true, oldObject: null }],
    ['validate', { ...request, operation: 'UPDATE', dryRun: false, oldObject: workloadJson() }],
    ['enforce', created],
    ['enforce', created],
  ]);
});

/** Requests that no patch can be for: all are allowed. */
const UNTOUCHED: readonly { readonly name: string; readonly request: JsonObject }[] = [
  { name: 'a null object', request: { object: null } },
  { name: 'no object', request: { object: undefined } },
  { name: 'an object that is a list', request: { object: [workloadJson()] } },
  { name: 'an object that is a text', request: { object: 'Deployment' } },
  { name: 'an object without a spec', request: { object: { metadata: { name: 'web' } } } },
  { name: 'an object without a template', request: { object: { ...workloadJson(), spec: { replicas: 1 } } } },
  { name: 'an object whose template is a list', request: { object: { ...workloadJson(), spec: { template: [] } } } },
  {
    name: 'a DELETE as the API server sends it',
    request: { operation: 'DELETE', object: null, oldObject: workloadJson({ spec: APP }) },
  },
  { name: 'a DELETE that brings an object', request: { operation: 'DELETE' } },
  { name: 'a CONNECT', request: { operation: 'CONNECT', object: { kind: 'PodExecOptions', command: ['sh'] } } },
  { name: 'a CONNECT that brings a workload', request: { operation: 'CONNECT' } },
  { name: 'an operation nobody has heard of', request: { operation: 'RENAME' } },
  { name: 'an operation that is no text', request: { operation: ['CREATE'] } },
  { name: 'an UPDATE without the old object', request: { operation: 'UPDATE', oldObject: null } },
  { name: 'a request without a namespace', request: { namespace: undefined } },
  { name: 'a request for a namespace that cannot be', request: { namespace: '..' } },
];

for (const { name, request } of UNTOUCHED) {
  t.test(`${name} is allowed, unread and unpatched`, async (t) => {
    const api = fakeApi([configMapJson('app', { a: '1' })]);
    const answer = await postReview(mutating(api), reviewJson({ object: workloadJson({ spec: APP }), ...request }));
    t.equal(answer.statusCode, 200);
    t.strictSame(responseOf(answer), { uid: UID, allowed: true });
    t.strictSame(api.requests, []);
  });
}

t.test('a new workload with generateName, which has no name yet, is stamped', async (t) => {
  const object = workloadJson({ spec: APP });
  const nameless = { ...object, metadata: { generateName: 'web-', namespace: 'shop' } };
  const named = responseOf(await postReview(mutating(API), reviewJson({ object })));
  const response = responseOf(await postReview(mutating(API), reviewJson({ object: nameless, name: '' })));
  t.strictSame(response, named, 'the stamp does not depend on the name');
  t.ok(response.patch);
});

t.test("a field that is missing or of another form stands in nobody's way", async (t) => {
  for (const field of ['kind', 'name', 'userInfo', 'oldObject', 'dryRun']) {
    for (const value of [undefined, null, 42, MARK, [MARK], { [MARK]: MARK }]) {
      const review = reviewJson({ object: workloadJson({ spec: APP }), [field]: value });
      const response = responseOf(await postReview(mutating(API), review));
      t.equal(response.allowed, true);
      t.ok(response.patch, `${field}: ${JSON.stringify(value)}`);
    }
  }
});

t.test('a resource that is missing, of another form or unknown is allowed, unread and unpatched', async (t) => {
  for (const resource of [undefined, null, 42, MARK, [MARK], { [MARK]: MARK }, { group: 'apps', resource: MARK }]) {
    const api = fakeApi([configMapJson('app', { a: '1' })]);
    const answer = await postReview(mutating(api), reviewJson({ object: workloadJson({ spec: APP }), resource }));
    t.strictSame(responseOf(answer), { uid: UID, allowed: true });
    t.strictSame(api.requests, []);
  }
});

for (const path of ['/mutate', '/validate', '/validate/enforce']) {
  t.test(`a handler of ${path} that throws allows the request, with its uid and a warning`, async (t) => {
    const told: unknown[] = [];
    const fail = async (): Promise<never> => {
      throw new Error(MARK);
    };
    const app = serverWith({
      mutate: fail,
      validate: fail,
      enforce: fail,
      onCrash: (kind, error) => told.push([kind, error]),
    });
    const answer = await postReview(app, reviewJson({ uid: 'mine' }), path);
    t.equal(answer.statusCode, 200);
    const { warnings, ...response } = responseOf(answer);
    t.strictSame(response, { uid: 'mine', allowed: true });
    t.strictSame(warnings, [
      'restamp failed on this request and left it as it was; its watcher will see to the workload',
    ]);
    t.notOk(answer.body.includes(MARK), 'the error is for the log');
    t.strictSame(told, [['Deployment', new Error(MARK)]]);
  });
}

t.test('a handler that throws at once, before its first promise, allows the request too', async (t) => {
  const app = serverWith({
    mutate: () => {
      throw new TypeError('not a promise');
    },
  });
  const response = responseOf(await postReview(app, reviewJson()));
  t.equal(response.allowed, true);
  t.equal(asList(response.warnings).length, 1);
});

t.test('a dry run gets the same answer to the byte and writes nothing', async (t) => {
  const objects = [configMapJson('app', { a: '1' })];
  const old = workloadJson({ spec: APP });
  const requests = [
    { object: old },
    { operation: 'UPDATE', oldObject: old, object: workloadJson({ spec: APP, templateAnnotations: { t: '2' } }) },
    { operation: 'UPDATE', oldObject: old, object: workloadJson({ spec: APP, annotations: { a: '2' } }) },
  ];
  for (const request of requests) {
    const api = fakeApi(objects);
    const real = await postReview(mutating(api), reviewJson({ ...request, dryRun: false }));
    const dry = await postReview(mutating(api), reviewJson({ ...request, dryRun: true }));
    t.equal(dry.body, real.body);
    t.equal(dry.statusCode, real.statusCode);
    t.ok(
      api.requests.every((line) => line.startsWith('GET ')),
      'it only reads',
    );
  }
});

t.test('two replicas give the same answer, and two installations do not', async (t) => {
  const answerBy = async (ring: Keyring): Promise<string> => {
    const app = mutating(fakeApi([]), { keyring: () => ring });
    return (await postReview(app, reviewJson({ object: workloadJson({ spec: APP }) }))).body;
  };
  t.equal(await answerBy(KEYRING), await answerBy(keyring(KEY)));
  t.not(await answerBy(KEYRING), await answerBy(keyring(key(2))));
});

t.test('while it drains, each answer asks the client to close its connection, refusals too', async (t) => {
  let draining = false;
  const app = serverWith({ draining: () => draining });
  t.not((await postReview(app, reviewJson())).headers.connection, 'close');
  draining = true;
  const answers = [
    await postReview(app, reviewJson()),
    await post(app, { body: MARK }),
    await post(app, { path: '/nowhere' }),
    await app.inject({ method: 'GET', url: '/mutate' }),
  ];
  for (const { headers } of answers) t.equal(headers.connection, 'close');
});
