/** The index and the workloads that select sources by expressions, or in other namespaces. */
import t from 'tap';
import { INJECT, RELOADER } from '../../core/names.ts';
import { PLAIN_NAMESPACE } from '../../core/policy.ts';
import type { SourceKind, SourceName } from '../../core/source.ts';
import { WorkloadIndex } from '../../watcher/workload-index.ts';
import { podSpec } from '../core/build.ts';
import { labelled, POLICY, RULES, watched } from './look.ts';
import { deployment } from './objects.ts';

const RELOAD = RELOADER.reload.ConfigMap;
const INCLUDE = 'restamp.dev/include';
const EXCLUDE = RELOADER.exclude.ConfigMap;
const WEB = 'Deployment shop/web';

const configMap = (name: string, namespace = 'shop'): SourceName => ({ kind: 'ConfigMap', namespace, name });
const secret = (name: string, namespace = 'shop'): SourceName => ({ kind: 'Secret', namespace, name });

/** A workload that refers to nothing by its template. */
const selecting = (annotations: Readonly<Record<string, string>>, name = 'web') =>
  deployment({ name, annotations, podSpec: podSpec() });

function indexOf(...workloads: readonly ReturnType<typeof deployment>[]): WorkloadIndex {
  const index = new WorkloadIndex(POLICY, PLAIN_NAMESPACE);
  for (const workload of workloads) watched(index, workload);
  return index;
}

function known(index: WorkloadIndex, kind: SourceKind): readonly string[] {
  return [...index.knownSources(kind)].map(({ namespace, name }) => `${namespace}/${name}`);
}

for (const [what, annotations] of [
  ["Reloader's regular expression", { [RELOAD]: 'app-.*, other' }],
  ["restamp's glob", { [INCLUDE]: 'configmap/app-*, secret/x' }],
] as const) {
  t.test(`a source that comes, changes and goes is found by ${what}, in the workload's own namespace`, (t) => {
    const index = indexOf(selecting(annotations));
    t.strictSame(index.applySource(configMap('app-1'), '1'), [WEB], 'it comes');
    t.strictSame(index.applySource(configMap('app-1'), '1'), [], 'told once');
    t.strictSame(index.applySource(configMap('app-1'), '2'), [WEB], 'it changes');
    t.strictSame(index.deleteSource(configMap('app-1')), [WEB], 'it goes');
    t.strictSame(index.applySource(configMap('app-1'), '2'), [WEB], 'and is back');
    t.strictSame(index.applySource(configMap('an-app-1'), '1'), [], 'whole names are matched');
    t.strictSame(index.applySource(secret('app-1'), '1'), [], 'a kind is not another');
    t.strictSame(index.applySource(configMap('app-1', 'other'), '1'), [], 'a namespace is not another');
    t.end();
  });
}

t.test('what an expression finds and what excludes it: the exclusion wins', (t) => {
  const index = indexOf(selecting({ [RELOAD]: 'app-.*', [EXCLUDE]: 'app-2' }));
  t.strictSame(index.applySource(configMap('app-2'), '1'), []);
  t.strictSame(index.applySource(configMap('app-1'), '1'), [WEB]);
  t.end();
});

t.test('a source that is named and found by an expression names its workload once', (t) => {
  const index = indexOf(selecting({ [RELOAD]: 'app-1, app-.*' }));
  t.strictSame(index.applySource(configMap('app-1'), '1'), [WEB]);
  t.end();
});

t.test('a workload that says no, and names an expression all the same, is found by it', (t) => {
  const index = indexOf(selecting({ [RELOAD]: 'app-.*', [RELOADER.auto]: 'false' }));
  t.strictSame(index.applySource(configMap('app-1'), '1'), [WEB]);
  t.end();
});

t.test('an expression in a namespace that is opted out finds nothing', (t) => {
  const index = indexOf(selecting({ [RELOAD]: 'app-.*' }));
  index.applyNamespace('shop', labelled('disabled'));
  t.strictSame(index.applySource(configMap('app-1'), '1'), []);
  t.strictSame(known(index, 'ConfigMap'), []);
  t.strictSame(index.applyNamespace('shop', labelled('enabled')), [WEB]);
  t.strictSame(index.applySource(configMap('app-1'), '1'), [WEB]);
  t.end();
});

