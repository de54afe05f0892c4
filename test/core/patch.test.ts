import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { asObject, isObject, type JsonObject, parseJson } from '../../core/json.ts';
import { CONFIG_HASH, HISTORY, RECORD } from '../../core/names.ts';
import { NOTHING_OURS, type Ours, oursOf } from '../../core/ours.ts';
import { admissionPatch, mergePatches, nested, recordPatch, rolloutPatch } from '../../core/patch.ts';
import { hostileKey } from './arbitrary.ts';
import { copy, DEPLOYMENT, kindNamed, withOurs, workloadJson, workloadOf } from './build.ts';
import { applyJsonPatch, applyMergePatch } from './json-patch.ts';

const OURS: Ours = { stamp: 'v1.a.b', record: '{"v":1}', history: '[]' };

const json = (text: string): JsonObject => asObject(parseJson(text));

/** Objects to which ours has to be added, or from which it has to be taken. */
const OBJECTS: Readonly<Record<string, JsonObject>> = {
  'without annotations': workloadJson(),
  'with empty annotations': workloadJson({ annotations: {}, templateAnnotations: {} }),
  'with other annotations': workloadJson({ annotations: { a: 'b' }, templateAnnotations: { 'a/b~c': 'd' } }),
  'with ours': withOurs({}, { stamp: 'v1.x.y', record: '{}', history: '[1]' }),
  'with half of ours': withOurs({}, { ...NOTHING_OURS, history: '[1]' }),
  'with ours already': withOurs({}, OURS),
  'without metadata': json('{"spec":{"template":{}}}'),
  'with metadata of null': json('{"metadata":null,"spec":{"template":{"metadata":null}}}'),
  'with annotations of null': json(
    '{"metadata":{"annotations":null},"spec":{"template":{"metadata":{"annotations":null}}}}',
  ),
  'with annotations of the wrong type': json(
    '{"metadata":{"annotations":[]},"spec":{"template":{"metadata":{"annotations":"x"}}}}',
  ),
  'with an annotation of ours that is no text': json(
    `{"metadata":{"annotations":{"${RECORD}":7,"${HISTORY}":null}},"spec":{"template":{"metadata":{}}}}`,
  ),
  'with hostile keys': json(
    '{"__proto__":{},"metadata":{"__proto__":{"annotations":{}}},"spec":{"template":{"metadata":{"annotations":{"__proto__":"x"}}}}}',
  ),
};

const WANTED: Readonly<Record<string, Ours>> = {
  all: OURS,
  nothing: NOTHING_OURS,
  'a stamp alone': { ...NOTHING_OURS, stamp: 'v1.a.b' },
  'a record alone': { ...NOTHING_OURS, record: '{"v":1}' },
  'all but a history': { ...OURS, history: undefined },
};

for (const [which, object] of Object.entries(OBJECTS)) {
  t.test(`the patch applies to an object ${which}, and a second one is empty`, (t) => {
    for (const [what, ours] of Object.entries(WANTED)) {
      const patched = applyJsonPatch(object, admissionPatch(object, ours, DEPLOYMENT));
      t.strictSame(oursOf(workloadOf(patched)), ours, what);
      t.strictSame(admissionPatch(patched, ours, DEPLOYMENT), [], what);
    }
    t.end();
  });
}

t.test('an object that carries what it shall is not patched', (t) => {
  t.strictSame(admissionPatch(withOurs({}, OURS), OURS, DEPLOYMENT), []);
  t.strictSame(admissionPatch(workloadJson(), NOTHING_OURS, DEPLOYMENT), []);
  t.end();
});

t.test('a patch names the annotations one by one, with their slashes escaped', (t) => {
  t.strictSame(admissionPatch(workloadJson({ annotations: { a: 'b' } }), { ...OURS, history: undefined }, DEPLOYMENT), [
    { op: 'add', path: '/metadata/annotations/restamp.dev~1record', value: OURS.record },
    { op: 'add', path: '/spec/template/metadata/annotations', value: {} },
    { op: 'add', path: '/spec/template/metadata/annotations/restamp.dev~1config-hash', value: OURS.stamp },
  ]);
  t.strictSame(admissionPatch(withOurs({}, OURS), { ...OURS, history: undefined }, DEPLOYMENT), [
    { op: 'remove', path: '/metadata/annotations/restamp.dev~1history' },
  ]);
  t.end();
});

t.test('a patch applies whatever annotations there are, and leaves them as they are', (t) => {
  const annotations = fc
    .dictionary(fc.oneof(hostileKey, fc.constantFrom(RECORD, HISTORY, CONFIG_HASH)), fc.string(), { maxKeys: 5 })
    .map(copy);
  const text = fc.option(fc.string(), { nil: undefined });
  const ours = fc.record({ stamp: text, record: text, history: text }, { noNullPrototype: true });
  const others = (map: unknown): readonly unknown[] =>
    Object.entries(asObject(map)).filter(([name]) => ![RECORD, HISTORY, CONFIG_HASH].includes(name));
  fc.assert(
    fc.property(annotations, annotations, ours, (annotations, templateAnnotations, ours) => {
      const object = workloadJson({ annotations, templateAnnotations });
      const patched = applyJsonPatch(object, admissionPatch(object, ours, DEPLOYMENT));
      const workload = workloadOf(patched);
      assert.deepEqual(oursOf(workload), ours);
      assert.deepEqual(others(workload.annotations), others(annotations));
      assert.deepEqual(others(workload.template.annotations), others(templateAnnotations));
      assert.deepEqual(admissionPatch(patched, ours, DEPLOYMENT), []);
    }),
  );
  t.end();
});

