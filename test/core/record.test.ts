import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import type { PartName } from '../../core/digest.ts';
import { equalRecords, formatRecord, parseRecord, type RunningRecord } from '../../core/record.ts';
import type { SourceId } from '../../core/source.ts';
import { hostileKey } from './arbitrary.ts';
import { configMapJson, configurationOf, oursFor, podSpec, secretJson } from './build.ts';

const text = fc.string({ minLength: 1 });
const map = <V>(value: fc.Arbitrary<V>): fc.Arbitrary<ReadonlyMap<string, V>> =>
  fc.array(fc.tuple(hostileKey, value), { maxLength: 4 }).map((entries) => new Map(entries));

const records: fc.Arbitrary<RunningRecord> = fc.record(
  {
    patterns: text,
    keyId: text,
    stamp: fc.option(text, { nil: undefined }),
    parts: map(fc.string()) as fc.Arbitrary<ReadonlyMap<PartName, string>>,
    entries: map(map(fc.string())) as fc.Arbitrary<ReadonlyMap<SourceId, ReadonlyMap<string, string>>>,
  },
  { noNullPrototype: true, requiredKeys: ['keyId', 'stamp', 'parts', 'entries'] },
);

const RECORD: RunningRecord = {
  keyId: 'k',
  stamp: 's',
  parts: new Map([['configmap/app#*', 'x']]),
  entries: new Map([['configmap/app', new Map([['a', 'y']])]]),
};

t.test('a record is read as it was written, whatever the names in it', (t) => {
  fc.assert(fc.property(records, (record) => assert.deepEqual(parseRecord(formatRecord(record)), record)));
  t.end();
});

t.test('a record is the same text in whatever order it was put together', (t) => {
  const turned = <K, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> => new Map([...map].reverse());
  fc.assert(
    fc.property(records, ({ parts, entries, ...rest }) => {
      const other = { entries: turned(entries), parts: turned(parts), ...rest };
      assert.equal(formatRecord(other), formatRecord({ ...rest, parts, entries }));
    }),
  );
  t.end();
});

t.test('two records are equal if they say the same', (t) => {
  fc.assert(
    fc.property(records, records, (a, b) => {
      assert.equal(equalRecords(a, b), formatRecord(a) === formatRecord(b));
      assert.ok(equalRecords(a, parseRecord(formatRecord(a)) ?? b));
    }),
  );
  t.end();
});

t.test('two records differ by each of their parts', (t) => {
  const others: readonly RunningRecord[] = [
    { ...RECORD, keyId: 'l' },
    { ...RECORD, stamp: 't' },
    { ...RECORD, stamp: undefined },
    { ...RECORD, patterns: 'p' },
    { ...RECORD, parts: new Map() },
    { ...RECORD, parts: new Map([['configmap/app#*', 'z']]) },
    { ...RECORD, parts: new Map([['configmap/api#*', 'x']]) },
    { ...RECORD, entries: new Map() },
    { ...RECORD, entries: new Map([['configmap/app', new Map()]]) },
    { ...RECORD, entries: new Map([['configmap/app', new Map([['a', 'z']])]]) },
  ];
  for (const other of others) t.notOk(equalRecords(RECORD, other), formatRecord(other));
  t.end();
});

t.test('what this version did not write is no record', (t) => {
  const wrong: Readonly<Record<string, string | undefined>> = {
    nothing: undefined,
    'an empty text': '',
    'no JSON': 'v1',
    'half a record': formatRecord(RECORD).slice(0, -1),
    null: 'null',
    'a number': '1',
    'a list': `[${formatRecord(RECORD)}]`,
    'an empty object': '{}',
    'no version': '{"key":"k","parts":{}}',
    'a later version': '{"v":2,"key":"k","parts":{}}',
    'a version as text': '{"v":"1","key":"k","parts":{}}',
    'no key': '{"v":1,"parts":{}}',
    'an empty key': '{"v":1,"key":"","parts":{}}',
    'a key that is no text': '{"v":1,"key":{},"parts":{}}',
    'no parts': '{"v":1,"key":"k"}',
    'parts that are a list': '{"v":1,"key":"k","parts":[]}',
    'parts that are null': '{"v":1,"key":"k","parts":null}',
    'a record by way of the prototype': '{"__proto__":{"v":1,"key":"k","parts":{}}}',
    'a long text': 'x'.repeat(1_000_000),
    'a deep text': '['.repeat(1_000_000),
  };
  for (const [name, text] of Object.entries(wrong)) t.equal(parseRecord(text), undefined, name);
  t.end();
});

