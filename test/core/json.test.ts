import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { asList, asObject, asText, equalJson, isObject, member, parseJson, stringMap } from '../../core/json.ts';

const NO_OBJECTS: readonly unknown[] = [undefined, null, true, 7, 'x', [], ['x'], () => 7];

t.test('an object is what JSON calls one', (t) => {
  for (const value of NO_OBJECTS) {
    t.equal(isObject(value), false, String(value));
    t.strictSame(asObject(value), {});
  }
  const object = { a: 1 };
  t.equal(asObject(object), object);
  t.equal(isObject(Object.create(null)), true);
  t.end();
});

t.test('a list is a list, and anything else is an empty one', (t) => {
  const list = [1];
  t.equal(asList(list), list);
  for (const value of [undefined, null, 7, 'x', {}, { length: 1 }]) t.strictSame(asList(value), []);
  t.end();
});

t.test('a text is a string with something in it', (t) => {
  t.equal(asText('x'), 'x');
  for (const value of [undefined, null, 7, '', [], {}, Object('x')]) t.equal(asText(value), undefined);
  t.end();
});

t.test('a member is what the object itself holds', (t) => {
  t.equal(member({ a: 1 }, 'a'), 1);
  t.equal(member({}, 'constructor'), undefined);
  t.equal(member({}, '__proto__'), undefined);
  t.equal(member(parseJson('{"__proto__":1}'), '__proto__'), 1);
  t.equal(member(['x'], '0'), undefined);
  t.equal(member(null, 'a'), undefined);
  t.end();
});

t.test('a map of strings holds the strings and has no prototype', (t) => {
  const map = stringMap(parseJson('{"a":"x","b":1,"c":null,"__proto__":"y","constructor":"z"}'));
  t.strictSame(Object.entries(map), [
    ['a', 'x'],
    ['__proto__', 'y'],
    ['constructor', 'z'],
  ]);
  t.equal(Object.getPrototypeOf(map), null);
  t.equal(map.toString, undefined);
  for (const value of NO_OBJECTS) t.strictSame(Object.keys(stringMap(value)), []);
  t.end();
});

t.test('what is no JSON is nothing', (t) => {
  for (const text of ['', '{', 'undefined', '\u0000']) t.equal(parseJson(text), undefined);
  t.equal(parseJson('['.repeat(1_000_000)), undefined);
  t.equal(parseJson('null'), null);
  fc.assert(fc.property(fc.json(), (text) => assert.deepEqual(parseJson(text), JSON.parse(text))));
  t.end();
});

t.test('JSON values are equal if they hold the same, in any order of members', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      assert.ok(equalJson(a, reversed(a)));
      assert.equal(equalJson(a, b), canonical(a) === canonical(b));
    }),
  );
  t.end();
});

t.test('JSON values differ by type, length, order of items and members', (t) => {
  const different: readonly [unknown, unknown][] = [
    [1, '1'],
    [null, undefined],
    [null, {}],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    [[1], [1, 1]],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: undefined }, { b: undefined }],
    [{}, parseJson('{"__proto__":{}}')],
    [{ constructor: 1 }, { toString: 1 }],
    [{ a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }],
  ];
  for (const [a, b] of different) {
    t.notOk(equalJson(a, b), `${JSON.stringify(a)} and ${JSON.stringify(b)}`);
    t.notOk(equalJson(b, a), `${JSON.stringify(b)} and ${JSON.stringify(a)}`);
  }
  t.end();
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, reversed(item)])
      .reverse(),
  );
}

/** One text for all that are equal. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return Object.is(value, -0) ? '-0' : JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join()}}`;
}
