/** Kinds that are not part of every cluster, while they come and go under a running watcher. */
import t, { type Test } from 'tap';
import { asObject, type JsonObject } from '../../core/json.ts';
import { INJECT } from '../../core/names.ts';
import { PLAIN_NAMESPACE } from '../../core/policy.ts';
import type { SourceKind } from '../../core/source.ts';
import { declaredKind, WORKLOAD_KINDS } from '../../core/workload.ts';
import { OptionalFeeds } from '../../watcher/optional-feeds.ts';
import type { WatcherRules } from '../../watcher/rules.ts';
import { WorkloadIndex } from '../../watcher/workload-index.ts';
import { configMapJson, podSpec } from '../core/build.ts';
import { FakeClock, settled } from '../kube/fake-clock.ts';
import { POLICY, RULES, watched } from './look.ts';
import { deployment, objectOf, rollout } from './objects.ts';
import { fault, Store } from './store.ts';
import { Wire } from './wire.ts';

const ROLLOUTS = '/apis/argoproj.io/v1alpha1/rollouts';
const ROLLOUT_KIND = { 'argoproj.io/v1alpha1': [{ name: 'rollouts', kind: 'Rollout' }] };
const STATUSES = '/apis/secrets-store.csi.x-k8s.io/v1/secretproviderclasspodstatuses';
const STATUS_KIND = {
  'secrets-store.csi.x-k8s.io/v1': [{ name: 'secretproviderclasspodstatuses', kind: 'SecretProviderClassPodStatus' }],
};
const CANARY = 'Rollout shop/web';
const ON = { [INJECT]: 'enabled' };
/** Longer than the time between two looks at what is served. */
const NEXT_LOOK_MS = 40_000;

