import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { type Reference, references } from '../../core/reference.ts';
import { sourceId } from '../../core/source.ts';
import { hostileKey, spec as specs } from './arbitrary.ts';
import { container, envFromSpec, envSpec, podSpec } from './build.ts';

/** References in short: per source its need, and its keys with theirs (`*` is all). */
type Short = Readonly<Record<string, string>>;

function short(found: readonly Reference[]): Short {
  return Object.fromEntries(found.map((reference) => [sourceId(reference), shortOf(reference)]));
}

function shortOf({ need, all, keys }: Reference): string {
  return [need, ...(all ? ['*'] : []), ...[...keys].sort().map(([key, need]) => `${key} ${need}`)].join(', ');
}

interface Row {
  readonly name: string;
  readonly spec: JsonObject;
  readonly expected: Short;
}

const configMap = (fields: JsonObject = {}): JsonObject => ({ name: 'v', configMap: { name: 'app', ...fields } });
const secret = (fields: JsonObject = {}): JsonObject => ({ name: 'v', secret: { secretName: 'db', ...fields } });
const mount = (fields: JsonObject = {}): JsonObject => ({ name: 'v', mountPath: '/etc/app', ...fields });
const volumes = (...volumes: readonly JsonObject[]): JsonObject => podSpec({}, { volumes });
const mounted = (volume: JsonObject, ...volumeMounts: readonly JsonObject[]): JsonObject =>
  podSpec({ volumeMounts }, { volumes: [volume] });
const ITEMS = [
  { key: 'a', path: 'conf/a.yaml' },
  { key: 'b', path: 'b.yaml' },
];
const USES_APP = container({ envFrom: [{ configMapRef: { name: 'app' } }] });

const ENVIRONMENT: readonly Row[] = [
  { name: 'no reference', spec: podSpec({ env: [{ name: 'A', value: '1' }] }), expected: {} },
  {
    name: 'env from a ConfigMap key',
    spec: envSpec({ configMapKeyRef: { name: 'app', key: 'a' } }),
    expected: { 'configmap/app': 'required, a required' },
  },
  {
    name: 'env from a Secret key',
    spec: envSpec({ secretKeyRef: { name: 'db', key: 'a' } }),
    expected: { 'secret/db': 'required, a required' },
  },
  {
    name: 'env from an optional key',
    spec: envSpec({ configMapKeyRef: { name: 'app', key: 'a', optional: true } }),
    expected: { 'configmap/app': 'optional, a optional' },
  },
  {
    name: 'optional: false',
    spec: envSpec({ secretKeyRef: { name: 'db', key: 'a', optional: false } }),
    expected: { 'secret/db': 'required, a required' },
  },
  {
    name: 'env from a field of the pod',
    spec: envSpec({ fieldRef: { fieldPath: 'metadata.name' } }),
    expected: {},
  },
  {
    name: 'envFrom a ConfigMap',
    spec: envFromSpec({ configMapRef: { name: 'app' } }),
    expected: { 'configmap/app': 'required, *' },
  },
  {
    name: 'envFrom a Secret with a prefix',
    spec: envFromSpec({ prefix: 'DB_', secretRef: { name: 'db' } }),
    expected: { 'secret/db': 'required, *' },
  },
  {
    name: 'envFrom an optional ConfigMap',
    spec: envFromSpec({ configMapRef: { name: 'app', optional: true } }),
    expected: { 'configmap/app': 'optional, *' },
  },
];

