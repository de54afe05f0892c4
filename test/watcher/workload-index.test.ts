import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { INJECT, SETTLE } from '../../core/names.ts';
import { PLAIN_NAMESPACE } from '../../core/policy.ts';
import type { SourceName } from '../../core/source.ts';
import { workloadId } from '../../core/workload.ts';
import { indexedWorkload } from '../../watcher/indexed.ts';
import { type IndexedWorkload, WorkloadIndex } from '../../watcher/workload-index.ts';
import { DEPLOYMENT, envFromSpec, envSpec, podSpec, workloadJson, workloadOf } from '../core/build.ts';
import { labelled, POLICY, RULES, watched } from './look.ts';

const APP = envFromSpec({ configMapRef: { name: 'app' } });
const DB = envFromSpec({ secretRef: { name: 'db' } });
const BOTH = envFromSpec({ configMapRef: { name: 'app' } }, { secretRef: { name: 'db' } });

interface Fields {
  readonly name?: string;
  readonly namespace?: string;
  readonly spec?: JsonObject;
  readonly annotations?: JsonObject;
  readonly uid?: string;
}

/** A Deployment as the watch shows it. */
function deployment({ name = 'web', namespace = 'shop', spec = APP, annotations, uid = 'u1' }: Fields = {}) {
  const json = workloadJson({ spec, ...(annotations && { annotations }) });
  return indexedWorkload(
    workloadOf({ ...json, metadata: { ...(json.metadata as JsonObject), name, namespace, uid } }),
    DEPLOYMENT,
    RULES,
  );
}

const configMap = (name: string, namespace = 'shop'): SourceName => ({ kind: 'ConfigMap', namespace, name });
const secret = (name: string): SourceName => ({ kind: 'Secret', namespace: 'shop', name });

/** An index of these workloads, in a namespace that is opted in. */
function indexOf(...workloads: readonly IndexedWorkload[]): WorkloadIndex {
  const index = new WorkloadIndex(POLICY, PLAIN_NAMESPACE);
  index.applyNamespace('shop', labelled('enabled'));
  for (const workload of workloads) index.applyWorkload(workload);
  return index;
}

const WEB = 'Deployment shop/web';

t.test('a source that changes names exactly the managed workloads that refer to it', (t) => {
  const index = indexOf(
    deployment({ name: 'both', spec: BOTH }),
    deployment({ name: 'app' }),
    deployment({ name: 'db', spec: DB }),
    deployment({ name: 'out', annotations: { [INJECT]: 'disabled' } }),
    deployment({ name: 'elsewhere', namespace: 'other' }),
    deployment({ name: 'elsewhere-in', namespace: 'other', annotations: { [INJECT]: 'enabled' } }),
  );
  t.strictSame(index.applySource(configMap('app'), '1'), ['Deployment shop/both', 'Deployment shop/app']);
  t.strictSame(index.applySource(secret('db'), '1'), ['Deployment shop/both', 'Deployment shop/db']);
  t.strictSame(index.applySource(configMap('app', 'other'), '1'), ['Deployment other/elsewhere-in']);
  t.end();
});

t.test('a ConfigMap and a Secret of the same name are two', (t) => {
  const index = indexOf(deployment());
  t.strictSame(index.applySource(secret('app'), '1'), []);
  t.strictSame(index.applySource(configMap('app'), '1'), [WEB]);
  t.end();
});

t.test('a version of a source is told once', (t) => {
  const index = indexOf(deployment());
  t.strictSame(index.applySource(configMap('app'), '1'), [WEB]);
  t.strictSame(index.applySource(configMap('app'), '1'), []);
  t.strictSame(index.applySource(configMap('app'), '2'), [WEB]);
  t.strictSame(index.applySource(configMap('app'), '1'), [WEB], 'versions are compared, not ordered');
  t.end();
});

t.test('a source that is gone names its workloads, and so does its return at the same version', (t) => {
  const index = indexOf(deployment());
  index.applySource(configMap('app'), '1');
  t.strictSame(index.deleteSource(configMap('app')), [WEB]);
  t.strictSame(index.applySource(configMap('app'), '1'), [WEB]);
  t.end();
});

