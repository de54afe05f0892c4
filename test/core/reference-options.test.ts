/** References that count only where an installation asks for them, how uses merge, and what hostile templates cost. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import {
  mergeUses,
  type Need,
  NO_EXTRA_REFERENCES,
  podUses,
  type ReferenceOptions,
  references,
  type Use,
  usesOf,
} from '../../core/reference.ts';
import { sourceId } from '../../core/source.ts';
import { spec as specs } from './arbitrary.ts';
import { container, podSpec } from './build.ts';

interface Row {
  readonly name: string;
  readonly option: keyof ReferenceOptions;
  readonly spec: JsonObject;
  /** Source and need. */
  readonly expected: Readonly<Record<string, Need>>;
}

const volume = (fields: JsonObject): JsonObject => podSpec({}, { volumes: [{ name: 'v', ...fields }] });
const csi = (fields: JsonObject): JsonObject => volume({ csi: { driver: 'example.com', ...fields } });
const vault = (fields: JsonObject = {}): JsonObject =>
  csi({ driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass: 'vault' }, ...fields });

const ROWS: readonly Row[] = [
  {
    name: 'imagePullSecrets',
    option: 'imagePullSecrets',
    spec: podSpec({}, { imagePullSecrets: [{ name: 'a' }, { name: 'b' }, {}, null, { name: 7 }] }),
    expected: { 'secret/a': 'named', 'secret/b': 'named' },
  },
  ...['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'].map(
    (type): Row => ({
      name: `the secretRef of a ${type} volume`,
      option: 'volumeSecrets',
      spec: volume({ [type]: { secretRef: { name: 'a' } } }),
      expected: { 'secret/a': 'required' },
    }),
  ),
  {
    name: 'the secretName of an azureFile volume',
    option: 'volumeSecrets',
    spec: volume({ azureFile: { secretName: 'a', shareName: 's' } }),
    expected: { 'secret/a': 'required' },
  },
  {
    name: 'the nodePublishSecretRef of a csi volume',
    option: 'volumeSecrets',
    spec: csi({ nodePublishSecretRef: { name: 'a' } }),
    expected: { 'secret/a': 'required' },
  },
  {
    name: 'the nodePublishSecretRef of the Secrets Store',
    option: 'volumeSecrets',
    spec: vault({ nodePublishSecretRef: { name: 'a' } }),
    expected: { 'secret/a': 'required' },
  },
  {
    name: 'the class of a csi volume of the Secrets Store',
    option: 'secretProviderClasses',
    spec: vault({ nodePublishSecretRef: { name: 'a' } }),
    expected: { 'secretproviderclass/vault': 'named' },
  },
  {
    name: 'a class that another driver is given',
    option: 'secretProviderClasses',
    spec: csi({ volumeAttributes: { secretProviderClass: 'vault' } }),
    expected: {},
  },
  {
    name: 'a volume of the Secrets Store without a class',
    option: 'secretProviderClasses',
    spec: vault({ volumeAttributes: null }),
    expected: {},
  },
  {
    name: 'a volume of another type',
    option: 'volumeSecrets',
    spec: volume({ nfs: { secretRef: { name: 'a' } }, secretRef: { name: 'b' } }),
    expected: {},
  },
];

const needs = (spec: unknown, options?: ReferenceOptions): Readonly<Record<string, Need>> =>
  Object.fromEntries(references(spec, options).map((reference) => [sourceId(reference), reference.need]));

const ALL_BUT = (option: keyof ReferenceOptions): ReferenceOptions => ({
  imagePullSecrets: true,
  volumeSecrets: true,
  secretProviderClasses: true,
  [option]: false,
});

for (const { name, option, spec, expected } of ROWS) {
  t.test(`${name}: by option only`, (t) => {
    t.strictSame(needs(spec), {}, 'as it comes');
    t.strictSame(needs(spec, { ...NO_EXTRA_REFERENCES, [option]: true }), expected, option);
    const others = needs(spec, ALL_BUT(option));
    t.strictSame(
      Object.keys(expected).filter((id) => id in others),
      [],
      'any other option',
    );
    t.end();
  });
}

