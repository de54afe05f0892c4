/** Live reads: how many at once, what is never asked for, names by the page, and the statuses of classes. */
import t from 'tap';
import { READS_AT_ONCE } from '../../core/defaults.ts';
import type { JsonObject } from '../../core/json.ts';
import { mergeUses, type Reference } from '../../core/reference.ts';
import type { SourceKind } from '../../core/source.ts';
import { gather } from '../../kube/gather.ts';
import { METADATA_ONLY_LIST } from '../../kube/metadata.ts';
import { listSourceNames, readSources } from '../../kube/reader.ts';
import { configMapJson, secretJson } from '../core/build.ts';
import { fakeApi } from '../webhook/fake-api.ts';

const CONFIG_MAPS = 'GET /api/v1/namespaces/shop/configmaps';
const STATUSES = '/apis/secrets-store.csi.x-k8s.io/v1/namespaces/shop/secretproviderclasspodstatuses';

function referring(kind: SourceKind, ...names: readonly string[]): readonly Reference[] {
  return mergeUses(names.map((name) => ({ kind, name, need: 'required', keys: 'all' })));
}

function numbered(count: number): readonly string[] {
  return [...Array(count).keys()].map((number) => `c${String(number).padStart(4, '0')}`);
}

function classStatus(pod: string, className: string, resourceVersion: string): JsonObject {
  return {
    kind: 'SecretProviderClassPodStatus',
    metadata: { namespace: 'shop', name: pod, resourceVersion },
    status: { secretProviderClassName: className, objects: [{ id: 'secret/db', version: resourceVersion }] },
  };
}

t.test(`at most ${READS_AT_ONCE} sources are read at once, and all are read`, async (t) => {
  const names = numbered(5 * READS_AT_ONCE + 3);
  const api = fakeApi(
    names.map((name) => configMapJson(name)),
    { delayMs: 2 },
  );
  const sources = await readSources(api, 'shop', referring('ConfigMap', ...names));
  t.equal(api.most(), READS_AT_ONCE);
  t.equal(api.requests.length, names.length);
  t.strictSame(
    [...sources.keys()].toSorted(),
    names.map((name) => `configmap/${name}`),
  );
});

t.test('what does not exist is left out, and what cannot be read rejects', async (t) => {
  const references = [...referring('ConfigMap', 'app', 'gone'), ...referring('Secret', 'db')];
  const objects = [configMapJson('app'), secretJson('db')];
  t.strictSame([...(await readSources(fakeApi(objects), 'shop', references)).keys()], ['configmap/app', 'secret/db']);
  for (const status of [0, 401, 403, 429, 500]) {
    const behaviour = (path: string) => (path.endsWith('/db') ? status : 'answer');
    await t.rejects(readSources(fakeApi(objects, { behaviour }), 'shop', references), {
      name: 'KubeError',
      message: /Failed/,
    });
  }
});

t.test('after a read that failed no further one begins', async (t) => {
  const names = numbered(10 * READS_AT_ONCE);
  const api = fakeApi([], { behaviour: (path) => (path.endsWith('/c0000') ? 500 : 'answer'), delayMs: 1 });
  await t.rejects(readSources(api, 'shop', referring('ConfigMap', ...names)));
  const begun = api.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(api.requests.length, begun);
  t.ok(begun < names.length, `${begun}`);
});

t.test('names that cannot exist are not asked for', async (t) => {
  const api = fakeApi([]);
  const names = ['..', '../secrets/db', 'App', 'a b', 'a/b', '', 'x'.repeat(254), '$(NAME)'];
  const references = [...referring('ConfigMap', ...names), ...referring('Secret', ...names)];
  t.equal((await readSources(api, 'shop', references)).size, 0);
  t.strictSame(api.requests, []);
});

t.test('a source of another namespace is read there, and is another than that of its own', async (t) => {
  const elsewhere = { ...configMapJson('app'), metadata: { namespace: 'team', name: 'app' } };
  const references = mergeUses([
    { kind: 'ConfigMap', name: 'app', need: 'required', keys: 'all' },
    { kind: 'ConfigMap', namespace: 'team', name: 'app', need: 'named', keys: 'all' },
  ]);
  const api = fakeApi([configMapJson('app'), elsewhere]);
  const sources = await readSources(api, 'shop', references);
  t.strictSame([...sources.keys()].toSorted(), ['configmap/app', 'configmap/team/app']);
  t.strictSame(api.requests.toSorted(), [`${CONFIG_MAPS}/app`, 'GET /api/v1/namespaces/team/configmaps/app']);
});

