import fc from 'fast-check';
import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { parseSource, parseWorkload, templateOf } from '../../core/parse.ts';
import type { Source } from '../../core/source.ts';
import { declaredKind, kindOf, WORKLOAD_KINDS, workloadId } from '../../core/workload.ts';
import { configMapJson, DEPLOYMENT, kindNamed, secretJson, sourceOf, workloadJson, workloadOf } from './build.ts';

/** Entries as text, to compare them. */
function textOf(source: Source | undefined): readonly (readonly [string, string])[] {
  return [...(source?.entries ?? [])].map(([key, bytes]) => [key, Buffer.from(bytes).toString('latin1')] as const);
}

const hostile = (text: string): JsonObject => JSON.parse(text);

t.test('a workload is read: names, version, annotations, template', (t) => {
  const json = workloadJson({ annotations: { a: 'b' }, templateAnnotations: { c: 'd' }, spec: { containers: [] } });
  t.strictSame(parseWorkload(json, DEPLOYMENT, 'fallback'), {
    kind: 'Deployment',
    namespace: 'shop',
    name: 'web',
    uid: 'u1',
    resourceVersion: '7',
    annotations: Object.assign(Object.create(null), { a: 'b' }),
    template: { annotations: Object.assign(Object.create(null), { c: 'd' }), spec: { containers: [] } },
  });
  t.end();
});

t.test('what a workload lacks at its creation is taken from the request, or empty', (t) => {
  const workload = parseWorkload(
    { metadata: { generateName: 'web-' }, spec: { template: {} } },
    DEPLOYMENT,
    'fallback',
  );
  t.match(workload, { kind: 'Deployment', namespace: 'fallback', name: '', uid: '', resourceVersion: '' });
  t.equal(workload?.template.spec, undefined);
  t.strictSame(Object.keys(workload?.annotations ?? { x: 1 }), []);
  t.end();
});

t.test('what has no pod template is no workload', (t) => {
  for (const wrong of [undefined, null, 7, 'x', [], {}, { spec: null }, { spec: [] }, { spec: { template: [] } }]) {
    t.equal(parseWorkload(wrong, DEPLOYMENT), undefined, JSON.stringify(wrong));
  }
  t.end();
});

