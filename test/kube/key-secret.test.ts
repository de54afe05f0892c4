/** The key of the installation, kept by a real API server. */
import { randomBytes } from 'node:crypto';
import { KubeConfig } from '@kubernetes/client-node';
import t from 'tap';
import { asObject, type JsonObject } from '../../core/json.ts';
import { type Key, keyOf } from '../../core/key.ts';
import { loadKeyring, UnusableKeyError } from '../../kube/key-secret.ts';
import { resourcePath, SECRETS } from '../../kube/path.ts';
import { createTransport } from '../../kube/transport.ts';
import { startCluster } from '../cluster/cluster.ts';
import { Hands, transportTo, WatchedTransport } from './live.ts';

// A first run builds the programs of the control plane.
t.setTimeout(1_800_000);

const NAMESPACE = 'restamp';

const cluster = await startCluster({ name: 'key' });
t.teardown(() => cluster.stop());
const admin = transportTo(cluster);
t.teardown(() => admin.close());
const hands = new Hands(admin, NAMESPACE);
await hands.makeNamespace();

const key = (number: number): Key => keyOf(new Uint8Array(32).fill(number));
const base64 = (content: string | Uint8Array): string => Buffer.from(content).toString('base64');

async function read(name: string): Promise<JsonObject> {
  return asObject(await admin.request({ method: 'GET', path: resourcePath(SECRETS, { namespace: NAMESPACE, name }) }));
}

async function put(name: string, data: JsonObject): Promise<void> {
  await hands.make(SECRETS, { metadata: { name }, data });
}

t.test('ten processes that start at once make one Secret, and all have the same key', async (t) => {
  const transports = Array.from({ length: 10 }, () => new WatchedTransport(transportTo(cluster)));
  t.teardown(() => transports.forEach((transport) => void transport.close()));
  const at = { namespace: NAMESPACE, name: 'race' };
  const rings = await Promise.all(transports.map((transport) => loadKeyring(transport, at, randomBytes)));
  const secret = await read('race');
  t.equal(new Set(rings.map(({ current }) => current.id)).size, 1);
  t.equal(new Set(rings.map(({ current }) => base64(current.bytes))).size, 1);
  t.strictSame(Object.keys(asObject(secret.data)).toSorted(), ['current', rings[0]?.current.id].toSorted());
  t.match(secret.metadata, { managedFields: [{ manager: 'restamp' }] });
  const posts = transports.flatMap(({ requests }) => requests).filter(({ method }) => method === 'POST');
  t.ok(posts.length > 1, 'several tried, or this shows nothing');
});

t.test('a key that is there is used, and nothing is written', async (t) => {
  const at = { namespace: NAMESPACE, name: 'there' };
  const first = await loadKeyring(admin, at, randomBytes);
  const before = await read('there');
  const transport = new WatchedTransport(transportTo(cluster));
  t.teardown(() => transport.close());
  const second = await loadKeyring(transport, at, () => {
    throw new Error('a key was made');
  });
  t.equal(second.current.id, first.current.id);
  t.strictSame(
    transport.requests.map(({ method }) => method),
    ['GET'],
  );
  t.strictSame(await read('there'), before);
});

t.test('a key that was rotated makes new stamps, and the old one is still understood', async (t) => {
  const [old, current] = [key(1), key(2)];
  await put('rotated', {
    current: base64(`${current.id}\n`), // As an editor leaves it.
    [old.id]: base64(old.bytes),
    [current.id]: base64(current.bytes),
  });
  const ring = await loadKeyring(admin, { namespace: NAMESPACE, name: 'rotated' }, randomBytes);
  t.equal(ring.current.id, current.id);
  t.strictSame([...ring.byId.keys()].toSorted(), [current.id, old.id].toSorted());
  t.strictSame(Buffer.from(ring.byId.get(old.id)?.bytes ?? []), Buffer.from(old.bytes));
});

const VALUE = 'hunter2-hunter2-hunter2';
const good = key(3);
const MALFORMED: readonly { name: string; data: JsonObject; says: string }[] = [
  { name: 'empty', data: {}, says: 'data.current must name one of the other entries, which hold the keys' },
  {
    name: 'without-current',
    data: { [good.id]: base64(good.bytes) },
    says: 'data.current must name one of the other entries, which hold the keys',
  },
  {
    name: 'current-names-nothing',
    data: { current: base64(VALUE), [good.id]: base64(good.bytes) },
    says: 'data.current must name one of the other entries, which hold the keys',
  },
  {
    name: 'current-names-itself',
    data: { current: base64('current') },
    says: 'data.current must name one of the other entries, which hold the keys',
  },
  {
    name: 'short-key',
    data: { current: base64(good.id), [good.id]: base64(VALUE) },
    says: `data.${good.id} must be 32 bytes, it is ${VALUE.length}`,
  },
  {
    name: 'wrong-name',
    data: { current: base64(good.id), [good.id]: base64(good.bytes), other: base64(key(4).bytes) },
    says: `the entry other holds a key whose id is ${key(4).id}; they must be the same`,
  },
];

for (const { name, data, says } of MALFORMED) {
  t.test(`a Secret that is ${name} is refused by name, without a value, and left as it is`, async (t) => {
    await put(name, data);
    const before = await read(name);
    const error = await loadKeyring(admin, { namespace: NAMESPACE, name }, randomBytes).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    t.ok(error instanceof UnusableKeyError);
    t.equal(error instanceof Error ? error.message : '', `Secret ${NAMESPACE}/${name}: ${says}`);
    const told = `${error instanceof Error ? error.stack : ''}${JSON.stringify(error)}`;
    for (const secret of [VALUE, ...Object.values(data).map(String)]) t.notMatch(told, secret);
    t.strictSame(await read(name), before);
  });
}

t.test('a namespace that is not there is an error that says so', async (t) => {
  await t.rejects(loadKeyring(admin, { namespace: 'nowhere', name: 'key' }, randomBytes), {
    message: 'POST /api/v1/namespaces/nowhere/secrets: 404 NotFound',
  });
});

t.test('an account that may not read the key is told so, and makes none', async (t) => {
  const config = new KubeConfig();
  config.loadFromFile(await cluster.serviceAccountKubeconfig(NAMESPACE, 'default'));
  const transport = createTransport(config, 'restamp-test/1');
  t.teardown(() => transport.close());
  await t.rejects(loadKeyring(transport, { namespace: NAMESPACE, name: 'there' }, randomBytes), {
    message: `GET /api/v1/namespaces/${NAMESPACE}/secrets/there: 403 Forbidden`,
  });
});
