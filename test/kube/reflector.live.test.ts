/** The reflector, and the watcher's feeds on it, against a real API server: what goes over the wire, and outages. */
import t, { type Test } from 'tap';
import { PLAIN_NAMESPACE } from '../../core/policy.ts';
import { systemClock } from '../../kube/clock.ts';
import { type ObjectMetadata, parseMetadata } from '../../kube/metadata.ts';
import { CONFIG_MAPS, resourcePath, SECRETS } from '../../kube/path.ts';
import { Reflector, type ReflectorEvents } from '../../kube/reflector.ts';
import { namespaceFeeds, sourceFeeds, workloadFeeds } from '../../watcher/feeds.ts';
import { usualRules } from '../../watcher/rules.ts';
import { WorkloadIndex } from '../../watcher/workload-index.ts';
import { startCluster } from '../cluster/cluster.ts';
import { eventually } from '../cluster/deadline.ts';
import { Hands, PATIENCE_MS, transportTo, WatchedTransport } from './live.ts';

// A first run builds the programs of the control plane.
t.setTimeout(1_800_000);

const cluster = await startCluster({ name: 'reflector' });
t.teardown(() => cluster.stop());
const admin = transportTo(cluster);
t.teardown(() => admin.close());

const VALUE = 'hunter2-in-the-clear';
const DEPLOYMENTS = { group: 'apps', version: 'v1', resource: 'deployments' };

async function until(what: string, isSo: () => boolean): Promise<void> {
  await eventually(async () => isSo() || undefined, { what, deadlineMs: PATIENCE_MS });
}

/** A running reflector of all Secrets, and what it was told of one namespace. */
async function watchSecrets(t: Test, namespace: string) {
  const transport = new WatchedTransport(transportTo(cluster));
  const seen: string[] = [];
  const interruptions: string[] = [];
  const objects: ObjectMetadata[] = [];
  const tell = (sign: string) => (object: ObjectMetadata) => {
    objects.push(object);
    if (object.namespace === namespace) seen.push(`${sign}${object.name}`);
  };
  const reflector = new Reflector<ObjectMetadata>({
    resource: 'secrets',
    path: resourcePath(SECRETS),
    metadataOnly: true,
    parse: parseMetadata,
    sink: {
      begin: () => seen.push('begin'),
      applied: tell('+'),
      deleted: tell('-'),
      complete: () => seen.push('complete'),
    },
    transport,
    clock: systemClock,
    events: { synced: () => {}, state: () => {}, interrupted: ({ cause }) => interruptions.push(cause) },
  });
  runUntilEnd(t, transport, (signal) => reflector.run(signal));
  await reflector.synced;
  return { transport, seen, interruptions, objects };
}

function runUntilEnd(t: Test, transport: WatchedTransport, run: (signal: AbortSignal) => Promise<unknown>): void {
  const controller = new AbortController();
  const running = run(controller.signal);
  t.teardown(async () => {
    controller.abort();
    await running;
    transport.close();
  });
}

/** A running set of feeds, the index they fill, and the workloads they name. */
async function runFeeds(t: Test, policy: { namespace: string }) {
  const transport = new WatchedTransport(transportTo(cluster));
  const rules = usualRules({ excludedNamespaces: new Set(), ownNamespace: 'restamp', all: false });
  const index = new WorkloadIndex(rules.policy, PLAIN_NAMESPACE);
  const dirty: string[] = [];
  const interruptions: string[] = [];
  const events: ReflectorEvents = {
    synced: () => {},
    state: () => {},
    interrupted: ({ resource, cause }) => interruptions.push(`${resource} ${cause}`),
  };
  const mine = (id: string): boolean => id.includes(` ${policy.namespace}/`);
  const options = {
    ...{ index, rules, transport, events, clock: systemClock },
    onDirty: (ids: readonly string[]) => dirty.push(...ids.filter(mine)),
    onGone: () => {},
  };
  const kinds = rules.kinds.filter(({ builtIn }) => builtIn);
  const feeds = [
    ...namespaceFeeds(options),
    ...kinds.flatMap((kind) => workloadFeeds(options, kind)),
    ...sourceFeeds(options),
  ];
  runUntilEnd(t, transport, (signal) => Promise.all(feeds.map((feed) => feed.run(signal))));
  await Promise.all(feeds.map((feed) => feed.synced));
  return { transport, index, dirty, interruptions };
}

function deployment(name: string, configMap: string) {
  const labels = { app: name };
  const container = { name: 'main', image: 'registry.example/app:1', envFrom: [{ configMapRef: { name: configMap } }] };
  return {
    metadata: { name },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
}

t.test('a metadata-only watch tells of Secrets and never of their content', async (t) => {
  const hands = new Hands(admin, 'metadata');
  await hands.makeNamespace();
  await hands.secret('before', { password: VALUE });
  const { transport, seen, objects } = await watchSecrets(t, 'metadata');
  await hands.secret('after', { password: VALUE });
  await hands.change(SECRETS, 'after', { stringData: { password: `${VALUE}-2` } });
  await hands.remove(SECRETS, 'before');
  await until('the deletion being told', () => seen.includes('-before'));
  t.strictSame(seen, ['begin', '+before', 'complete', '+after', '+after', '-before']);
  const bytes = transport.bytes(resourcePath(SECRETS));
  t.match(bytes, '"name":"after"', 'the bytes are those of the watch');
  t.notMatch(bytes, VALUE);
  t.notMatch(bytes, Buffer.from(VALUE).toString('base64').slice(0, 12));
  t.notMatch(bytes, '"data":');
  t.match(bytes, '"kind":"PartialObjectMetadata"');
  t.notMatch(JSON.stringify(objects), VALUE);
});

t.test('what kubectl apply keeps in an annotation comes along, and is dropped at once', async (t) => {
  const hands = new Hands(admin, 'annotation');
  await hands.makeNamespace();
  const { seen, objects } = await watchSecrets(t, 'annotation');
  const manifest = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'applied' }, stringData: { password: VALUE } };
  await cluster.kubectl(['-n', 'annotation', 'apply', '-f', '-'], { stdin: JSON.stringify(manifest) });
  await until('the Secret being told', () => seen.includes('+applied'));
  t.notMatch(JSON.stringify(objects), VALUE);
});