t.test('sources that no expression finds are not remembered, those that one finds are', (t) => {
  const index = indexOf(selecting({ [RELOAD]: 'app-.*' }));
  for (let n = 0; n < 1_000; n += 1) index.applySource(configMap(`other-${n}`), '1');
  index.applySource(configMap('app-1'), '1');
  t.strictSame(known(index, 'ConfigMap'), ['shop/app-1']);
  t.end();
});

for (const [what, leave] of [
  ['is deleted', (index: WorkloadIndex) => void index.deleteWorkload(WEB)],
  ['names a source plainly instead', (index: WorkloadIndex) => void watched(index, selecting({ [RELOAD]: 'app-2' }))],
  ['opts out', (index: WorkloadIndex) => void watched(index, selecting({ [INJECT]: 'disabled' }))],
] as const) {
  t.test(`when the last workload with an expression ${what}, what only it found is forgotten`, (t) => {
    const index = indexOf(selecting({ [RELOAD]: 'app-.*' }), selecting({ [RELOAD]: 'kept' }, 'other'));
    for (const name of ['app-1', 'kept']) index.applySource(configMap(name), '1');
    leave(index);
    t.notOk(known(index, 'ConfigMap').includes('shop/app-1'));
    t.strictSame(index.applySource(configMap('kept'), '1'), [], 'the version of what is named is still known');
    watched(index, selecting({ [RELOAD]: 'app-.*' }));
    t.strictSame(index.applySource(configMap('app-1'), '1'), [WEB], 'its version was not kept');
    t.end();
  });
}

t.test('while another workload of the namespace has an expression, what that one finds is remembered', (t) => {
  const index = indexOf(selecting({ [RELOAD]: 'app-.*' }), selecting({ [RELOAD]: 'app-.*' }, 'other'));
  index.applySource(configMap('app-1'), '1');
  index.deleteWorkload(WEB);
  t.strictSame(index.applySource(configMap('app-1'), '1'), []);
  t.strictSame(index.applySource(configMap('app-1'), '2'), ['Deployment shop/other']);
  t.end();
});

t.test('a source of another namespace counts only where that one is on the list, and only there', (t) => {
  const annotations = {
    'wave.pusher.com/update-on-config-change': 'true',
    'wave.pusher.com/extra-configmaps': 'team/shared, private/shared, local',
    'wave.pusher.com/extra-secrets': 'team/token',
  };
  const policy = { ...POLICY, crossNamespaces: new Set(['team']) };
  const index = new WorkloadIndex(policy, PLAIN_NAMESPACE);
  watched(index, selecting(annotations), { ...RULES, policy });
  t.strictSame(index.applySource(configMap('shared', 'team'), '1'), [WEB]);
  t.strictSame(index.applySource(secret('token', 'team'), '1'), [WEB]);
  t.strictSame(index.applySource(configMap('local'), '1'), [WEB]);
  t.strictSame(index.applySource(configMap('shared', 'private'), '1'), []);
  t.strictSame(index.applySource(configMap('shared'), '1'), [], 'not the one of its own namespace');
  t.strictSame(index.applySource(configMap('local', 'team'), '1'), []);
  t.strictSame(index.deleteSource(configMap('shared', 'team')), [WEB]);
  t.strictSame(known(index, 'Secret'), ['team/token']);
  t.end();
});

t.test('kinds of source that are ignored are not followed, referred to or named', (t) => {
  const policy = { ...POLICY, ignoredSources: new Set<SourceKind>(['ConfigMap']) };
  const index = new WorkloadIndex(policy, PLAIN_NAMESPACE);
  watched(index, deployment({ annotations: { [RELOAD]: 'app-.*', [INCLUDE]: 'secret/db', [INJECT]: 'enabled' } }));
  t.strictSame(index.applySource(configMap('app'), '1'), []);
  t.strictSame(index.applySource(configMap('app-1'), '1'), []);
  t.strictSame(index.applySource(secret('db'), '1'), [WEB]);
  t.end();
});
