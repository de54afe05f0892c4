import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import {
  ABSENT,
  type Configuration,
  changeId,
  configuration,
  configurationOf as gatheredConfiguration,
  MISSING,
  type PartName,
  sourceFingerprint,
  stampKeyId,
  stampOf,
  UNSEEN,
} from '../../core/digest.ts';
import type { JsonObject } from '../../core/json.ts';
import { KEY_BYTES, keyOf, keyring } from '../../core/key.ts';
import { mergeUses, type Reference, references, type Use } from '../../core/reference.ts';
import { hostileKey, world } from './arbitrary.ts';
import {
  configMapJson,
  configurationOf,
  envFromSpec,
  envSpec,
  KEY,
  key,
  podSpec,
  secretJson,
  sourcesOf,
} from './build.ts';

const APP = envFromSpec({ configMapRef: { name: 'app' } });

/** The digest of a ConfigMap `app` that is used as a whole. */
const whole = (data: JsonObject, fields: JsonObject = {}): string | undefined =>
  configurationOf(APP, [configMapJson('app', data, fields)]).parts.get('configmap/app#*');

const partsOf = (spec: JsonObject, ...objects: readonly JsonObject[]): ReadonlyMap<PartName, string> =>
  configurationOf(spec, objects).parts;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Map keys and values that do not fit ConfigMap's rules either; well-formed, since JSON from Kubernetes is UTF-8. */
const text = fc.string({ unit: 'binary', maxLength: 4 });
const entries = fc.dictionary(fc.oneof(hostileKey, text), text, { maxKeys: 4, noNullPrototype: true });

t.test('the order of entries does not count', (t) => {
  fc.assert(
    fc.property(entries, (data) => {
      assert.equal(whole(Object.fromEntries(Object.entries(data).reverse())), whole(data));
    }),
  );
  t.end();
});

t.test('the order of references and sources does not count for the stamp', (t) => {
  fc.assert(
    fc.property(world, ({ spec, objects }) => {
      const there = configurationOf(spec, objects);
      const back = configurationOf(spec, [...objects].reverse());
      const turned = { ...there, parts: new Map([...there.parts].reverse()) };
      assert.deepEqual(back, there);
      assert.equal(stampOf(turned, KEY), stampOf(there, KEY));
    }),
  );
  t.end();
});

t.test('two different sets of entries never have the same digest', (t) => {
  fc.assert(
    fc.property(entries, entries, (a, b) => {
      const same = JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
      assert.equal(whole(a) === whole(b), same);
    }),
  );
  t.end();
});

t.test('no byte can move to another place unseen', (t) => {
  const moves: readonly [string, JsonObject, JsonObject][] = [
    ['from the key to the value', { ab: 'c' }, { a: 'bc' }],
    ['from the value to the next key', { a: 'bc', d: 'e' }, { a: 'b', cd: 'e' }],
    ['from one value to another', { a: 'xy', b: 'z' }, { a: 'x', b: 'yz' }],
    ['between keys', { ab: '', c: '' }, { a: '', bc: '' }],
    ['two entries into one', { a: 'b', c: 'd' }, { a: 'bcd' }],
    ['one entry into two', { abcd: '' }, { ab: '', cd: '' }],
    ['a value becomes a key', { a: 'b' }, { b: 'a' }],
    ['an empty entry', { a: '' }, {}],
    ['a length that looks like one', { a: '\u0000\u0000\u0000\u0001b' }, { a: '', b: '' }],
  ];
  for (const [name, a, b] of moves) t.not(whole(a), whole(b), name);
  t.end();
});

