/**
 * What the watcher's feeds make of lists and events. Each collection has a script of its own, since relists are wanted
 * at a moment of our choosing; reflector.live.test.ts has the same with a real API server.
 */
import t, { type Test } from 'tap';
import { asObject, type JsonObject } from '../../core/json.ts';
import { PLAIN_NAMESPACE } from '../../core/policy.ts';
import { resourcePath } from '../../kube/path.ts';
import type { KubeRequest, KubeTransport } from '../../kube/transport.ts';
import { namespaceFeeds, sourceFeeds, workloadFeeds } from '../../watcher/feeds.ts';
import type { WatcherRules } from '../../watcher/rules.ts';
import { WorkloadIndex } from '../../watcher/workload-index.ts';
import { workloadJson } from '../core/build.ts';
import { APP, APP_AND_DB } from '../core/decision-worlds.ts';
import { FakeClock, settled } from '../kube/fake-clock.ts';
import { type Answer, ends, refuses, ScriptedTransport, stays } from '../kube/script.ts';
import { POLICY, RULES } from './look.ts';

const PATHS = {
  namespaces: '/api/v1/namespaces',
  configMaps: '/api/v1/configmaps',
  secrets: '/api/v1/secrets',
  deployments: resourcePath({ group: 'apps', version: 'v1', resource: 'deployments' }),
};

type Scripts = Partial<Record<keyof typeof PATHS, readonly Answer[]>>;

/** Longer than any back-off after a few failures. */
const SOON_MS = 10_000;

function event(type: string, content: JsonObject): string {
  return JSON.stringify({ type, object: content });
}

const added = (content: JsonObject): string => event('ADDED', content);
const listEnd = event('BOOKMARK', {
  metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } },
});

function list(...objects: readonly JsonObject[]): readonly string[] {
  return [...objects.map(added), listEnd];
}

function namespace(label?: string): JsonObject {
  const labels = label === undefined ? {} : { 'restamp.dev/inject': label };
  return { metadata: { name: 'shop', resourceVersion: '5', labels } };
}

function source(name: string, resourceVersion = '1'): JsonObject {
  return { metadata: { namespace: 'shop', name, resourceVersion } };
}

function deployment(name: string, spec: JsonObject = APP): JsonObject {
  const json = workloadJson({ spec });
  return { ...json, metadata: { ...asObject(json.metadata), name } };
}

interface Run {
  readonly index: WorkloadIndex;
  readonly clock: FakeClock;
  /** `dirty ID` and `gone ID`, in order. */
  readonly told: string[];
  readonly requests: readonly KubeRequest[];
}

/** Runs all feeds by these scripts until the test ends; what has no script is empty. */
async function run(t: Test, scripts: Scripts, given: Partial<WatcherRules> = {}): Promise<Run> {
  const rules = { ...RULES, ...given };
  const transports = new Map<string, ScriptedTransport>();
  const requests: KubeRequest[] = [];
  const transportFor = (path: string): ScriptedTransport => {
    const name = (Object.keys(PATHS) as (keyof typeof PATHS)[]).find((key) => PATHS[key] === path);
    const answers = (name === undefined ? undefined : scripts[name]) ?? [stays(...list())];
    const known = transports.get(path) ?? new ScriptedTransport(...answers);
    transports.set(path, known);
    return known;
  };
  const transport: KubeTransport = {
    request: (request) => transportFor(request.path).request(request),
    stream: (request) => {
      requests.push(request);
      return transportFor(request.path).stream(request);
    },
    close: () => {},
  };
  const index = new WorkloadIndex(POLICY, PLAIN_NAMESPACE);
  const clock = new FakeClock(1);
  const told: string[] = [];
  const options = {
    index,
    rules,
    onDirty: (ids: readonly string[]) => told.push(...ids.map((id) => `dirty ${id}`)),
    onGone: (id: string) => told.push(`gone ${id}`),
    transport,
    clock,
    events: { synced: () => {}, interrupted: () => {}, state: () => {} },
  };
  const kinds = rules.kinds.filter(({ builtIn }) => builtIn);
  const feeds = [
    ...namespaceFeeds(options),
    ...kinds.flatMap((kind) => workloadFeeds(options, kind)),
    ...sourceFeeds(options),
  ];
  const controller = new AbortController();
  const running = feeds.map((feed) => feed.run(controller.signal));
  t.teardown(async () => {
    controller.abort();
    await Promise.all(running);
  });
  await settled();
  return { index, clock, told, requests };
}

/** A list, then a watch that turns out to be too old, then another list. */
function relisted(before: readonly string[], after: readonly string[]): readonly Answer[] {
  return [ends(...before), refuses(410, 'Expired'), stays(...after)];
}

const ENABLED: Scripts = { namespaces: [stays(...list(namespace('enabled')))] };

t.test('each collection is watched once: workloads in full, everything else as metadata', async (t) => {
  const { requests } = await run(t, {});
  const full = requests.filter(({ accept }) => !accept?.includes('as=PartialObjectMetadata')).map(({ path }) => path);
  t.strictSame(full, [
    '/apis/apps/v1/deployments',
    '/apis/apps/v1/statefulsets',
    '/apis/apps/v1/daemonsets',
    '/apis/batch/v1/cronjobs',
    '/apis/batch/v1/jobs',
  ]);
  t.equal(requests.length, 8);
});

t.test("only Secrets have a field selector, and it leaves Helm's releases out", async (t) => {
  const { requests } = await run(t, {});
  const selected = requests.filter(({ query }) => query?.fieldSelector !== undefined);
  t.match(selected, [{ path: PATHS.secrets, query: { fieldSelector: 'type!=helm.sh/release.v1' } }]);
  t.equal(selected.length, 1);
});