t.test('what an option adds is used as a whole, beside what the pod spec uses anyway', (t) => {
  const spec = podSpec(
    { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'k', optional: true } } }] },
    { imagePullSecrets: [{ name: 'a' }] },
  );
  const [reference] = references(spec, { ...NO_EXTRA_REFERENCES, imagePullSecrets: true });
  t.strictSame(reference, {
    kind: 'Secret',
    name: 'a',
    need: 'optional',
    all: true,
    keys: new Map([['k', 'optional']]),
  });
  t.end();
});

const use = (need: Need, keys: Use['keys'] = 'all'): Use => ({ kind: 'ConfigMap', name: 'app', need, keys });
const key = (need: Need): Use['keys'] => [{ key: 'a', need }];
const NEEDS: readonly Need[] = ['named', 'optional', 'required'];

t.test('of two needs the stronger one counts: named, optional, required', (t) => {
  for (const [weak, one] of NEEDS.entries()) {
    for (const [strong, other] of NEEDS.entries()) {
      const expected = NEEDS[Math.max(weak, strong)];
      const [merged] = mergeUses([use(one, key(one)), use(other, key(other))]);
      t.equal(merged?.need, expected, `${one} and ${other}`);
      t.equal(merged?.keys.get('a'), expected, `key: ${one} and ${other}`);
    }
  }
  t.end();
});

t.test('sources of one name in two namespaces are two sources', (t) => {
  const merged = mergeUses([use('named'), { ...use('named'), namespace: 'team' }, { ...use('named'), namespace: 'b' }]);
  t.strictSame(merged.map(sourceId), ['configmap/app', 'configmap/b/app', 'configmap/team/app']);
  t.end();
});

t.test('a source that counts only while it is marked counts anyway where another use says nothing of that', (t) => {
  const marked: Use = { ...use('required'), onlyMarked: true };
  t.equal(mergeUses([marked])[0]?.onlyMarked, true);
  t.equal(mergeUses([marked, marked])[0]?.onlyMarked, true);
  t.notOk('onlyMarked' in (mergeUses([marked, use('named')])[0] ?? {}));
  t.notOk('onlyMarked' in (mergeUses([use('named'), marked])[0] ?? {}));
  t.end();
});

t.test('references taken apart and merged again are the same references', (t) => {
  fc.assert(
    fc.property(specs, (spec) => {
      const once = references(spec);
      assert.deepEqual(mergeUses(once.flatMap(usesOf)), once);
    }),
  );
  t.end();
});

t.test('merging leaves the uses as they were', (t) => {
  const uses = [use('named', key('named')), use('required', key('required'))];
  const before = structuredClone(uses);
  t.strictSame(mergeUses(uses), mergeUses(uses));
  t.strictSame(uses, before);
  t.end();
});

t.test('of several volumes that are called alike, which the API server refuses, all counts', (t) => {
  const spec = podSpec(
    { volumeMounts: [{ name: 'v', mountPath: '/a', subPath: 'a' }] },
    {
      volumes: [
        { name: 'v', configMap: { name: 'one' } },
        { name: 'v', configMap: { name: 'two' } },
      ],
    },
  );
  t.strictSame(
    references(spec).map(({ name, all }) => [name, all]),
    [
      ['one', false],
      ['two', true],
    ],
  );
  t.end();
});

t.test('an item below more directories than are looked through counts whatever is mounted', (t) => {
  const path = (depth: number): string => `${'d/'.repeat(depth)}f`;
  const keysOf = (depth: number): readonly string[] =>
    references(
      podSpec(
        { volumeMounts: [{ name: 'v', mountPath: '/a', subPath: 'other' }] },
        { volumes: [{ name: 'v', configMap: { name: 'app', items: [{ key: 'k', path: path(depth) }] } }] },
      ),
    ).flatMap(({ keys }) => [...keys.keys()]);
  t.strictSame(keysOf(63), []);
  t.strictSame(keysOf(64), ['k']);
  t.end();
});

