/** The index and Argo Rollouts that run the template of a Deployment (`spec.workloadRef`). */
import t from 'tap';
import { INJECT, RELOADER } from '../../core/names.ts';
import { PLAIN_NAMESPACE } from '../../core/policy.ts';
import type { SourceName } from '../../core/source.ts';
import { WorkloadIndex } from '../../watcher/workload-index.ts';
import { APP_AND_DB } from '../core/decision-worlds.ts';
import { annotated, labelled, POLICY, watched } from './look.ts';
import { borrower, deployment, rollout } from './objects.ts';

const WEB = 'Deployment shop/web';
const CANARY = 'Rollout shop/canary';
const AUTO = { [RELOADER.auto]: 'true' };
const RESTART = { ...AUTO, [RELOADER.rolloutStrategy]: 'restart' };

const configMap = (name: string): SourceName => ({ kind: 'ConfigMap', namespace: 'shop', name });
const APP: SourceName = configMap('app');

/** An index of these workloads, in a namespace that says nothing. */
function indexOf(...workloads: readonly ReturnType<typeof deployment>[]): WorkloadIndex {
  const index = new WorkloadIndex(POLICY, PLAIN_NAMESPACE);
  for (const workload of workloads) watched(index, workload);
  return index;
}

const withStatus = (object: ReturnType<typeof deployment>) => ({
  ...annotated(object, { 'rollout.argoproj.io/revision': '7' }),
  status: { replicas: 7 },
});

t.test('a Rollout with a template of its own is a workload like any other', (t) => {
  const index = indexOf(rollout({ name: 'canary', annotations: AUTO }));
  t.strictSame(index.applySource(APP, '1'), [CANARY]);
  t.end();
});

for (const order of ['the Deployment first', 'the Rollout first'] as const) {
  t.test(`a Deployment that a Rollout runs is judged with the Rollout's annotations (${order})`, (t) => {
    const objects = [deployment(), borrower('web', { annotations: AUTO })];
    const index = indexOf(...(order === 'the Rollout first' ? objects.toReversed() : objects));
    t.strictSame(index.applySource(APP, '1'), [WEB]);
    t.equal(index.managedCount(), 1, 'and the Rollout by itself is not managed');
    t.match(index.get(CANARY)?.verdict, { managed: false });
    t.end();
  });
}

t.test('the Deployment has to be looked at when the Rollout begins to speak for it', (t) => {
  const index = indexOf(deployment(), borrower('web'));
  t.strictSame(watched(index, borrower('web', { annotations: AUTO })), [WEB]);
  t.strictSame(watched(index, borrower('web')), [], 'and not when it falls silent');
  t.equal(index.managedCount(), 0);
  t.end();
});

t.test("the Deployment's own words win over the Rollout's, name by name", (t) => {
  const own = { [INJECT]: 'disabled', [RELOADER.exclude.ConfigMap]: 'app' };
  for (const annotations of [own, { [RELOADER.exclude.ConfigMap]: 'app' }]) {
    const index = indexOf(
      deployment({ annotations }),
      borrower('web', { annotations: { ...AUTO, [INJECT]: 'enabled' } }),
    );
    t.strictSame(index.applySource(APP, '1'), []);
  }
  const index = indexOf(deployment({ annotations: { [INJECT]: 'enabled' } }), borrower('web', { annotations: own }));
  t.strictSame(index.applySource(APP, '1'), [], 'what the Deployment does not say, the Rollout says');
  t.end();
});

t.test('a Rollout in a namespace that is opted in is not managed beside its Deployment', (t) => {
  const index = indexOf(deployment(), borrower('web'));
  t.strictSame(index.applyNamespace('shop', labelled('enabled')), [WEB]);
  t.strictSame(index.applySource(APP, '1'), [WEB]);
  t.end();
});

t.test('with the restart strategy the Rollout itself is managed, with the references of the Deployment', (t) => {
  const index = indexOf(deployment(), borrower('web', { annotations: RESTART }));
  t.strictSame(index.applySource(APP, '1'), [CANARY]);
  t.strictSame(
    index.get(CANARY)?.workload.references.map(({ name }) => name),
    ['app'],
  );
  t.match(index.get(WEB)?.verdict, { managed: false }, 'the Deployment is not: the Rollout speaks for itself');
  t.end();
});