t.test('annotations that are no text are left out, and hostile names are names like any other', (t) => {
  const annotations = hostile('{"__proto__":"x","constructor":"y","number":7,"null":null,"object":{}}');
  const { annotations: read } = workloadOf(workloadJson({ annotations }));
  t.strictSame(Object.entries(read), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  t.equal(read.toString, undefined);
  t.end();
});

t.test('a ConfigMap is read: data as UTF-8, binaryData from base64', (t) => {
  const source = sourceOf(configMapJson('app', { text: 'ä', empty: '' }, { binaryData: { bytes: '/wA=' } }));
  t.strictSame(textOf(source), [
    ['text', '\u00c3\u00a4'],
    ['empty', ''],
    ['bytes', '\u00ff\u0000'],
  ]);
  t.match(source, { kind: 'ConfigMap', namespace: 'shop', name: 'app', uid: '', resourceVersion: '' });
  t.end();
});

t.test('a Secret is read from base64; what only a ConfigMap has is left out', (t) => {
  const secret = { ...secretJson('db', { password: 'p' }), binaryData: { x: 'eA==' }, stringData: { y: 'y' } };
  t.strictSame(textOf(sourceOf(secret)), [['password', 'p']]);
  t.end();
});

t.test('uid and resourceVersion of a source are read', (t) => {
  const metadata = { namespace: 'shop', name: 'app', uid: 'u', resourceVersion: '9' };
  t.match(parseSource('ConfigMap', { metadata }), { uid: 'u', resourceVersion: '9', entries: new Map() });
  t.end();
});

t.test('an entry called __proto__ or constructor is an entry like any other', (t) => {
  const data = hostile('{"__proto__":"x","constructor":"y"}');
  t.strictSame(textOf(sourceOf(configMapJson('app', data))), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  t.end();
});

t.test('entries that are no text are left out', (t) => {
  const data = { a: 1, b: null, c: {}, d: 'text' };
  t.strictSame(textOf(sourceOf(configMapJson('app', data))), [['d', 'text']]);
  for (const data of [null, 7, 'x', ['a']]) {
    t.equal(parseSource('Secret', { metadata: { namespace: 'n', name: 'a' }, data })?.entries.size, 0);
  }
  t.end();
});

t.test('what has no name or namespace is no source', (t) => {
  for (const metadata of [undefined, null, [], {}, { name: 'a' }, { namespace: 'n' }, { namespace: 'n', name: 7 }]) {
    t.equal(parseSource('ConfigMap', { metadata }), undefined, JSON.stringify(metadata));
  }
  t.end();
});

t.test('writers are those who own entries, with their time and the names of the entries', (t) => {
  const managedFields = [
    {
      manager: 'kubectl',
      operation: 'Update',
      time: '2026-01-01T00:00:00Z',
      fieldsV1: { 'f:data': { '.': {}, 'f:a': {}, 'f:b.yaml': {} }, 'f:binaryData': { 'f:c': {} } },
    },
    { manager: 'labeller', time: '2026-01-02T00:00:00Z', fieldsV1: { 'f:metadata': { 'f:labels': {} } } },
    { manager: 'owner-of-the-map', time: '2026-01-03T00:00:00Z', fieldsV1: { 'f:data': {} } },
    { manager: 'untimed', fieldsV1: { 'f:data': { 'f:a': {} } } },
    { manager: 'hostile', fieldsV1: hostile('{"f:data":{"f:__proto__":{},"__proto__":{}}}') },
  ];
  const source = sourceOf(configMapJson('app', {}, { metadata: { namespace: 'shop', name: 'app', managedFields } }));
  t.strictSame(source.writers, [
    { manager: 'kubectl', at: '2026-01-01T00:00:00Z', keys: ['a', 'b.yaml', 'c'] },
    { manager: 'untimed', at: '', keys: ['a'] },
    { manager: 'hostile', at: '', keys: ['__proto__'] },
  ]);
  t.end();
});

t.test('managedFields of the wrong form name nobody', (t) => {
  const wrong = [
    7,
    {},
    [null, 7, []],
    [{ manager: 7, fieldsV1: { 'f:data': { 'f:a': {} } } }],
    [{ fieldsV1: { 'f:data': { 'f:a': {} } } }],
    [{ manager: 'x', fieldsV1: [] }],
    [{ manager: 'x', fieldsV1: { 'f:data': ['f:a'] } }],
    [{ manager: 'x', fieldsV1: hostile('{"__proto__":{"f:data":{"f:a":{}}}}') }],
  ];
  for (const managedFields of wrong) {
    const metadata = { namespace: 'n', name: 'a', managedFields };
    t.strictSame(parseSource('ConfigMap', { metadata })?.writers, [], JSON.stringify(managedFields));
  }
  t.end();
});

t.test('anything at all is read without an error', (t) => {
  const part = fc.oneof(fc.anything(), fc.dictionary(fc.string(), fc.anything()));
  const metadata = fc.oneof(fc.record({ namespace: part, name: part, annotations: part, managedFields: part }), part);
  const object = fc.oneof(fc.record({ metadata, data: part, binaryData: part, spec: part }), part);
  fc.assert(
    fc.property(object, (value) => {
      parseSource('ConfigMap', value);
      parseSource('Secret', value);
      for (const kind of WORKLOAD_KINDS) parseWorkload(value, kind);
      parseWorkload({ spec: { template: value } }, DEPLOYMENT);
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('a workload is called by its kind, namespace and name', (t) => {
  t.equal(workloadId({ kind: 'Deployment', namespace: 'shop', name: 'web' }), 'Deployment shop/web');
  t.end();
});

t.test('each kind has its resource, the path of its template, its effect, and is built in or not', (t) => {
  t.strictSame(
    WORKLOAD_KINDS.map(({ kind, apiKind, group, version, resource, templatePath, effect, builtIn }) =>
      [kind, apiKind, `${group}/${version}/${resource}`, templatePath.join('.'), effect, builtIn].join(' '),
    ),
    [
      'Deployment Deployment apps/v1/deployments spec.template template true',
      'StatefulSet StatefulSet apps/v1/statefulsets spec.template template true',
      'DaemonSet DaemonSet apps/v1/daemonsets spec.template template true',
      'CronJob CronJob batch/v1/cronjobs spec.jobTemplate.spec.template cronjob true',
      'Job Job batch/v1/jobs spec.template job true',
      'Rollout Rollout argoproj.io/v1alpha1/rollouts spec.template rollout false',
      'DeploymentConfig DeploymentConfig apps.openshift.io/v1/deploymentconfigs spec.template template false',
      'CloneSet CloneSet apps.kruise.io/v1alpha1/clonesets spec.template template false',
      'StatefulSet.apps.kruise.io StatefulSet apps.kruise.io/v1beta1/statefulsets spec.template template false',
      'DaemonSet.apps.kruise.io DaemonSet apps.kruise.io/v1alpha1/daemonsets spec.template template false',
    ],
  );
  t.equal(new Set(WORKLOAD_KINDS.map(({ kind }) => kind)).size, WORKLOAD_KINDS.length, 'no two are called alike');
  t.end();
});

t.test('a workload is read at the path that its kind has the template at', (t) => {
  const template = { metadata: { annotations: { a: 'b' } }, spec: { containers: [] } };
  const metadata = { namespace: 'shop', name: 'nightly' };
  const cronJob = { metadata, spec: { template: { spec: 'not this one' }, jobTemplate: { spec: { template } } } };
  const workload = parseWorkload(cronJob, kindNamed('CronJob'));
  t.equal(workload?.kind, 'CronJob');
  t.strictSame({ ...workload?.template.annotations }, { a: 'b' });
  t.equal(workload?.template.spec, template.spec);
  t.equal(parseWorkload({ metadata, spec: { template } }, kindNamed('CronJob')), undefined);
  t.equal(parseWorkload(cronJob, kindNamed('Job'))?.template.spec, 'not this one');
  t.end();
});

t.test(
  'a kind that is declared is called by its resource and group, and its template is stamped where it says',
  (t) => {
    const declared = { group: 'example.com', version: 'v1', resource: 'engines', templatePath: ['spec', 'pod'] };
    t.strictSame(declaredKind(declared), {
      ...declared,
      kind: 'engines.example.com',
      apiKind: '',
      effect: 'template',
      builtIn: false,
    });
    t.equal(declaredKind({ ...declared, group: '' }).kind, 'engines');
    const json = { metadata: { namespace: 'shop', name: 'e' }, spec: { pod: { spec: { containers: [] } } } };
    t.match(parseWorkload(json, declaredKind(declared)), { kind: 'engines.example.com', namespace: 'shop', name: 'e' });
    t.end();
  },
);

t.test('a kind is found by group and resource, whatever the version', (t) => {
  t.equal(kindOf(WORKLOAD_KINDS, { group: 'apps', resource: 'statefulsets' })?.kind, 'StatefulSet');
  t.equal(
    kindOf(WORKLOAD_KINDS, { group: 'apps.kruise.io', resource: 'statefulsets' })?.kind,
    'StatefulSet.apps.kruise.io',
  );
  t.equal(kindOf(WORKLOAD_KINDS, { group: '', resource: 'deployments' }), undefined);
  t.end();
});

t.test('a template is looked for among own members only', (t) => {
  t.equal(templateOf(hostile('{"__proto__":{"spec":{"template":{}}}}'), DEPLOYMENT), undefined);
  t.equal(templateOf({ spec: { template: 7 } }, DEPLOYMENT), 7);
  t.end();
});

t.test('the copy of itself that kubectl leaves on a source is never read, since it holds content', (t) => {
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"a":"x"}}', b: 'c', d: 7 };
  const metadata = { namespace: 'shop', name: 'app', annotations, labels: { team: 'us', n: 7 } };
  const source = parseSource('Secret', { metadata });
  t.strictSame({ ...source?.annotations }, { b: 'c' });
  t.strictSame({ ...source?.labels }, { team: 'us' });
  t.end();
});
