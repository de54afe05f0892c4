/** What Reloader's strategies write into a pod template: the annotation to the byte, the variable in its container. */
import fc from 'fast-check';
import t from 'tap';
import type { Cause } from '../../core/decision.ts';
import { asList, asObject, type JsonObject } from '../../core/json.ts';
import { lastReloadedFrom, type Trigger, withVariable } from '../../core/written.ts';
import { spec as specs } from './arbitrary.ts';
import { container } from './build.ts';

const AT = 1_767_268_800_999;

const trigger = (source: Cause['source'], hash = 'h1'): Trigger => ({
  cause: { source, keys: ['a'] },
  namespace: 'shop',
  hash,
});

const usesApp = (name: string): JsonObject => container({ name, envFrom: [{ configMapRef: { name: 'app' } }] });
const plain = (name: string, fields: JsonObject = {}): JsonObject => container({ name, ...fields });

/** Two containers of which the second uses app, the third mounts db, and an init container uses other. */
const SPEC: JsonObject = {
  initContainers: [container({ name: 'init', envFrom: [{ configMapRef: { name: 'other' } }] })],
  containers: [
    plain('first'),
    usesApp('second'),
    plain('third', { volumeMounts: [{ name: 'v', mountPath: '/v' }], env: [{ name: 'X', value: '1' }] }),
  ],
  volumes: [
    { name: 'v', secret: { secretName: 'db' } },
    { name: 'unmounted', configMap: { name: 'loose' } },
  ],
};

t.test('the annotation is compact JSON with its members in this order', (t) => {
  t.equal(
    lastReloadedFrom(SPEC, trigger('configmap/app'), AT),
    '{"type":"CONFIGMAP","name":"app","namespace":"shop","hash":"h1","containerRefs":["second"],"observedAt":1767268800}',
  );
  t.equal(
    lastReloadedFrom(SPEC, trigger('secret/db'), AT),
    '{"type":"SECRET","name":"db","namespace":"shop","hash":"h1","containerRefs":["third"],"observedAt":1767268800}',
  );
  t.equal(
    lastReloadedFrom({}, trigger('secretproviderclass/vault'), 0),
    '{"type":"SECRETPROVIDERCLASS","name":"vault","namespace":"shop","hash":"h1","containerRefs":[],"observedAt":0}',
  );
  t.end();
});

t.test('the annotation names the namespace of a source that is in another one', (t) => {
  t.match(JSON.parse(lastReloadedFrom(SPEC, trigger('secret/team/ca'), AT)), { namespace: 'team', name: 'ca' });
  t.end();
});