t.test("Helm's release Secrets never leave the API server", async (t) => {
  const hands = new Hands(admin, 'helm');
  await hands.makeNamespace();
  await hands.secret('release-before', { release: 'x' }, { type: 'helm.sh/release.v1' });
  const { transport } = await runFeeds(t, { namespace: 'helm' });
  await hands.secret('release-after', { release: 'x' }, { type: 'helm.sh/release.v1' });
  await hands.secret('ordinary', { password: VALUE });
  const bytes = (): string => transport.bytes(resourcePath(SECRETS));
  await until('the ordinary Secret being told', () => bytes().includes('"name":"ordinary"'));
  t.notMatch(bytes(), 'release-before');
  t.notMatch(bytes(), 'release-after');
});

t.test('the feeds ask for ConfigMaps and Secrets as metadata, and for nothing twice', async (t) => {
  const { transport } = await runFeeds(t, { namespace: 'none' });
  const paths = transport.requests.map(({ path }) => path);
  t.strictSame(paths.toSorted(), [
    '/api/v1/configmaps',
    '/api/v1/namespaces',
    '/api/v1/secrets',
    '/apis/apps/v1/daemonsets',
    '/apis/apps/v1/deployments',
    '/apis/apps/v1/statefulsets',
    '/apis/batch/v1/cronjobs',
    '/apis/batch/v1/jobs',
  ]);
  const full = transport.requests.filter(({ accept }) => !accept?.includes('PartialObjectMetadata'));
  t.ok(full.every(({ path }) => /^\/apis\/(apps|batch)\//.test(path)));
});

t.test('what changed and what went while nothing was heard is found after a 410, and nothing else is', async (t) => {
  const hands = new Hands(admin, 'gap');
  await hands.makeNamespace({ 'restamp.dev/inject': 'enabled' });
  for (const name of ['changed', 'gone', 'same']) {
    await hands.configMap(name, { a: '1' });
    await hands.make(DEPLOYMENTS, deployment(`uses-${name}`, name));
  }
  await hands.make(DEPLOYMENTS, deployment('deleted', 'same'));
  const { transport, index, dirty, interruptions } = await runFeeds(t, { namespace: 'gap' });
  // One event each after the list, so that the version of each ConfigMap is known, in whatever order the lists came.
  for (const name of ['changed', 'gone', 'same']) await hands.change(CONFIG_MAPS, name, { data: { a: '2' } });
  await until('the first changes', () => dirty.includes('Deployment gap/uses-same'));
  await until('the fourth Deployment', () => index.get('Deployment gap/deleted') !== undefined);

  transport.offline = true;
  await cluster.restart('kube-apiserver');
  await until('the feeds noticing', () => interruptions.some((text) => text.startsWith('configmaps')));
  dirty.length = 0;
  await eventually(() => hands.change(CONFIG_MAPS, 'changed', { data: { a: '3' } }).then(() => true), {
    what: 'the change',
    deadlineMs: PATIENCE_MS,
  });
  await hands.remove(CONFIG_MAPS, 'gone');
  await hands.remove(DEPLOYMENTS, 'deleted');
  await cluster.compact();
  await cluster.restart('kube-apiserver'); // Its cache begins at the present: the place of before is forgotten.
  transport.offline = false;

  await until('the gap being noticed', () => dirty.includes('Deployment gap/uses-changed'));
  await until('the deletion being noticed', () => dirty.includes('Deployment gap/uses-gone'));
  await until('the deletion of the Deployment', () => index.get('Deployment gap/deleted') === undefined);
  t.ok(
    interruptions.some((text) => /^configmaps .*410/.test(text)),
    'it was a 410',
  );
  t.notOk(dirty.includes('Deployment gap/uses-same'));
});

t.test('an API server that is killed is waited for, and what comes after it is told once', async (t) => {
  const hands = new Hands(admin, 'outage');
  await hands.makeNamespace();
  const { seen, interruptions } = await watchSecrets(t, 'outage');
  await hands.secret('before', { password: VALUE });
  await until('the first Secret', () => seen.includes('+before'));
  await cluster.signal('kube-apiserver', 'SIGKILL');
  await until('the outage being noticed twice', () => interruptions.length >= 2);
  await cluster.restart('kube-apiserver');
  await eventually(() => hands.secret('after', { password: VALUE }).then(() => true), {
    what: 'a Secret after the outage',
    deadlineMs: PATIENCE_MS,
  });
  await until('the second Secret', () => seen.includes('+after'));
  t.equal(seen.filter((word) => word === '+after').length, 1);
  t.notMatch(interruptions.join(' '), VALUE);
});