t.test('a source that nobody refers to names nothing, and nothing is kept of it', (t) => {
  const index = indexOf(deployment());
  const named = Array.from({ length: 1_000 }, (_, n) => [
    ...index.applySource(configMap(`other-${n}`), '1'),
    ...index.deleteSource(secret(`other-${n}`)),
  ]);
  t.strictSame(named.flat(), []);
  t.strictSame([...index.knownSources('ConfigMap')], [configMap('app')]);
  t.strictSame([...index.knownSources('Secret')], []);
  index.applyWorkload(deployment({ spec: envFromSpec({ configMapRef: { name: 'other-7' } }) }));
  t.strictSame(index.applySource(configMap('other-7'), '1'), [WEB], 'the version of before was not kept');
  t.end();
});

t.test('the version of a source is dropped with the last reference to it', (t) => {
  const index = indexOf(deployment({ name: 'one' }), deployment({ name: 'two' }));
  index.applySource(configMap('app'), '1');
  index.applyWorkload(deployment({ name: 'one', spec: DB }));
  t.strictSame(index.applySource(configMap('app'), '1'), [], 'two still refers to it');
  index.deleteWorkload('Deployment shop/two');
  t.strictSame([...index.knownSources('ConfigMap')], []);
  index.applyWorkload(deployment({ name: 'two' }));
  t.strictSame(index.applySource(configMap('app'), '1'), ['Deployment shop/two']);
  t.end();
});

t.test('a source that is used by key, in several ways, names its workload once', (t) => {
  const key = { configMapKeyRef: { name: 'app', key: 'a' } };
  const spec = { ...envSpec(key, key), volumes: [{ name: 'v', configMap: { name: 'app' } }] };
  t.strictSame(indexOf(deployment({ spec })).applySource(configMap('app'), '1'), [WEB]);
  t.end();
});

t.test('a name with slashes, which a reference can hold, stays one name', (t) => {
  const index = indexOf(deployment({ spec: envFromSpec({ secretRef: { name: 'a/b/c' } }) }));
  t.strictSame([...index.knownSources('Secret')], [secret('a/b/c')]);
  t.end();
});

t.test('a workload that is managed and new has to be looked at', (t) => {
  t.strictSame(indexOf().applyWorkload(deployment()), [WEB]);
  t.end();
});

t.test('a workload that is not managed has not, and refers to nothing as far as anybody is concerned', (t) => {
  const index = indexOf();
  t.strictSame(index.applyWorkload(deployment({ annotations: { [INJECT]: 'disabled' } })), []);
  t.strictSame(index.applyWorkload(deployment({ name: 'other', namespace: 'other' })), []);
  t.strictSame([...index.knownSources('ConfigMap')], []);
  t.equal(index.size, 2);
  t.equal(index.managedCount(), 0);
  t.end();
});

t.test('an update of the status alone is no reason to look', (t) => {
  const index = indexOf(deployment());
  t.strictSame(index.applyWorkload(deployment()), []);
  t.strictSame(index.applyWorkload(deployment({ annotations: { 'deployment.kubernetes.io/revision': '2' } })), []);
  t.strictSame(index.applyWorkload(deployment({ spec: { ...APP, priority: 7 } })), []);
  t.end();
});

for (const [what, change] of [
  ['its references', { spec: BOTH }],
  ['whether a reference is optional', { spec: envFromSpec({ configMapRef: { name: 'app', optional: true } }) }],
  ['the keys it uses', { spec: envSpec({ configMapKeyRef: { name: 'app', key: 'a' } }) }],
  ['its record', { annotations: { 'restamp.dev/record': '{}' } }],
  ['its history', { annotations: { 'restamp.dev/history': '[]' } }],
  ['its identity', { uid: 'u2' }],
] as const) {
  t.test(`a workload that changes ${what} has to be looked at`, (t) => {
    const index = indexOf(deployment());
    t.strictSame(index.applyWorkload(deployment(change)), [WEB]);
    t.strictSame(index.applyWorkload(deployment(change)), [], 'once');
    t.end();
  });
}

t.test('a workload whose stamp is changed has to be looked at', (t) => {
  const index = indexOf(deployment());
  const { ours, ...rest } = deployment();
  t.strictSame(index.applyWorkload({ ...rest, ours: { ...ours, stamp: 'v1.000000000000.x' } }), [WEB]);
  t.end();
});