t.test('equal values have different digests in two objects, kinds, namespaces and entries', (t) => {
  const spec = envSpec(
    { configMapKeyRef: { name: 'app', key: 'a' } },
    { configMapKeyRef: { name: 'app', key: 'b' } },
    { configMapKeyRef: { name: 'other', key: 'a' } },
    { secretKeyRef: { name: 'app', key: 'a' } },
  );
  const data = { a: 'same', b: 'same' };
  const here = [configMapJson('app', data), configMapJson('other', data), secretJson('app', data)];
  const elsewhere = here.map((json) => ({ ...json, metadata: { ...(json.metadata as JsonObject), namespace: 'bar' } }));
  const there = configuration(references(spec), sourcesOf(elsewhere, 'bar'), KEY);
  const digests = [...partsOf(spec, ...here).values(), ...there.parts.values()];
  t.equal(new Set(digests).size, 8);
  t.end();
});

t.test('the digest of the only entry is not the digest of the whole', (t) => {
  const spec = podSpec({
    envFrom: [{ configMapRef: { name: 'app' } }],
    env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'app', key: 'a' } } }],
  });
  const parts = partsOf(spec, configMapJson('app', { a: '1' }));
  t.not(parts.get('configmap/app#*'), parts.get('configmap/app#a'));
  t.end();
});

t.test('metadata, immutable and the type do not count', (t) => {
  const plain = whole({ a: '1' });
  const metadata = {
    namespace: 'shop',
    name: 'app',
    uid: 'u2',
    resourceVersion: '99',
    labels: { app: 'web' },
    annotations: { a: 'b' },
    managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:data': { 'f:a': {} } } }],
  };
  t.equal(whole({ a: '1' }, { metadata }), plain);
  t.equal(whole({ a: '1' }, { immutable: true }), plain);
  const spec = envFromSpec({ secretRef: { name: 'db' } });
  const secret = secretJson('db', { a: '1' });
  t.strictSame(partsOf(spec, { ...secret, type: 'kubernetes.io/tls' }), partsOf(spec, secret));
  t.end();
});

t.test('data and binaryData with equal bytes are equal', (t) => {
  fc.assert(
    fc.property(entries, (data) => {
      const encoded = Object.fromEntries(Object.entries(data).map(([name, text]) => [name, base64(text)]));
      assert.equal(whole({}, { binaryData: encoded }), whole(data));
    }),
  );
  t.end();
});

t.test('bytes that are no text are told apart', (t) => {
  const binary = (bytes: readonly number[]): string | undefined =>
    whole({}, { binaryData: { a: Buffer.from(bytes).toString('base64') } });
  t.not(binary([0xff]), binary([0xfe]));
  t.not(binary([0xff]), binary([0xef, 0xbf, 0xbd]));
  t.end();
});

t.test('the digest depends on the key', (t) => {
  const objects = [configMapJson('app', { a: '1' })];
  const parts = [1, 2].map((n) => configurationOf(APP, objects, key(n)).parts.get('configmap/app#*'));
  t.not(parts[0], parts[1]);
  t.end();
});

t.test('a stamp is its version, its key id and a hash', (t) => {
  fc.assert(
    fc.property(world, fc.uint8Array({ minLength: KEY_BYTES, maxLength: KEY_BYTES }), ({ spec, objects }, bytes) => {
      const key = keyOf(bytes);
      const stamp = stampOf(configurationOf(spec, objects, key), key);
      assert.match(stamp, /^v1\.[0-9a-f]{12}\.[A-Za-z0-9_-]{22}$/);
      assert.equal(stampKeyId(stamp), key.id);
    }),
  );
  t.end();
});

t.test('the stamp changes with any part', (t) => {
  const stamp = (...parts: readonly [PartName, string][]): string =>
    stampOf({ keyId: KEY.id, parts: new Map(parts), entries: new Map() }, KEY);
  const stamps = [
    stamp(),
    stamp(['configmap/a#*', 'x']),
    stamp(['configmap/a#*', ABSENT]),
    stamp(['configmap/a#*', MISSING]),
    stamp(['configmap/b#*', 'x']),
    stamp(['secret/a#*', 'x']),
    stamp(['configmap/a#*', 'x'], ['configmap/b#*', 'x']),
    stamp(['configmap/a#*', 'xconfigmap/b#*']),
  ];
  t.equal(new Set(stamps).size, stamps.length);
  t.end();
});