t.test('names are listed by the page, as metadata only, to the last page', async (t) => {
  const names = numbered(23);
  const api = fakeApi(
    names.map((name) => configMapJson(name)),
    { pageSize: 10 },
  );
  t.strictSame(await listSourceNames(api, { kind: 'ConfigMap', namespace: 'shop' }), names);
  t.strictSame(api.requests, Array(3).fill(CONFIG_MAPS));
  t.strictSame(
    api.asked.map(({ query, accept }) => [query, accept]),
    [{ limit: '500' }, { limit: '500', continue: '10' }, { limit: '500', continue: '20' }].map((query) => [
      query,
      METADATA_ONLY_LIST,
    ]),
  );
});

t.test('a namespace without sources has no names, and items without a name are passed over', async (t) => {
  t.strictSame(await listSourceNames(fakeApi([]), { kind: 'Secret', namespace: 'shop' }), []);
  const odd = {
    ...fakeApi([]),
    request: async () => ({ metadata: { resourceVersion: '9' }, items: [{}, null, { metadata: { name: 7 } }] }),
  };
  t.strictSame(await listSourceNames(odd, { kind: 'Secret', namespace: 'shop' }), []);
});

t.test('a page that cannot be had rejects: half of the names would be others', async (t) => {
  const api = fakeApi([configMapJson('a'), configMapJson('b')], { pageSize: 1 });
  const broken = {
    ...api,
    request: (asked: Parameters<typeof api.request>[0]) =>
      asked.query?.continue === undefined ? api.request(asked) : Promise.reject(new Error('Expired')),
  };
  await t.rejects(listSourceNames(broken, { kind: 'ConfigMap', namespace: 'shop' }), { message: 'Expired' });
});

t.test('the statuses of a namespace are listed once, however many classes are asked about', async (t) => {
  const api = fakeApi([classStatus('pod-1', 'vault', '5'), classStatus('pod-2', 'vault', '6')]);
  const sources = await readSources(api, 'shop', referring('SecretProviderClass', 'vault', 'azure', 'gcp'));
  t.strictSame(api.requests, [`GET ${STATUSES}`]);
  t.strictSame([...sources.keys()], ['secretproviderclass/vault']);
  t.strictSame(
    Buffer.from([...(sources.get('secretproviderclass/vault')?.entries ?? [])][0]?.[1] ?? []).toString(),
    '6',
  );
});

t.test(
  'where the driver is not installed there is no class, and where it cannot be read nothing is decided',
  async (t) => {
    const references = referring('SecretProviderClass', 'vault');
    t.equal((await readSources(fakeApi([], { behaviour: () => 404 }), 'shop', references)).size, 0);
    await t.rejects(readSources(fakeApi([], { behaviour: () => 403 }), 'shop', references), { message: /Failed/ });
  },
);

t.test('the names of classes are those that pods tell of, each once', async (t) => {
  const api = fakeApi([
    classStatus('pod-1', 'vault', '5'),
    classStatus('pod-2', 'vault', '6'),
    classStatus('pod-3', 'azure', '7'),
  ]);
  t.strictSame(await listSourceNames(api, { kind: 'SecretProviderClass', namespace: 'shop' }), ['vault', 'azure']);
});

t.test('what is gathered without an expression lists no names; with one, those of its kind alone', async (t) => {
  const objects = [configMapJson('app-1'), configMapJson('app-2'), configMapJson('other'), secretJson('app-3')];
  const plain = fakeApi(objects);
  const selection = { automatic: new Set<SourceKind>(), searching: new Set<SourceKind>(), excluded: [] };
  const named = { kind: 'ConfigMap', matcher: { type: 'name', name: 'other' } } as const;
  await gather(
    { namespace: 'shop', uses: [], selection: { ...selection, named: [named] } },
    { transport: plain, sources: {} },
  );
  t.strictSame(plain.requests, [`${CONFIG_MAPS}/other`]);

  const matcher = { type: 'pattern', text: 'app-*', matches: (name: string) => name.startsWith('app-') } as const;
  const api = fakeApi(objects);
  const expressive = { ...selection, named: [named, { kind: 'ConfigMap', matcher } as const] };
  const gathered = await gather(
    { namespace: 'shop', uses: [], selection: expressive },
    { transport: api, sources: {} },
  );
  t.equal(api.requests[0], CONFIG_MAPS);
  t.strictSame(
    api.requests.slice(1).toSorted(),
    ['app-1', 'app-2', 'other'].map((name) => `${CONFIG_MAPS}/${name}`),
  );
  t.strictSame(
    gathered.references.map(({ name }) => name),
    ['app-1', 'app-2', 'other'],
  );
  t.equal(gathered.patterns.length, 1);
});

t.test('a signal that aborts ends the reads', async (t) => {
  const references = referring('ConfigMap', 'app');
  await t.rejects(readSources(fakeApi([], { behaviour: () => 'hang' }), 'shop', references, AbortSignal.timeout(20)));
});