const VOLUMES: readonly Row[] = [
  { name: 'a ConfigMap volume', spec: volumes(configMap()), expected: { 'configmap/app': 'required, *' } },
  { name: 'a Secret volume', spec: volumes(secret()), expected: { 'secret/db': 'required, *' } },
  { name: 'a Secret volume knows secretName only', spec: volumes({ name: 'v', secret: { name: 'db' } }), expected: {} },
  { name: 'an optional volume', spec: volumes(secret({ optional: true })), expected: { 'secret/db': 'optional, *' } },
  { name: 'a volume of another kind', spec: volumes({ name: 'v', emptyDir: {} }), expected: {} },
  {
    name: 'a volume with items',
    spec: volumes(configMap({ items: ITEMS })),
    expected: { 'configmap/app': 'required, a required, b required' },
  },
  {
    name: 'an optional volume with items',
    spec: volumes(configMap({ items: ITEMS, optional: true })),
    expected: { 'configmap/app': 'optional, a optional, b optional' },
  },
  {
    name: 'a volume with an empty list of items shows everything',
    spec: volumes(configMap({ items: [] })),
    expected: { 'configmap/app': 'required, *' },
  },
  {
    name: 'a volume that no container mounts is prepared all the same',
    spec: podSpec({ volumeMounts: [{ name: 'other', mountPath: '/x', subPath: 'a' }] }, { volumes: [configMap()] }),
    expected: { 'configmap/app': 'required, *' },
  },
  {
    name: 'projected sources',
    spec: volumes({
      name: 'v',
      projected: {
        sources: [
          { configMap: { name: 'app', items: ITEMS } },
          { secret: { name: 'db', optional: true } },
          { serviceAccountToken: { path: 'token' } },
        ],
      },
    }),
    expected: { 'configmap/app': 'required, a required, b required', 'secret/db': 'optional, *' },
  },
  {
    name: 'a projected Secret knows name only',
    spec: volumes({ name: 'v', projected: { sources: [{ secret: { secretName: 'db' } }] } }),
    expected: {},
  },
];

const MOUNTS: readonly Row[] = [
  { name: 'a whole mount', spec: mounted(configMap(), mount()), expected: { 'configmap/app': 'required, *' } },
  {
    name: 'subPath as the only mount: that file, and it need not be there',
    spec: mounted(configMap(), mount({ subPath: 'a' })),
    expected: { 'configmap/app': 'required, a optional' },
  },
  {
    name: 'two subPaths',
    spec: mounted(secret(), mount({ subPath: 'a' }), mount({ subPath: 'b' })),
    expected: { 'secret/db': 'required, a optional, b optional' },
  },
  {
    name: 'subPath beside a whole mount',
    spec: mounted(configMap(), mount({ subPath: 'a' }), mount()),
    expected: { 'configmap/app': 'required, *' },
  },
  {
    name: 'subPath in one container and a whole mount in another',
    spec: {
      initContainers: [container({ volumeMounts: [mount()] })],
      containers: [container({ volumeMounts: [mount({ subPath: 'a' })] })],
      volumes: [configMap()],
    },
    expected: { 'configmap/app': 'required, *' },
  },
  {
    name: 'an empty subPath is the whole',
    spec: mounted(configMap(), mount({ subPath: '' })),
    expected: { 'configmap/app': 'required, *' },
  },
  {
    name: 'a subPath of . is the whole',
    spec: mounted(configMap(), mount({ subPath: './' })),
    expected: { 'configmap/app': 'required, *' },
  },
  {
    name: 'a subPath is cleaned',
    spec: mounted(configMap(), mount({ subPath: './a/' })),
    expected: { 'configmap/app': 'required, a optional' },
  },
  {
    name: 'subPathExpr is known only when the pod runs',
    spec: mounted(configMap(), mount({ subPathExpr: '$(POD_NAME)' })),
    expected: { 'configmap/app': 'required, *' },
  },
  {
    name: 'subPathExpr beside subPath, which the API server refuses, is the whole',
    spec: mounted(configMap(), mount({ subPath: 'a', subPathExpr: '$(POD_NAME)' })),
    expected: { 'configmap/app': 'required, *' },
  },
  {
    name: 'subPath over items: the item at that path',
    spec: mounted(configMap({ items: ITEMS }), mount({ subPath: 'b.yaml' })),
    expected: { 'configmap/app': 'required, b required' },
  },
  {
    name: 'subPath over items: a directory of them',
    spec: mounted(configMap({ items: ITEMS }), mount({ subPath: 'conf' })),
    expected: { 'configmap/app': 'required, a required' },
  },
  {
    name: 'subPath over items: the beginning of a name is not a directory',
    spec: mounted(configMap({ items: ITEMS }), mount({ subPath: 'con' })),
    expected: { 'configmap/app': 'required' },
  },
  {
    name: 'subPath over a projected volume: the file may come from any of its sources',
    spec: mounted(
      { name: 'v', projected: { sources: [{ configMap: { name: 'app' } }, { secret: { name: 'db', items: ITEMS } }] } },
      mount({ subPath: 'b.yaml' }),
    ),
    expected: { 'configmap/app': 'required, b.yaml optional', 'secret/db': 'required, b required' },
  },
];