t.test('a record with wrong members is read without them', (t) => {
  const record = parseRecord('{"v":1,"key":"k","stamp":7,"parts":{"a":1,"b":"x"},"entries":{"c":[],"d":{"e":null}}}');
  t.strictSame(record, {
    keyId: 'k',
    stamp: undefined,
    parts: new Map([['b', 'x']]),
    entries: new Map([
      ['c', new Map()],
      ['d', new Map()],
    ]),
  });
  t.strictSame(parseRecord('{"v":1,"key":"k","parts":{},"entries":7}')?.entries, new Map());
  t.end();
});

t.test('members that every object has are members of a record like any other', (t) => {
  const record = parseRecord('{"v":1,"key":"k","parts":{"__proto__":"x"},"entries":{"__proto__":{"__proto__":"y"}}}');
  t.strictSame([...(record?.parts ?? [])], [['__proto__', 'x']]);
  t.strictSame([...(record?.entries ?? [])], [['__proto__', new Map([['__proto__', 'y']])]]);
  t.end();
});

t.test('any text is read without an error', (t) => {
  fc.assert(fc.property(fc.string(), (text) => parseRecord(text) === undefined));
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (stamp, parts, entries) => {
      parseRecord(JSON.stringify({ v: 1, key: 'k', stamp, parts, entries }));
    }),
  );
  t.end();
});

t.test('a record without expressions is written as before there were any', (t) => {
  t.equal(
    formatRecord(RECORD),
    '{"v":1,"key":"k","stamp":"s","parts":{"configmap/app#*":"x"},"entries":{"configmap/app":{"a":"y"}}}',
  );
  t.match(formatRecord({ ...RECORD, patterns: 'p' }), '"stamp":"s","patterns":"p","parts"');
  t.notOk('patterns' in (parseRecord(formatRecord(RECORD)) ?? { patterns: '' }));
  for (const wrong of [7, null, {}, '']) {
    const record = parseRecord(JSON.stringify({ v: 1, key: 'k', patterns: wrong, parts: {} }));
    t.notOk('patterns' in (record ?? { patterns: '' }), JSON.stringify(wrong));
  }
  t.end();
});

const ENCODINGS = ['hex', 'base64', 'base64url'] as const;

/** A value as somebody who looks for it would find it: itself, encoded, hashed without a key. */
function traces(value: string): readonly string[] {
  const hashes = ['md5', 'sha1', 'sha256', 'sha512'].map((name) => createHash(name).update(value).digest());
  const encoded = [Buffer.from(value), ...hashes].flatMap((bytes) => ENCODINGS.map((name) => bytes.toString(name)));
  // Of a hash, a few characters are enough to test a guess.
  return [value, JSON.stringify(value).slice(1, -1), ...encoded.map((text) => text.replaceAll('=', '').slice(0, 12))];
}

t.test('neither a value nor a plain hash of one is in a record or a stamp', (t) => {
  const spec = podSpec({
    env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'k' } } }],
    envFrom: [{ secretRef: { name: 'db' } }, { configMapRef: { name: 'app' } }],
  });
  const value = fc.oneof(
    fc.constantFrom('hunter2', 'correct horse', '{"token":"zzzz"}'),
    fc.base64String({ minLength: 12 }),
    fc.string({ minLength: 12, unit: 'binary' }),
  );
  fc.assert(
    fc.property(value, value, (secret, plain) => {
      const objects = [secretJson('db', { k: secret }), configMapJson('app', { k: plain })];
      const { record, stamp } = oursFor(configurationOf(spec, objects));
      const found = [...traces(secret), ...traces(plain)].filter((trace) => `${record} ${stamp}`.includes(trace));
      assert.deepEqual(found, []);
    }),
  );
  t.end();
});