t.test('text that is no stamp gives no key id', (t) => {
  const stamp = stampOf(configurationOf(APP, []), KEY);
  const wrong = [
    '',
    'v1',
    stamp.replace('v1', 'v2'),
    stamp.replace('v1', 'V1'),
    `${stamp}=`,
    `${stamp}\n`,
    ` ${stamp}`,
    stamp.slice(0, -1),
    stamp.toUpperCase(),
    `v1.${KEY.id}`,
    `v1.${KEY.id}.`,
    stamp.replaceAll('.', ':'),
    createHash('sha256').update('1').digest('hex'),
  ];
  for (const text of wrong) t.equal(stampKeyId(text), undefined, JSON.stringify(text));
  t.end();
});

t.test('a missing source is missing where it is required and absent where it is not', (t) => {
  const need = (optional: boolean): JsonObject =>
    podSpec({
      envFrom: [{ configMapRef: { name: 'app', optional } }],
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'db', key: 'a', optional } } }],
    });
  t.strictSame([...partsOf(need(false)).values()], [MISSING, MISSING]);
  t.strictSame([...partsOf(need(true)).values()], [ABSENT, ABSENT]);
  t.strictSame([...partsOf(need(false), secretJson('db')).values()], [MISSING, MISSING]);
  t.strictSame([...partsOf(need(true), secretJson('db')).values()], [ABSENT, ABSENT]);
  t.end();
});

t.test('an optional key of a source that something else requires is missing as long as the source is', (t) => {
  const spec = envSpec(
    { configMapKeyRef: { name: 'app', key: 'a', optional: true } },
    { configMapKeyRef: { name: 'app', key: 'b' } },
  );
  t.strictSame([...partsOf(spec).values()], [MISSING, MISSING]);
  t.equal(partsOf(spec, configMapJson('app', { b: '1' })).get('configmap/app#a'), ABSENT);
  t.end();
});

t.test('a key called * does not hide the whole source', (t) => {
  const spec = podSpec(
    { envFrom: [{ configMapRef: { name: 'app' } }] },
    { volumes: [{ name: 'v', configMap: { name: 'app', optional: true, items: [{ key: '*', path: 'x' }] } }] },
  );
  const digests = ['1', '2'].map((a) => partsOf(spec, configMapJson('app', { a })).get('configmap/app#*'));
  t.not(digests[0], digests[1]);
  t.end();
});

t.test('what only an annotation names is unseen where it is missing, whole or by key', (t) => {
  const uses = (keys: Use['keys']): readonly Reference[] =>
    mergeUses([{ kind: 'Secret', name: 'db', need: 'named', keys }]);
  const states = (keys: Use['keys'], ...objects: readonly JsonObject[]): readonly string[] => [
    ...configuration(uses(keys), sourcesOf(objects), KEY).parts.values(),
  ];
  t.strictSame(states('all'), [UNSEEN]);
  t.strictSame(states([{ key: 'a', need: 'named' }]), [UNSEEN]);
  t.strictSame(states([{ key: 'a', need: 'named' }], secretJson('db')), [UNSEEN]);
  t.notSame(states([{ key: 'a', need: 'named' }], secretJson('db', { a: '1' })), [UNSEEN]);
  t.end();
});