for (const order of ['the Deployment first', 'the Rollout first'] as const) {
  t.test(
    `in a namespace that is opted in a Deployment without pods is not managed beside a Rollout that restarts (${order})`,
    (t) => {
      const idle = deployment({ spec: { replicas: 0, template: { spec: APP_AND_DB } } });
      const objects = [idle, borrower('web', { annotations: RESTART })];
      const index = indexOf(...(order === 'the Rollout first' ? objects.toReversed() : objects));
      index.applyNamespace('shop', labelled('enabled'));
      t.strictSame(index.applySource(APP, '1'), [CANARY]);
      watched(index, deployment({ spec: { replicas: 1, template: { spec: APP_AND_DB } } }));
      t.strictSame(index.applySource(APP, '2').toSorted(), [WEB, CANARY], 'with pods it is');
      watched(index, idle);
      t.strictSame(index.applySource(APP, '3'), [CANARY]);
      watched(index, deployment({ annotations: AUTO, spec: { replicas: 0, template: { spec: APP_AND_DB } } }));
      t.strictSame(index.applySource(APP, '4').toSorted(), [WEB, CANARY], 'or where it says so itself');
      watched(index, idle);
      index.deleteWorkload(CANARY);
      t.strictSame(index.applySource(APP, '5'), [WEB], 'and once there is no such Rollout');
      t.end();
    },
  );
}

t.test('a Rollout that restarts follows the references of its Deployment', (t) => {
  const index = indexOf(borrower('web', { annotations: RESTART }));
  t.strictSame(index.applySource(APP, '1'), [], 'the Deployment is not known yet');
  t.strictSame(watched(index, deployment()), [CANARY]);
  t.strictSame(index.applySource(APP, '1'), [CANARY]);
  t.strictSame(watched(index, deployment({ podSpec: APP_AND_DB })), [CANARY]);
  t.strictSame(index.applySource({ kind: 'Secret', namespace: 'shop', name: 'db' }, '1'), [CANARY]);
  index.deleteWorkload(WEB);
  t.strictSame(index.applySource(APP, '2'), [], 'without the Deployment there is no template');
  t.strictSame([...index.knownSources('ConfigMap'), ...index.knownSources('Secret')], []);
  t.end();
});

t.test('words on the template of the Deployment count for a Rollout that restarts', (t) => {
  const lender = deployment({ templateAnnotations: { [RELOADER.exclude.ConfigMap]: 'app' } });
  t.strictSame(indexOf(lender, borrower('web', { annotations: RESTART })).applySource(APP, '1'), []);
  t.end();
});

t.test('a change of status alone of either dirties nothing', (t) => {
  for (const annotations of [AUTO, RESTART]) {
    const index = indexOf(deployment(), borrower('web', { annotations }));
    t.strictSame(watched(index, withStatus(deployment())), []);
    t.strictSame(watched(index, withStatus(borrower('web', { annotations }))), []);
  }
  t.end();
});

t.test('a Rollout that turns to another Deployment speaks for that one, and not for the one of before', (t) => {
  const index = indexOf(deployment(), deployment({ name: 'next' }), borrower('web', { annotations: AUTO }));
  t.strictSame(watched(index, borrower('next', { annotations: AUTO })), ['Deployment shop/next']);
  t.strictSame(index.applySource(APP, '1'), ['Deployment shop/next']);
  t.equal(index.managedCount(), 1);
  t.end();
});

t.test('a Rollout that gets a template of its own gives the Deployment back', (t) => {
  const index = indexOf(deployment(), borrower('web', { annotations: AUTO }));
  t.strictSame(watched(index, rollout({ name: 'canary', annotations: AUTO })), [CANARY]);
  t.strictSame(index.applySource(APP, '1'), [CANARY]);
  t.end();
});

t.test('a Rollout that is deleted does not speak for its Deployment any more', (t) => {
  const index = indexOf(deployment(), borrower('web', { annotations: AUTO }));
  t.strictSame(index.deleteWorkload(CANARY), []);
  t.strictSame(index.applySource(APP, '1'), []);
  t.equal(index.managedCount(), 0);
  t.end();
});

t.test('a Rollout that is deleted frees its Deployment from what it forbade', (t) => {
  const own = { [RELOADER.reload.ConfigMap]: 'app' };
  const index = indexOf(
    deployment({ annotations: own }),
    borrower('web', { annotations: { [RELOADER.exclude.ConfigMap]: 'app' } }),
  );
  t.strictSame(index.applySource(APP, '1'), []);
  t.strictSame(index.deleteWorkload(CANARY), [WEB]);
  t.strictSame(index.applySource(APP, '2'), [WEB]);
  t.end();
});

t.test('a workloadRef to anything but a Deployment is none', (t) => {
  const workloadRef = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web' };
  const index = indexOf(deployment(), rollout({ name: 'canary', annotations: AUTO, spec: { workloadRef } }));
  t.strictSame(index.applySource(APP, '1'), [CANARY]);
  t.end();
});
