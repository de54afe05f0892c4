/** What a SecretProviderClass brought, told by the statuses of the pods that mounted it. */
import fc from 'fast-check';
import t from 'tap';
import { type ClassStatus, classSource, parseClassStatus } from '../../core/class-status.ts';
import type { JsonObject } from '../../core/json.ts';

type Objects = Readonly<Record<string, string>>;

function statusJson(
  className: unknown,
  resourceVersion: unknown,
  objects: Objects,
  metadata: JsonObject = {},
): JsonObject {
  return {
    metadata: { namespace: 'shop', name: `web-${resourceVersion}`, resourceVersion, ...metadata },
    status: {
      secretProviderClassName: className,
      objects: Object.entries(objects).map(([id, version]) => ({ id, version })),
    },
  };
}

function status(resourceVersion: string, objects: Objects, className = 'vault'): ClassStatus {
  const parsed = parseClassStatus(statusJson(className, resourceVersion, objects));
  if (parsed === undefined) throw new Error('the test builds a status that cannot be parsed');
  return parsed;
}

/** The versions by id, as text. */
const told = (statuses: readonly ClassStatus[], name = 'vault'): Objects | undefined => {
  const source = classSource(name, statuses);
  return source && Object.fromEntries([...source.entries].map(([id, bytes]) => [id, Buffer.from(bytes).toString()]));
};

t.test('a status is read: class, version, objects, and who wrote it', (t) => {
  const managedFields = [
    { manager: 'secrets-store', time: '2026-01-01T00:00:00Z', fieldsV1: { 'f:status': { 'f:objects': {} } } },
    { manager: 'labeller', time: '2026-01-02T00:00:00Z', fieldsV1: { 'f:metadata': {} } },
    { manager: 7, fieldsV1: { 'f:status': {} } },
    null,
  ];
  t.strictSame(parseClassStatus(statusJson('vault', '9', { 'secret/db': 'v1' }, { managedFields })), {
    namespace: 'shop',
    className: 'vault',
    resourceVersion: '9',
    objects: new Map([['secret/db', 'v1']]),
    writers: [{ manager: 'secrets-store', at: '2026-01-01T00:00:00Z', keys: ['secret/db'] }],
  });
  t.end();
});

t.test('what names no class is no status', (t) => {
  for (const wrong of [undefined, null, 7, [], {}, { status: {} }, statusJson('', '1', {}), statusJson(7, '1', {})]) {
    t.equal(parseClassStatus(wrong), undefined, JSON.stringify(wrong));
  }
  t.end();
});

t.test('objects of another form are left out', (t) => {
  const objects = [
    null,
    7,
    {},
    { id: 'a' },
    { id: 7, version: 'x' },
    { id: 'b', version: 7 },
    { id: 'c', version: '' },
  ];
  const parsed = parseClassStatus({ status: { secretProviderClassName: 'vault', objects } });
  t.strictSame([...(parsed?.objects ?? [])], [['c', '']]);
  t.equal(parseClassStatus({ status: { secretProviderClassName: 'vault', objects: 'x' } })?.objects.size, 0);
  t.end();
});

t.test('a class that no pod tells of is not there', (t) => {
  t.equal(classSource('vault', []), undefined);
  t.equal(classSource('vault', [status('1', { a: '1' }, 'other')]), undefined);
  t.equal(classSource('vault', [status('1', {})]), undefined, 'a pod that tells nothing');
  t.end();
});

t.test('the status that was written last tells', (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['1', '2'],
    ['9', '10'],
    ['99', '100'],
    // 2^53 and beyond, where doubles leave numbers out.
    ['9007199254740992', '9007199254740993'],
    ['18446744073709551614', '18446744073709551615'],
    ['99999999999999999999', '100000000000000000000'],
    ['', '1'],
  ];
  for (const [earlier, later] of rows) {
    const statuses = [status(earlier, { a: 'old' }), status(later, { a: 'new' })];
    t.strictSame(told(statuses), { a: 'new' }, `${earlier} and ${later}`);
    t.strictSame(told([...statuses].reverse()), { a: 'new' }, `${later} and ${earlier}`);
  }
  t.end();
});

t.test('an old status that somebody labels tells nothing anew', (t) => {
  const at = (time: string): JsonObject => ({
    managedFields: [
      { manager: 'secrets-store', time, fieldsV1: { 'f:status': {} } },
      { manager: 'labeller', time: '2026-01-09T00:00:00Z', fieldsV1: { 'f:metadata': {} } },
    ],
  });
  const statuses = [
    parseClassStatus(statusJson('vault', '7', { a: 'new' }, at('2026-01-01T00:00:10Z'))),
    parseClassStatus(statusJson('vault', '8', { a: 'old' }, at('2026-01-01T00:00:09Z'))),
  ].flatMap((known) => known ?? []);
  t.strictSame(told(statuses), { a: 'new' });
  t.strictSame(told(statuses.toReversed()), { a: 'new' });
  t.end();
});

t.test('a later status that tells nothing does not hide an earlier one, and other classes do not either', (t) => {
  t.strictSame(told([status('1', { a: '1' }), status('2', {}), status('3', { a: '3' }, 'other')]), { a: '1' });
  t.end();
});

t.test('the pods of one rotation tell the same one after the other: one change', (t) => {
  const [old, rotated] = [{ a: '1' }, { a: '2' }];
  const seen = [
    told([status('1', old), status('2', old)]),
    told([status('3', rotated), status('2', old)]),
    told([status('3', rotated), status('4', rotated)]),
  ];
  t.strictSame(seen, [old, rotated, rotated]);
  t.end();
});

t.test('a class as a source has its name, the version of its status, and no labels or annotations', (t) => {
  const source = classSource('vault', [status('9', { b: '2', a: '1' })]);
  t.match(source, { kind: 'SecretProviderClass', namespace: 'shop', name: 'vault', resourceVersion: '9' });
  t.strictSame([source?.labels, source?.annotations, source?.writers], [{}, {}, []]);
  t.end();
});

t.test('the order of statuses does not count', (t) => {
  const statuses = fc.uniqueArray(
    fc.record({
      version: fc.bigInt({ min: 1n, max: 2n ** 70n }).map(String),
      objects: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2')),
    }),
    { selector: ({ version }) => version },
  );
  fc.assert(
    fc.property(statuses, (list) => {
      const all = list.map(({ version, objects }) => status(version, objects));
      const newest = list
        .filter(({ objects }) => Object.keys(objects).length > 0)
        .sort((a, b) => (BigInt(a.version) < BigInt(b.version) ? 1 : -1))[0];
      t.strictSame(told(all), newest && { ...newest.objects });
      t.strictSame(told([...all].reverse()), told(all));
    }),
    { numRuns: 50 },
  );
  t.end();
});

t.test('anything at all is read without an error', (t) => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const statuses = [
        value,
        { status: value },
        { metadata: value, status: { secretProviderClassName: 'a', objects: value } },
      ];
      classSource(
        'a',
        statuses.flatMap((status) => parseClassStatus(status) ?? []),
      );
    }),
  );
  t.end();
});