t.test('a change of a source names its workloads', async (t) => {
  const { told } = await run(t, {
    ...ENABLED,
    deployments: [stays(...list(deployment('web'), deployment('api', APP_AND_DB)))],
    secrets: [stays(...list(source('db')), event('MODIFIED', source('db', '2')))],
  });
  t.strictSame(told.filter((text) => text === 'dirty Deployment shop/api').length, 2);
});

t.test('a source that nobody refers to names nothing, whatever happens to it', async (t) => {
  const { told } = await run(t, {
    ...ENABLED,
    secrets: [
      stays(...list(source('other')), event('MODIFIED', source('other', '2')), event('DELETED', source('other'))),
    ],
  });
  t.strictSame(told, []);
});

t.test('a workload that is deleted is gone', async (t) => {
  const { told, index } = await run(t, {
    ...ENABLED,
    deployments: [stays(...list(deployment('web')), event('DELETED', deployment('web')))],
  });
  t.equal(told.at(-1), 'gone Deployment shop/web');
  t.equal(index.size, 0);
});

t.test('a label that comes and goes makes the workloads managed and unmanaged', async (t) => {
  const labelled = event('MODIFIED', namespace('enabled'));
  const { told, index } = await run(t, {
    namespaces: [ends(...list(namespace())), stays(labelled, event('MODIFIED', namespace()))],
    deployments: [stays(...list(deployment('web')))],
  });
  t.strictSame(told, ['dirty Deployment shop/web']);
  t.equal(index.managedCount(), 0);
});

t.test('a namespace that is deleted is not opted in any more', async (t) => {
  const { index } = await run(t, {
    namespaces: [stays(...list(namespace('enabled')), event('DELETED', namespace('enabled')))],
    deployments: [stays(...list(deployment('web')))],
  });
  t.equal(index.managedCount(), 0);
  t.strictSame([...index.knownNamespaces()], []);
});

t.test('a new list that shows the same names nothing', async (t) => {
  const { told, clock } = await run(t, {
    namespaces: relisted(list(namespace('enabled')), list(namespace('enabled'))),
    deployments: relisted(list(deployment('web')), list(deployment('web'))),
    configMaps: relisted([...list(source('app')), added(source('app', '2'))], list(source('app', '2'))),
  });
  told.length = 0;
  await clock.advance(SOON_MS);
  t.strictSame(told, []);
});

t.test('a new list that shows a source at another version names its workloads', async (t) => {
  const { told, clock } = await run(t, {
    ...ENABLED,
    deployments: [stays(...list(deployment('web')))],
    configMaps: relisted(list(source('app')), list(source('app', '2'))),
  });
  told.length = 0;
  await clock.advance(SOON_MS);
  t.strictSame(told, ['dirty Deployment shop/web']);
});

t.test('a new list that does not show a source tells that it is gone', async (t) => {
  const { told, clock } = await run(t, {
    ...ENABLED,
    deployments: [stays(...list(deployment('web')))],
    configMaps: relisted(list(source('app')), list(source('other'))),
  });
  told.length = 0;
  await clock.advance(SOON_MS);
  t.strictSame(told, ['dirty Deployment shop/web']);
});

t.test('a new list that does not show a workload tells that it is gone, and of no other', async (t) => {
  const { told, index, clock } = await run(t, {
    ...ENABLED,
    deployments: relisted(list(deployment('web'), deployment('api')), list(deployment('api'))),
  });
  told.length = 0;
  await clock.advance(SOON_MS);
  t.strictSame(told, ['gone Deployment shop/web']);
  t.strictSame([...index.ids()], ['Deployment shop/api']);
});

t.test('a new list of one kind of workload says nothing about another', async (t) => {
  const { index, clock } = await run(t, { ...ENABLED, deployments: relisted(list(deployment('web')), list()) });
  index.applyWorkload({ ...indexedCopy(index), kind: 'StatefulSet' });
  await clock.advance(SOON_MS);
  t.strictSame([...index.ids()], ['StatefulSet shop/web']);
});

function indexedCopy(index: WorkloadIndex) {
  const [workload] = index.workloadsOfKind('Deployment');
  if (workload === undefined) throw new Error('no Deployment is known');
  return workload;
}

t.test('a new list that does not show a namespace, or shows it without its label, opts it out', async (t) => {
  for (const after of [list(), list(namespace())]) {
    const { index, clock } = await run(t, {
      namespaces: relisted(list(namespace('enabled')), after),
      deployments: [stays(...list(deployment('web')))],
    });
    t.equal(index.managedCount(), 1);
    await clock.advance(SOON_MS);
    t.equal(index.managedCount(), 0);
  }
});

t.test('a list that breaks off tells of no deletion', async (t) => {
  const { told, index, clock } = await run(t, {
    ...ENABLED,
    deployments: [
      ends(...list(deployment('web'), deployment('api'))),
      refuses(410, 'Expired'),
      ends(added(deployment('api'))),
      stays(...list(deployment('web'), deployment('api'))),
    ],
  });
  told.length = 0;
  await clock.advance(SOON_MS);
  t.strictSame(told, []);
  t.equal(index.size, 2);
});

t.test('what is deleted and made again while nothing was heard has to be looked at', async (t) => {
  const again = deployment('web');
  const { told, clock } = await run(t, {
    ...ENABLED,
    deployments: relisted(
      list(deployment('web')),
      list({ ...again, metadata: { ...asObject(again.metadata), uid: 'u2' } }),
    ),
  });
  told.length = 0;
  await clock.advance(SOON_MS);
  t.strictSame(told, ['dirty Deployment shop/web']);
});