/** Optional feeds at work until the test ends, in a cluster that serves nothing of theirs. */
async function run(t: Test, given: Partial<WatcherRules> = {}, served: Wire['served'] = {}) {
  const wire = new Wire(new Store());
  wire.served = served;
  const clock = new FakeClock();
  const index = new WorkloadIndex(POLICY, PLAIN_NAMESPACE);
  const told: string[] = [];
  const rules = { ...RULES, ...given };
  const feeds = new OptionalFeeds(
    {
      ...{ index, rules, clock, transport: wire },
      onDirty: (ids) => told.push(...ids.map((id) => `dirty ${id}`)),
      onGone: (id) => told.push(`gone ${id}`),
      events: { synced: () => {}, interrupted: () => {}, state: () => {} },
    },
    {
      kind: ({ kind, served: is }) => told.push(`${kind} ${is ? 'came' : 'went'}`),
      unsure: ({ about, cause }) => told.push(`unsure about ${about}: ${cause}`),
    },
  );
  const controller = new AbortController();
  const running = feeds.run(controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  t.teardown(stop);
  await feeds.ready;
  await settled();
  return { wire, clock, index, told, stop };
}

const added = (object: JsonObject) => ({ type: 'ADDED', object });
const modified = (object: JsonObject) => ({ type: 'MODIFIED', object });

t.test('kinds that are not there cost one request now and then, and no watch', async (t) => {
  const { wire, clock, told } = await run(t);
  await clock.advance(10 * 60_000);
  t.strictSame(wire.watches, []);
  t.strictSame(wire.store.requests, [], 'nothing but the list of groups');
  t.strictSame(told, []);
});

t.test('a kind that is there at the start is watched, and its workloads are known', async (t) => {
  const { wire, told, index } = await run(t, {}, ROLLOUT_KIND);
  t.strictSame(wire.open, [ROLLOUTS]);
  wire.sendList(ROLLOUTS, [rollout({ annotations: ON })]);
  await settled();
  t.strictSame(told, ['Rollout came', `dirty ${CANARY}`]);
  t.strictSame(index.applySource({ kind: 'ConfigMap', namespace: 'shop', name: 'app' }, '1'), [CANARY]);
});

t.test('a kind that appears later is watched from then on', async (t) => {
  const { wire, clock, told } = await run(t);
  wire.served = ROLLOUT_KIND;
  await clock.advance(NEXT_LOOK_MS);
  t.strictSame(wire.open, [ROLLOUTS]);
  wire.sendList(ROLLOUTS);
  wire.send(ROLLOUTS, added(rollout({ annotations: ON })));
  await settled();
  t.strictSame(told, ['Rollout came', `dirty ${CANARY}`]);
});

t.test(
  'a kind that goes: its workloads are forgotten, its watch has ended, and nothing is asked afterwards',
  async (t) => {
    const { wire, clock, told, index } = await run(t, {}, ROLLOUT_KIND);
    wire.sendList(ROLLOUTS, [rollout({ annotations: ON }), rollout({ name: 'other', annotations: ON })]);
    watched(index, deployment({ annotations: ON }));
    await settled();
    told.length = 0;
    wire.served = {};
    await clock.advance(NEXT_LOOK_MS);
    t.strictSame(told, [`gone ${CANARY}`, 'gone Rollout shop/other', 'Rollout went']);
    t.strictSame([...index.ids()], ['Deployment shop/web'], 'workloads of other kinds stay');
    t.strictSame(wire.open, []);
    const before = wire.watches.length;
    await clock.advance(10 * 60_000);
    t.equal(wire.watches.length, before);
    t.strictSame(index.applySource({ kind: 'ConfigMap', namespace: 'shop', name: 'app' }, '1'), [
      'Deployment shop/web',
    ]);
  },
);

t.test('a kind that goes and comes back is watched again, once', async (t) => {
  const { wire, clock, told, index } = await run(t, {}, ROLLOUT_KIND);
  wire.sendList(ROLLOUTS, [rollout({ annotations: ON })]);
  await settled();
  wire.served = {};
  await clock.advance(NEXT_LOOK_MS);
  wire.served = ROLLOUT_KIND;
  await clock.advance(NEXT_LOOK_MS);
  t.strictSame(wire.open, [ROLLOUTS]);
  wire.sendList(ROLLOUTS, [rollout({ annotations: ON })]);
  await settled();
  t.strictSame(
    told.filter((text) => text.startsWith('Rollout')),
    ['Rollout came', 'Rollout went', 'Rollout came'],
  );
  t.equal(index.size, 1);
});

t.test('a look that fails changes nothing, and is told', async (t) => {
  const { wire, clock, told, index } = await run(t, {}, ROLLOUT_KIND);
  wire.sendList(ROLLOUTS, [rollout({ annotations: ON })]);
  await settled();
  told.length = 0;
  const { request } = wire;
  wire.request = (asked) =>
    asked.path === '/apis' ? Promise.reject(fault(asked, 500, 'Trouble')) : request.call(wire, asked);
  await clock.advance(NEXT_LOOK_MS);
  t.match(told[0], /^unsure about kinds: .*Trouble$/);
  t.strictSame(wire.open, [ROLLOUTS]);
  t.equal(index.size, 1);
});

t.test('a declared kind is watched under its name, and its template is where it was said to be', async (t) => {
  const templatePath = ['spec', 'workload', 'template'];
  const widgets = declaredKind({ group: 'example.com', version: 'v1', resource: 'widgets', templatePath });
  const served = { 'example.com/v1': [{ name: 'widgets', kind: 'Widget' }] };
  const { wire, told, index } = await run(t, { kinds: [...WORKLOAD_KINDS, widgets] }, served);
  const template = asObject(asObject(deployment().spec).template);
  const widget = objectOf('example.com/v1', 'Widget', {
    annotations: ON,
    spec: { template: {}, workload: { template } },
  });
  wire.sendList('/apis/example.com/v1/widgets', [widget]);
  await settled();
  t.strictSame(told, ['widgets.example.com came', 'dirty widgets.example.com shop/web']);
  t.equal(index.get('widgets.example.com shop/web')?.workload.kindInfo.apiKind, 'Widget', 'Events need it');
});

t.test('where only some namespaces are watched, each has a watch of its own', async (t) => {
  const { wire } = await run(t, { namespaces: ['shop', 'stage'] }, ROLLOUT_KIND);
  t.strictSame(wire.open, [
    '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts',
    '/apis/argoproj.io/v1alpha1/namespaces/stage/rollouts',
  ]);
});

t.test('what is ignored is not watched, served or not', async (t) => {
  const kinds = WORKLOAD_KINDS.filter(({ kind }) => kind !== 'Rollout');
  const ignoredSources = new Set<SourceKind>(['SecretProviderClass']);
  const { wire, clock } = await run(t, { kinds, ignoredSources }, { ...ROLLOUT_KIND, ...STATUS_KIND });
  await clock.advance(NEXT_LOOK_MS);
  t.strictSame(wire.watches, []);
});

/** What a pod tells of a class it mounted. */
function classStatus(pod: string, resourceVersion: string, version = 'v1'): JsonObject {
  return {
    ...configMapJson(pod),
    metadata: { namespace: 'shop', name: pod, resourceVersion },
    status: { secretProviderClassName: 'vault', objects: [{ id: 'secret/db', version }] },
  };
}

t.test('what pods tell of a class names the workloads that mount it', async (t) => {
  const csi = { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass: 'vault' } };
  const references = { ...RULES.references, secretProviderClasses: true };
  const { wire, told, index } = await run(t, { references }, STATUS_KIND);
  const mounting = deployment({ annotations: ON, podSpec: podSpec({}, { volumes: [{ name: 'v', csi }] }) });
  watched(index, mounting, { ...RULES, references });
  wire.sendList(STATUSES, [classStatus('pod-1', '5')]);
  await settled();
  t.strictSame(told, ['SecretProviderClassPodStatus came', 'dirty Deployment shop/web']);
  told.length = 0;
  wire.send(STATUSES, modified(classStatus('pod-1', '5')), modified({ status: {} }));
  await settled();
  t.strictSame(told, [], 'the same once more, and what names no class');
  wire.send(STATUSES, modified(classStatus('pod-1', '6', 'v2')), {
    type: 'DELETED',
    object: classStatus('pod-1', '6'),
  });
  await settled();
  t.strictSame(told, ['dirty Deployment shop/web', 'dirty Deployment shop/web']);
});

t.test('to stop ends every feed', async (t) => {
  const { wire, clock, stop } = await run(t, {}, { ...ROLLOUT_KIND, ...STATUS_KIND });
  t.equal(wire.open.length, 2);
  await stop();
  t.strictSame(wire.open, []);
  t.strictSame(clock.sleeping, []);
});