t.test('a workload that opts in or out by annotation counts from then on', (t) => {
  const index = indexOf(deployment());
  t.strictSame(index.applyWorkload(deployment({ annotations: { [INJECT]: 'disabled' } })), []);
  t.strictSame(index.applySource(configMap('app'), '1'), []);
  t.strictSame(index.applyWorkload(deployment()), [WEB]);
  t.strictSame(index.applySource(configMap('app'), '1'), [WEB]);
  t.end();
});

t.test('references that go are not followed any more', (t) => {
  const index = indexOf(deployment({ spec: BOTH }));
  index.applyWorkload(deployment({ spec: DB }));
  t.strictSame(index.applySource(configMap('app'), '1'), []);
  t.strictSame(index.applySource(secret('db'), '1'), [WEB]);
  index.applyWorkload(deployment({ spec: podSpec() }));
  t.strictSame(index.applySource(secret('db'), '2'), []);
  t.end();
});

t.test('a namespace that opts in names its workloads, less those that opt out', (t) => {
  const index = new WorkloadIndex(POLICY, PLAIN_NAMESPACE);
  for (const name of ['a', 'b']) index.applyWorkload(deployment({ name }));
  index.applyWorkload(deployment({ name: 'out', annotations: { [INJECT]: 'disabled' } }));
  index.applyWorkload(deployment({ name: 'already', annotations: { [INJECT]: 'enabled' } }));
  index.applyWorkload(deployment({ name: 'elsewhere', namespace: 'other' }));
  t.strictSame(index.applyNamespace('shop', labelled('enabled')), ['Deployment shop/a', 'Deployment shop/b']);
  t.strictSame(index.applyNamespace('shop', labelled('enabled')), [], 'once');
  t.equal(index.managedCount(), 3);
  t.end();
});

for (const label of [undefined, 'disabled', 'Enabled']) {
  t.test(`a namespace whose label becomes ${label} names nothing, and its sources are not followed`, (t) => {
    const index = indexOf(deployment());
    index.applySource(configMap('app'), '1');
    t.strictSame(index.applyNamespace('shop', labelled(label)), []);
    t.equal(index.managedCount(), 0);
    t.strictSame(index.applySource(configMap('app'), '2'), []);
    t.strictSame([...index.knownSources('ConfigMap')], []);
    t.strictSame(index.applyNamespace('shop', labelled('enabled')), [WEB], 'and on again');
    t.strictSame(index.applySource(configMap('app'), '2'), [WEB]);
    t.end();
  });
}

t.test('namespaces that say something are known, those that say nothing are not', (t) => {
  const index = indexOf();
  index.applyNamespace('other', labelled('disabled'));
  index.applyNamespace('third', labelled(undefined));
  t.strictSame([...index.knownNamespaces()], [{ name: 'shop' }, { name: 'other' }]);
  index.applyNamespace('shop', undefined);
  t.strictSame([...index.knownNamespaces()], [{ name: 'other' }]);
  t.strictSame(index.namespaceFacts('other'), labelled('disabled'));
  t.strictSame(index.namespaceFacts('third'), PLAIN_NAMESPACE);
  t.end();
});

t.test('a workload that is deleted leaves nothing behind', (t) => {
  const index = indexOf(deployment({ spec: BOTH }));
  index.applySource(configMap('app'), '1');
  index.deleteWorkload(WEB);
  t.equal(index.size, 0);
  t.equal(index.get(WEB), undefined);
  t.strictSame([...index.ids()], []);
  t.strictSame([...index.knownSources('ConfigMap'), ...index.knownSources('Secret')], []);
  t.strictSame(index.applyNamespace('shop', labelled('disabled')), []);
  t.strictSame(index.deleteSource(configMap('app')), []);
  t.end();
});

t.test('the deletion of what is not known is nothing', (t) => {
  const index = indexOf(deployment());
  index.deleteWorkload('Deployment shop/other');
  t.strictSame([...index.ids()], [WEB]);
  t.end();
});

t.test('workloads of one kind are told apart from those of another', (t) => {
  const web = deployment();
  const index = indexOf(web, { ...web, kind: 'StatefulSet' });
  t.strictSame([...index.workloadsOfKind('Deployment')].map(workloadId), [WEB]);
  t.strictSame(index.applySource(configMap('app'), '1'), [WEB, 'StatefulSet shop/web']);
  t.end();
});