const CONTAINERS: readonly Row[] = [
  {
    name: 'an init container',
    spec: { initContainers: [USES_APP], containers: [container()] },
    expected: { 'configmap/app': 'required, *' },
  },
  {
    name: 'a native sidecar',
    spec: { initContainers: [{ ...USES_APP, restartPolicy: 'Always' }], containers: [container()] },
    expected: { 'configmap/app': 'required, *' },
  },
  {
    name: 'an ephemeral container is left out',
    spec: { ephemeralContainers: [USES_APP], containers: [container()] },
    expected: {},
  },
];

const MERGES: readonly Row[] = [
  {
    name: 'two keys of one object',
    spec: envSpec({ configMapKeyRef: { name: 'app', key: 'a' } }, { configMapKeyRef: { name: 'app', key: 'b' } }),
    expected: { 'configmap/app': 'required, a required, b required' },
  },
  {
    name: 'one key, required and optional',
    spec: envSpec(
      { configMapKeyRef: { name: 'app', key: 'a', optional: true } },
      { configMapKeyRef: { name: 'app', key: 'a' } },
      { configMapKeyRef: { name: 'app', key: 'b', optional: true } },
    ),
    expected: { 'configmap/app': 'required, a required, b optional' },
  },
  {
    name: 'a key and the whole',
    spec: podSpec({
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'app', key: 'a' } } }],
      envFrom: [{ configMapRef: { name: 'app', optional: true } }],
    }),
    expected: { 'configmap/app': 'required, *, a required' },
  },
  {
    name: 'two volumes of one object, mounted in different ways',
    spec: podSpec(
      { volumeMounts: [mount({ subPath: 'a' }), mount({ name: 'w', subPath: 'b' })] },
      { volumes: [configMap(), { ...configMap(), name: 'w' }] },
    ),
    expected: { 'configmap/app': 'required, a optional, b optional' },
  },
  {
    name: 'two volumes of one object, one of them whole',
    spec: podSpec(
      { volumeMounts: [mount({ subPath: 'a' }), mount({ name: 'w' })] },
      { volumes: [configMap(), { ...configMap({ optional: true }), name: 'w' }] },
    ),
    expected: { 'configmap/app': 'required, *, a optional' },
  },
  {
    name: 'a ConfigMap and a Secret of the same name are two sources',
    spec: envFromSpec({ secretRef: { name: 'app', optional: true } }, { configMapRef: { name: 'app' } }),
    expected: { 'configmap/app': 'required, *', 'secret/app': 'optional, *' },
  },
];