t.test('the write of a record holds the resourceVersion and the record, and nothing else', (t) => {
  t.strictSame(recordPatch('7', { record: '{}', history: undefined }), {
    metadata: { resourceVersion: '7', annotations: { [RECORD]: '{}' } },
  });
  t.end();
});

t.test('the write of a rollout holds the resourceVersion and ours, and nothing else', (t) => {
  t.strictSame(rolloutPatch('7', OURS, DEPLOYMENT), {
    metadata: { resourceVersion: '7', annotations: { [RECORD]: OURS.record, [HISTORY]: OURS.history } },
    spec: { template: { metadata: { annotations: { [CONFIG_HASH]: OURS.stamp } } } },
  });
  t.end();
});

t.test('the write of a record holds the history where it has grown', (t) => {
  t.strictSame(recordPatch('7', { record: '{}', history: '[]' }), {
    metadata: { resourceVersion: '7', annotations: { [RECORD]: '{}', [HISTORY]: '[]' } },
  });
  t.end();
});

t.test('the stamp is written where the kind has its template', (t) => {
  const metadata = { annotations: { [CONFIG_HASH]: OURS.stamp } };
  const cronJob = kindNamed('CronJob');
  t.strictSame(rolloutPatch('7', OURS, cronJob).spec, { jobTemplate: { spec: { template: { metadata } } } });
  const object = { metadata: {}, spec: { jobTemplate: { spec: { template: {} } } } };
  t.strictSame(
    admissionPatch(object, OURS, cronJob).map(({ path }) => path),
    [
      '/metadata/annotations',
      '/metadata/annotations/restamp.dev~1record',
      '/metadata/annotations/restamp.dev~1history',
      '/spec/jobTemplate/spec/template/metadata',
      '/spec/jobTemplate/spec/template/metadata/annotations/restamp.dev~1config-hash',
    ],
  );
  t.equal(oursOf(workloadOf(applyJsonPatch(object, admissionPatch(object, OURS, cronJob)), cronJob)).stamp, OURS.stamp);
  const odd = { templatePath: ['spec', 'a/b~c'] };
  const [operation] = admissionPatch({ spec: { 'a/b~c': {} } }, { ...NOTHING_OURS, stamp: 'x' }, odd);
  t.equal(operation?.path, '/spec/a~1b~0c/metadata');
  t.end();
});

t.test('a value is put at the end of a path', (t) => {
  t.strictSame(nested([], { a: 1 }), { a: 1 });
  t.strictSame(nested(['x', 'y'], { a: 1 }), { x: { y: { a: 1 } } });
  t.end();
});

t.test('merged patches do what they do one after the other', (t) => {
  t.strictSame(mergePatches({ a: 1 }), { a: 1 });
  t.strictSame(mergePatches({ a: { b: 1, c: [1] } }, { a: { c: [2], d: null } }, { e: {} }), {
    a: { b: 1, c: [2], d: null },
    e: {},
  });
  const patch = fc.dictionary(
    fc.constantFrom('a', 'b'),
    fc.oneof(
      fc.integer(),
      fc.constant([1]),
      fc.dictionary(fc.constantFrom('a', 'b'), fc.integer(), { noNullPrototype: true }),
    ),
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(patch, patch, patch, (target, one, other) => {
      const inTurn = applyMergePatch(applyMergePatch(target, one), other);
      const replaces = Object.entries(one).some(([name, value]) => !isObject(value) && isObject(other[name]));
      if (!replaces) assert.deepEqual(applyMergePatch(target, mergePatches(one, other)), inTurn);
    }),
  );
  t.end();
});

t.test('merging leaves the patches as they were', (t) => {
  const [one, other] = [{ a: { b: 1 } }, { a: { c: 2 } }];
  mergePatches(one, other);
  t.strictSame([one, other], [{ a: { b: 1 } }, { a: { c: 2 } }]);
  t.end();
});

t.test('a write, once merged, leaves everything else as it was', (t) => {
  const before = withOurs({ annotations: { a: 'b' }, templateAnnotations: { c: 'd' } }, NOTHING_OURS);
  const after = withOurs({ annotations: { a: 'b' }, templateAnnotations: { c: 'd' } }, OURS);
  t.strictSame(applyMergePatch(before, rolloutPatch('7', OURS, DEPLOYMENT)), after);
  t.strictSame(
    applyMergePatch(before, recordPatch('7', { record: '{}', history: undefined })),
    withOurs({ annotations: { a: 'b' }, templateAnnotations: { c: 'd' } }, { ...NOTHING_OURS, record: '{}' }),
  );
  t.end();
});

t.test('the applier of these tests refuses what the API server would refuse', (t) => {
  const object = json('{"a":{"b":"c"}}');
  t.throws(() => applyJsonPatch(object, [{ op: 'add', path: '/x/y', value: 1 }]));
  t.throws(() => applyJsonPatch(object, [{ op: 'add', path: '/a/b/c', value: 1 }]));
  t.throws(() => applyJsonPatch(object, [{ op: 'remove', path: '/a/x' }]));
  t.throws(() => applyJsonPatch(object, [{ op: 'add', path: '/a/x' }]));
  t.throws(() => applyJsonPatch(object, [{ op: 'add', path: 'a', value: 1 }]));
  t.throws(() => applyJsonPatch(object, [{ op: 'add', path: '/a~b', value: 1 }]));
  t.throws(() => applyJsonPatch(object, [{ op: 'remove', path: '/__proto__' }]));
  t.strictSame(applyJsonPatch(object, [{ op: 'add', path: '/a/x~1y~0z', value: 1 }]), { a: { b: 'c', 'x/y~z': 1 } });
  t.strictSame(object, json('{"a":{"b":"c"}}'));
  t.end();
});