t.test('nothing is kept of a template but its references, nor of the annotations but those that are read', (t) => {
  const spec = podSpec({ env: [{ name: 'PASSWORD', value: 'hunter2' }], envFrom: [{ configMapRef: { name: 'app' } }] });
  const annotations = { [INJECT]: 'enabled', 'kubectl.kubernetes.io/last-applied-configuration': 'hunter2' };
  t.notMatch(JSON.stringify(deployment({ spec, annotations })), 'hunter2');
  t.equal(deployment({ spec, annotations }).annotations[INJECT], 'enabled');
  t.end();
});

t.test('a change of status alone does not have annotations looked through once more', (t) => {
  const index = indexOf();
  let asked = 0;
  const advise = (): readonly string[] => {
    asked += 1;
    return ['advice'];
  };
  t.strictSame(index.applyWorkload(deployment(), advise), [WEB]);
  t.strictSame(index.applyWorkload(deployment(), advise), []);
  t.strictSame(index.applyWorkload(deployment({ annotations: { note: 'a' } }), advise), []);
  t.equal(asked, 1);
  t.strictSame(index.applyWorkload(deployment({ annotations: { [INJECT]: 'enabled' } }), advise), [WEB]);
  t.equal(asked, 2);
  t.strictSame(index.get(WEB)?.advice, ['advice']);
  t.end();
});

t.test('a slip in the name of an annotation is looked at when it comes, and when it is put right', (t) => {
  const slip = workloadJson({ spec: APP, annotations: { 'restamp.dev/incldue': 'secret/hunter2' } });
  const index = indexOf();
  watched(index, workloadJson({ spec: APP }));
  t.strictSame(watched(index, slip), [WEB]);
  t.match(index.get(WEB)?.advice, [/restamp\.dev\/incldue/]);
  t.strictSame(watched(index, slip), []);
  t.notMatch(JSON.stringify(index.get(WEB)?.workload), 'hunter2', 'its value is not kept');
  t.strictSame(watched(index, workloadJson({ spec: APP })), [WEB]);
  t.strictSame(index.get(WEB)?.advice, []);
  t.end();
});

t.test('a workload that is not managed has to be looked at where there is something to be said about it', (t) => {
  const index = indexOf();
  index.applyNamespace('shop', labelled(undefined));
  t.strictSame(watched(index, workloadJson({ spec: APP, annotations: { [INJECT]: 'yes' } })), [WEB]);
  t.equal(index.managedCount(), 0);
  t.end();
});

t.test('a workload that is not managed has to be looked at where something has to be done about it', (t) => {
  const index = indexOf();
  index.applyNamespace('shop', labelled(undefined));
  const parked = { 'wave.pusher.com/scheduling-disabled': '' };
  t.strictSame(watched(index, workloadJson({ spec: APP, annotations: parked })), [WEB]);
  t.equal(index.get(WEB)?.workload.needsCare, true);
  t.end();
});

t.test(
  'a namespace that is not selected has nothing managed, and where one must be selected an unseen one is not',
  (t) => {
    const index = new WorkloadIndex(POLICY, { ...PLAIN_NAMESPACE, selected: false });
    const opted = deployment({ annotations: { [INJECT]: 'enabled' } });
    t.strictSame(index.applyWorkload(opted), []);
    t.match(index.get(WEB)?.verdict, { managed: false, reason: 'namespace-not-selected' });
    t.strictSame(index.applyNamespace('shop', labelled(undefined)), [WEB], 'selected');
    t.strictSame(index.applyNamespace('shop', labelled('enabled', { selected: false })), []);
    t.equal(index.managedCount(), 0);
    t.strictSame(index.applyNamespace('shop', labelled('enabled')), [WEB]);
    t.strictSame(index.applyNamespace('shop', undefined), [], 'it is gone');
    t.equal(index.managedCount(), 0);
    t.end();
  },
);

t.test('settings of a namespace are known, and a change of them is no reason to look', (t) => {
  const index = indexOf(deployment());
  t.strictSame(index.applyNamespace('shop', labelled('enabled', { settings: { [SETTLE]: '5s' } })), []);
  t.strictSame(index.namespaceFacts('shop').settings, { [SETTLE]: '5s' });
  t.strictSame(index.namespaceFacts('other').settings, {});
  t.end();
});