const HOSTILE: readonly Row[] = [
  {
    name: 'names and keys that are members of every object',
    spec: envSpec(
      { configMapKeyRef: { name: '__proto__', key: 'constructor' } },
      { secretKeyRef: { name: 'constructor', key: '__proto__' } },
    ),
    expected: {
      'configmap/__proto__': 'required, constructor required',
      'secret/constructor': 'required, __proto__ required',
    },
  },
  {
    name: 'a volume called like a member of every object',
    spec: podSpec(
      { volumeMounts: [mount({ name: '__proto__', subPath: 'a' })] },
      { volumes: [{ ...configMap(), name: '__proto__' }] },
    ),
    expected: { 'configmap/app': 'required, a optional' },
  },
  {
    name: 'names and keys that are no text, or none',
    spec: envSpec(
      { configMapKeyRef: { name: 7, key: 'a' } },
      { configMapKeyRef: { name: 'app', key: null } },
      { configMapKeyRef: { name: '', key: 'a' } },
      { configMapKeyRef: { name: 'app', key: '' } },
      { configMapKeyRef: { key: 'a' } },
      { secretKeyRef: null },
    ),
    expected: {},
  },
  {
    name: 'optional as anything but true',
    spec: envFromSpec({ configMapRef: { name: 'app', optional: 'true' } }),
    expected: { 'configmap/app': 'required, *' },
  },
  {
    name: 'lists in place of objects and objects in place of lists',
    spec: { containers: { env: [] }, initContainers: [[], null, 7, 'x'], volumes: [[configMap()], null, 'v'] },
    expected: {},
  },
  {
    name: 'one broken use beside a good one',
    spec: podSpec({
      env: [null, 7, [], { valueFrom: [] }, { valueFrom: { configMapKeyRef: { name: 'app', key: 'a' } } }],
      envFrom: [null, { configMapRef: 'app' }],
      volumeMounts: [null, 'v', { subPath: 7 }],
    }),
    expected: { 'configmap/app': 'required, a required' },
  },
];

for (const { name, spec, expected } of [...ENVIRONMENT, ...VOLUMES, ...MOUNTS, ...CONTAINERS, ...MERGES, ...HOSTILE]) {
  t.test(`references: ${name}`, (t) => {
    t.strictSame(short(references(spec)), expected);
    t.end();
  });
}

t.test('references are ordered by source, whatever the order in the pod spec', (t) => {
  const spec = envFromSpec(
    { secretRef: { name: 'a' } },
    { configMapRef: { name: 'b' } },
    { configMapRef: { name: 'a' } },
  );
  t.strictSame(references(spec).map(sourceId), ['configmap/a', 'configmap/b', 'secret/a']);
  t.end();
});

t.test('the order of containers, variables and volumes does not count', (t) => {
  const reversed = (value: unknown): unknown => (Array.isArray(value) ? value.map(reversed).reverse() : turned(value));
  const turned = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, reversed(member)]))
      : value;
  fc.assert(
    fc.property(specs, (spec) => {
      assert.deepEqual(short(references(reversed(spec))), short(references(spec)));
    }),
  );
  t.end();
});

t.test('a pod spec of any kind is read without an error', (t) => {
  fc.assert(fc.property(fc.anything({ withNullPrototype: true, withMap: true, withDate: true }), reads));
  fc.assert(fc.property(fc.jsonValue(), reads));
  t.end();
});

/** A pod spec in which anything at all may stand wherever references are looked for. */
const brokenSpec = fc.anything().chain((wrong) => {
  const either = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> => fc.oneof(right, fc.constant(wrong));
  const list = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<unknown> => either(fc.array(either(item), { maxLength: 2 }));
  const selector = either(
    fc.record({ name: either(hostileKey), key: either(hostileKey), optional: either(fc.boolean()) }),
  );
  const projection = either(
    fc.record({ name: either(hostileKey), items: list(fc.record({ key: hostileKey, path: either(hostileKey) })) }),
  );
  const containers = list(
    fc.record({
      env: list(fc.record({ valueFrom: either(fc.record({ configMapKeyRef: selector, secretKeyRef: selector })) })),
      envFrom: list(fc.record({ configMapRef: selector, secretRef: selector })),
      volumeMounts: list(fc.record({ name: either(hostileKey), subPath: either(hostileKey) })),
    }),
  );
  const sources = list(fc.record({ configMap: projection, secret: projection }));
  return fc.record({
    containers,
    initContainers: containers,
    volumes: list(fc.record({ name: hostileKey, configMap: projection, projected: either(fc.record({ sources })) })),
  });
});

t.test('a pod spec that is wrong in any place is read without an error', (t) => {
  fc.assert(fc.property(brokenSpec, reads), { numRuns: 300 });
  t.end();
});

function reads(spec: unknown): boolean {
  return references(spec).every(({ name, keys }) => name !== '' && !keys.has(''));
}