/** As many as the 1.5 MiB of an object in etcd can hold, or nearly. */
const MANY = 10_000;
const many = <T>(of: (n: number) => T): readonly T[] => [...Array(MANY).keys()].map(of);
const mounts = many((n) => ({ name: 'v', mountPath: '/a', subPath: `k${n}` }));

const COSTLY: Readonly<Record<string, JsonObject>> = {
  'keys of one source': podSpec({
    env: many((n) => ({ name: 'A', valueFrom: { configMapKeyRef: { name: 'app', key: `k${n}` } } })),
  }),
  sources: podSpec({ envFrom: many((n) => ({ configMapRef: { name: `app-${n}` } })) }),
  containers: { containers: many((n) => container({ envFrom: [{ configMapRef: { name: `app-${n % 2}` } }] })) },
  'mounts of one volume': podSpec({ volumeMounts: mounts }, { volumes: [{ name: 'v', configMap: { name: 'app' } }] }),
  'mounts of one volume, and as many items': podSpec(
    { volumeMounts: mounts },
    { volumes: [{ name: 'v', configMap: { name: 'app', items: many((n) => ({ key: `k${n}`, path: `p${n}` })) } }] },
  ),
  'mounts, and as many volumes that are called alike': podSpec(
    { volumeMounts: mounts },
    { volumes: many((n) => ({ name: 'v', configMap: { name: `app-${n}` } })) },
  ),
  'mounts, and as many projected sources': podSpec(
    { volumeMounts: mounts },
    { volumes: [{ name: 'v', projected: { sources: many((n) => ({ configMap: { name: `app-${n}` } })) } }] },
  ),
  'directories around an item': podSpec(
    { volumeMounts: mounts },
    { volumes: [{ name: 'v', configMap: { name: 'app', items: [{ key: 'k', path: 'd/'.repeat(100 * MANY) }] } }] },
  ),
};

/**
 * Measured: 10 to 40 ms for each, alone on a machine; what is quadratic takes seconds. The limit leaves room for a
 * machine that does other things beside.
 */
const LIMIT_MS = 1_000;

for (const [what, spec] of Object.entries(COSTLY)) {
  t.test(`a template with ten thousand ${what} is read in no time`, (t) => {
    const before = process.cpuUsage();
    references(spec);
    const { user, system } = process.cpuUsage(before);
    t.ok((user + system) / 1_000 < LIMIT_MS, `${Math.round((user + system) / 1_000)} ms`);
    t.end();
  });
}

t.test('a projected volume that is mounted in too many places counts with all of its sources', (t) => {
  const spec = (sources: number): JsonObject =>
    podSpec(
      { volumeMounts: mounts.slice(0, 100) },
      {
        volumes: [
          {
            name: 'v',
            projected: { sources: [...Array(sources).keys()].map((n) => ({ configMap: { name: `app-${n}` } })) },
          },
        ],
      },
    );
  t.ok(references(spec(100)).every(({ all, keys }) => !all && keys.size === 100));
  t.ok(references(spec(101)).every(({ all, keys }) => all && keys.size === 0));
  t.equal(references(spec(101)).length, 101);
  t.end();
});

t.test('a pod spec of any kind is read without an error with every option on', (t) => {
  const options = { imagePullSecrets: true, volumeSecrets: true, secretProviderClasses: true };
  const volumes = fc.array(
    fc.dictionary(
      fc.constantFrom('csi', 'cephfs', 'azureFile', 'rbd', 'name'),
      fc.oneof(
        fc.anything(),
        fc.dictionary(
          fc.constantFrom('secretRef', 'secretName', 'nodePublishSecretRef', 'driver', 'volumeAttributes'),
          fc.oneof(fc.anything(), fc.constant('secrets-store.csi.k8s.io')),
        ),
      ),
    ),
  );
  fc.assert(
    fc.property(fc.record({ volumes, imagePullSecrets: fc.oneof(fc.anything(), fc.array(fc.anything())) }), (spec) =>
      podUses(spec, options).every(({ name }) => name !== ''),
    ),
  );
  t.end();
});