const VAULT: JsonObject = {
  containers: [plain('first'), plain('second', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
  volumes: [
    { name: 'v', csi: { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass: 'vault' } } },
  ],
};

t.test('the annotation names every container that uses the source, and no init container', (t) => {
  const refs = (spec: unknown, source: Cause['source']): unknown =>
    asObject(JSON.parse(lastReloadedFrom(spec, trigger(source), AT))).containerRefs;
  t.strictSame(refs({ containers: [usesApp('a'), plain('b'), usesApp('c')] }, 'configmap/app'), ['a', 'c']);
  t.strictSame(refs(SPEC, 'configmap/other'), []);
  t.strictSame(refs(SPEC, 'configmap/loose'), [], 'a volume that nobody mounts');
  t.strictSame(refs(SPEC, 'secret/app'), [], 'a Secret of the same name');
  t.strictSame(refs(VAULT, 'secretproviderclass/vault'), ['second']);
  t.end();
});

const CALLED: readonly (readonly [Cause['source'], string])[] = [
  ['configmap/app', 'STAKATER_APP_CONFIGMAP'],
  ['secret/db', 'STAKATER_DB_SECRET'],
  ['secretproviderclass/vault', 'STAKATER_VAULT_SECRETPROVIDERCLASS'],
  ['configmap/app-config.v1', 'STAKATER_APP_CONFIG_V1_CONFIGMAP'],
  ['configmap/a--b.-c', 'STAKATER_A_B_C_CONFIGMAP'],
  ['configmap/0', 'STAKATER_0_CONFIGMAP'],
  ['secret/team/ca', 'STAKATER_CA_SECRET'],
];

/** The variables of each container. */
const variables = (containers: readonly JsonObject[]): readonly unknown[] => containers.map(({ env }) => env);

for (const [source, name] of CALLED) {
  t.test(`the variable for ${source} is ${name}`, (t) => {
    t.strictSame(variables(withVariable({}, [plain('a')], trigger(source))), [[{ name, value: 'h1' }]]);
    t.end();
  });
}

t.test('the variable is set in the first container that uses the source', (t) => {
  const set = [{ name: 'STAKATER_APP_CONFIGMAP', value: 'h1' }];
  t.strictSame(variables(withVariable(SPEC, SPEC.containers, trigger('configmap/app'))), [
    undefined,
    set,
    [{ name: 'X', value: '1' }],
  ]);
  const both = { containers: [usesApp('a'), usesApp('b')] };
  t.strictSame(variables(withVariable(both, both.containers, trigger('configmap/app'))), [set, undefined]);
  t.end();
});

t.test('the variable comes after those that are there', (t) => {
  t.strictSame(variables(withVariable(SPEC, SPEC.containers, trigger('secret/db')))[2], [
    { name: 'X', value: '1' },
    { name: 'STAKATER_DB_SECRET', value: 'h1' },
  ]);
  t.end();
});

t.test('the variable is set in the first container where only an init container uses the source, or none', (t) => {
  for (const source of ['configmap/other', 'configmap/nowhere', 'configmap/loose'] as const) {
    const [first, second] = variables(withVariable(SPEC, SPEC.containers, trigger(source)));
    t.equal(asList(first).length, 1, source);
    t.equal(second, undefined, source);
  }
  t.end();
});

t.test('the variable of an earlier change of the same source is replaced where it stands, any other stays', (t) => {
  const env = [
    { name: 'STAKATER_APP_CONFIGMAP', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'STAKATER_DB_SECRET', value: 'old' },
    { name: 'X', value: '1' },
  ];
  t.strictSame(variables(withVariable({}, [plain('a', { env })], trigger('configmap/app', 'h2'))), [
    [{ name: 'STAKATER_APP_CONFIGMAP', value: 'h2' }, ...env.slice(1)],
  ]);
  t.end();
});

t.test('several causes are several variables, each in its container', (t) => {
  const once = withVariable(SPEC, SPEC.containers, trigger('configmap/app', 'h1'));
  const twice = withVariable(SPEC, once, trigger('secret/db', 'h2'));
  t.strictSame(variables(twice), [
    undefined,
    [{ name: 'STAKATER_APP_CONFIGMAP', value: 'h1' }],
    [
      { name: 'X', value: '1' },
      { name: 'STAKATER_DB_SECRET', value: 'h2' },
    ],
  ]);
  t.end();
});

t.test('nothing but the variable changes, and what was given stays as it was', (t) => {
  fc.assert(
    fc.property(specs, (spec) => {
      const before = structuredClone(spec);
      const containers = withVariable(spec, spec.containers, trigger('configmap/app'));
      const bare = containers.map((container) => {
        const env = asList(container.env).filter((variable) => asObject(variable).name !== 'STAKATER_APP_CONFIGMAP');
        return { ...container, env };
      });
      t.strictSame(spec, before);
      t.strictSame(bare, asList(spec.containers));
    }),
    { numRuns: 30 },
  );
  t.end();
});

t.test('a pod spec of any kind is read without an error', (t) => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (spec, containers) => {
      lastReloadedFrom(spec, trigger('configmap/app'), AT);
      lastReloadedFrom({ containers: [spec], volumes: spec }, trigger('configmap/app'), AT);
      withVariable(spec, containers, trigger('configmap/app'));
      withVariable({ volumes: [spec] }, [containers], trigger('configmap/app'));
    }),
  );
  t.end();
});
