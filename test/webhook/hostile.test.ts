/** Keys that would mean something to a careless program: they change nothing and pollute nothing. */
import t from 'tap';
import { asObject, type JsonObject, parseJson } from '../../core/json.ts';
import { configMapJson, envFromSpec, workloadJson } from '../core/build.ts';
import { mutating, post, postReview, responseOf, reviewJson, storedAfter, updateJson } from './build.ts';
import { fakeApi } from './fake-api.ts';

const APP = envFromSpec({ configMapRef: { name: 'app' } });
const api = fakeApi([configMapJson('app', { a: '1' })]);

const asBody = (review: JsonObject): string => JSON.stringify(review);

/** JSON text with keys that mean something to a careless program. */
const HOSTILE =
  '"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}},"prototype":{"polluted":"yes"}';
const HOSTILE_TEXTS = '"__proto__":"yes","constructor":"yes","prototype":"yes","toString":"yes"';

interface Hostile {
  readonly name: string;
  /** Where in the text of a review the keys go: right after this. */
  readonly after: string;
  readonly keys: string;
}

const HOSTILE_PLACES: readonly Hostile[] = [
  { name: 'at the top of the review', after: '{', keys: HOSTILE },
  { name: 'in the request', after: '"request":{', keys: HOSTILE },
  { name: 'in the object', after: '"object":{', keys: HOSTILE },
  { name: 'in the metadata', after: '"metadata":{', keys: HOSTILE },
  { name: 'in the spec', after: '"spec":{', keys: HOSTILE },
  { name: 'in the template', after: '"template":{', keys: HOSTILE },
  {
    name: 'in the pod spec',
    after: '"replicas":1,"template":{"metadata":{"annotations":{"t":"1"}},"spec":{',
    keys: HOSTILE,
  },
  { name: 'among the annotations', after: '"annotations":{', keys: HOSTILE_TEXTS },
  { name: 'among the labels', after: '"labels":{', keys: HOSTILE_TEXTS },
];

const CARRIER = workloadJson({ spec: APP, annotations: { a: '1' }, templateAnnotations: { t: '1' } });
const LABELLED = { ...CARRIER, metadata: { labels: { l: '1' }, ...asObject(CARRIER.metadata) } };

for (const { name, after, keys } of HOSTILE_PLACES) {
  t.test(`hostile keys ${name} change nothing and pollute nothing`, async (t) => {
    const plain = asBody(reviewJson({ object: LABELLED }));
    const hostile = plain.replaceAll(after, `${after}${keys},`);
    t.not(hostile, plain, 'the test does put them in');
    const expected = responseOf(await post(mutating(api), { body: plain }));
    const answer = await post(mutating(api), { body: hostile });
    t.equal(answer.statusCode, 200);
    t.ok(expected.patch);
    t.strictSame(responseOf(answer), expected);
    t.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
    const object = asObject(asObject(parseJson(hostile)).request).object as JsonObject;
    t.doesNotThrow(() => storedAfter(object, responseOf(answer)), 'the patch applies');
  });
}

t.test('an update that brings hostile keys into a template is a changed template', async (t) => {
  const before = asBody(updateJson(CARRIER, CARRIER));
  const unchanged = responseOf(await post(mutating(api), { body: before }));
  t.equal(asObject(unchanged.auditAnnotations).reason, 'untouched');
  for (const pair of HOSTILE_TEXTS.split(',')) {
    // The object is written first: only its template gets the key.
    const changed = before.replace('"annotations":{"t":"1"}', `"annotations":{"t":"1",${pair}}`);
    const response = responseOf(await post(mutating(api), { body: changed }));
    t.equal(asObject(response.auditAnnotations).reason, 'template-changed', pair);
  }
});

t.test('hostile keys in the data of a ConfigMap are entries like any other', async (t) => {
  const stampWith = async (data: string): Promise<unknown> => {
    const configMap = parseJson(`{"kind":"ConfigMap","metadata":{"namespace":"shop","name":"app"},"data":${data}}`);
    const app = mutating(fakeApi([configMap as JsonObject]));
    return responseOf(await postReview(app, reviewJson({ object: workloadJson({ spec: APP }) }))).patch;
  };
  const patches = await Promise.all([
    stampWith('{}'),
    stampWith('{"__proto__":"1"}'),
    stampWith('{"__proto__":"2"}'),
    stampWith('{"constructor":"1"}'),
    stampWith('{"prototype":"1"}'),
    stampWith('{"toString":"1"}'),
  ]);
  t.equal(new Set(patches).size, patches.length, 'each is a configuration of its own');
  t.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
});

t.test(
  'a field that replaces a hostile key is a changed template, though every object has something of that name',
  async (t) => {
    const before = asBody(updateJson(CARRIER, CARRIER));
    // The old object is written after the new one.
    const split = before.indexOf('"oldObject"') < before.indexOf('"object"') ? ['x', '__proto__'] : ['__proto__', 'x'];
    let written = 0;
    const changed = before.replaceAll('"spec":{"containers"', () => `"spec":{"${split[written++]}":{},"containers"`);
    t.equal(written, 2);
    const response = responseOf(await post(mutating(api), { body: changed }));
    t.equal(asObject(response.auditAnnotations).reason, 'template-changed');
  },
);