t.test('what is excluded of a whole is part of its name and not of its digest', (t) => {
  const without = (names: readonly string[], data: JsonObject): Configuration => {
    const references = mergeUses([{ kind: 'ConfigMap', name: 'app', need: 'required', keys: 'all' }]).map(
      (reference) => ({
        ...reference,
        ...(names.length > 0 && { without: names }),
      }),
    );
    return configuration(references, sourcesOf([configMapJson('app', data)]), KEY);
  };
  t.strictSame([...without(['a', 'b'], {}).parts.keys()], ['configmap/app#*!a!b']);
  t.strictSame(without(['a'], { a: '1', b: '1' }), without(['a'], { a: '2', b: '1' }));
  t.strictSame(without(['a'], { a: '1', b: '1' }), without(['a'], { b: '1' }));
  t.notSame(without(['a'], { b: '1' }), without(['a'], { b: '2' }));
  t.equal(without(['a'], { a: '1', b: '1' }).parts.get('configmap/app#*!a'), whole({ b: '1' }));
  t.end();
});

t.test('expressions have a fingerprint by key and text, and none where there are none', (t) => {
  const of = (patterns: readonly string[], using = KEY): Configuration =>
    gatheredConfiguration({ references: [], sources: new Map(), patterns }, using);
  t.notOk('patterns' in of([]));
  t.equal(of(['a']).patterns, of(['a']).patterns);
  const prints = [of(['a']), of(['b']), of(['a', 'b']), of(['ab']), of(['']), of(['a'], key(2))].map(
    ({ patterns }) => patterns,
  );
  t.equal(new Set(prints).size, prints.length);
  t.end();
});

t.test('expressions are no part of the stamp: editing one is no change of configuration', (t) => {
  const found = configurationOf(APP, [configMapJson('app', { a: '1' })]);
  t.equal(stampOf({ ...found, patterns: 'x' }, KEY), stampOf(found, KEY));
  t.end();
});

t.test('one source has a fingerprint of its own, that changes with what is used of it and nothing else', (t) => {
  const spec = envSpec(
    { configMapKeyRef: { name: 'app', key: 'a' } },
    { configMapKeyRef: { name: 'app', key: 'b' } },
    { configMapKeyRef: { name: 'app2', key: 'a' } },
  );
  const print = (a: string, b: string, other: string, using = KEY): string => {
    const objects = [configMapJson('app', { a, b, unused: other }), configMapJson('app2', { a: other })];
    return sourceFingerprint(configurationOf(spec, objects, using), 'configmap/app', using);
  };
  t.equal(print('1', '1', '1'), print('1', '1', '2'));
  t.equal(
    new Set([print('1', '1', '1'), print('2', '1', '1'), print('1', '2', '1'), print('1', '1', '1', key(2))]).size,
    4,
  );
  t.notMatch(print('1', '1', '1'), /[^A-Za-z0-9_-]/);
  const found = configurationOf(spec, [configMapJson('app', { a: '1', b: '1' })]);
  const turned = { ...found, parts: new Map([...found.parts].reverse()) };
  t.equal(sourceFingerprint(turned, 'configmap/app', KEY), sourceFingerprint(found, 'configmap/app', KEY));
  t.end();
});

t.test('a change has ten hexadecimal digits, the same for the same facts in the same order', (t) => {
  const ids = [['a', 'b'], ['b', 'a'], ['ab'], ['a', 'b', ''], []].map((facts) => changeId(facts, KEY));
  for (const id of ids) t.match(id, /^[0-9a-f]{10}$/);
  t.equal(new Set(ids).size, ids.length);
  t.equal(changeId(['a', 'b'], KEY), ids[0]);
  t.not(changeId(['a', 'b'], key(2)), ids[0]);
  t.end();
});

t.test('a key names itself, and a keyring knows its keys by that name', (t) => {
  t.match(KEY.id, /^[0-9a-f]{12}$/);
  t.equal(keyOf(Uint8Array.from(KEY.bytes)).id, KEY.id);
  t.not(key(2).id, KEY.id);
  const ring = keyring(key(2), [KEY, key(3)]);
  t.equal(ring.current.id, key(2).id);
  t.strictSame(new Set(ring.byId.keys()), new Set([KEY.id, key(2).id, key(3).id]));
  t.end();
});
