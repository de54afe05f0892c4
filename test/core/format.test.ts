/**
 * The format on the wire, frozen. These bytes are in clusters: a later version must understand them, and must make
 * the same of the same configuration, or every workload rolls on an upgrade. Never regenerate the file to make a test pass.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { stampKeyId, stampOf } from '../../core/digest.ts';
import { asText, type JsonObject, parseJson, stringMap } from '../../core/json.ts';
import { keyOf, keyring } from '../../core/key.ts';
import { formatRecord, parseRecord } from '../../core/record.ts';
import { configurationOf, key } from './build.ts';
import { decideIn } from './decision-run.ts';

interface Fixture {
  /** In hex. */
  readonly key: string;
  readonly keyId: string;
  readonly podSpec: JsonObject;
  readonly objects: readonly JsonObject[];
  readonly parts: JsonObject;
  readonly entries: { readonly 'configmap/app': JsonObject };
  readonly stamp: string;
  readonly record: string;
}

const V1 = parseJson(readFileSync(new URL('fixtures/v1.json', import.meta.url), 'utf8')) as Fixture;
const V1_KEY = keyOf(Buffer.from(V1.key, 'hex'));
const V1_RING = keyring(V1_KEY);
const WORLD = { spec: V1.podSpec, objects: V1.objects };

t.test('v1: the same key has the same id', (t) => {
  t.equal(V1_KEY.id, V1.keyId);
  t.end();
});

t.test('v1: the same configuration has the same digests', (t) => {
  const found = configurationOf(V1.podSpec, V1.objects, V1_KEY);
  t.strictSame(Object.fromEntries(found.parts), V1.parts);
  t.strictSame([...found.entries.keys()], ['configmap/app']);
  t.strictSame(Object.fromEntries(found.entries.get('configmap/app') ?? []), V1.entries['configmap/app']);
  t.end();
});

t.test('v1: the same configuration has the same stamp and the same record, to the byte', (t) => {
  const found = configurationOf(V1.podSpec, V1.objects, V1_KEY);
  const stamp = stampOf(found, V1_KEY);
  t.equal(stamp, V1.stamp);
  t.equal(formatRecord({ ...found, stamp }), V1.record);
  t.end();
});

t.test('v1: the stamp is understood', (t) => {
  t.equal(stampKeyId(V1.stamp), V1.keyId);
  t.end();
});

t.test('v1: the record is understood', (t) => {
  const record = parseRecord(V1.record);
  t.equal(record?.keyId, V1.keyId);
  t.equal(record?.stamp, V1.stamp);
  t.strictSame(Object.fromEntries(record?.parts ?? []), V1.parts);
  t.strictSame(Object.fromEntries(record?.entries.get('configmap/app') ?? []), V1.entries['configmap/app']);
  t.end();
});

t.test('v1: a workload that carries it is in step, also after the key was rotated', (t) => {
  const ours = { stamp: V1.stamp, record: V1.record, history: undefined };
  for (const ring of [V1_RING, keyring(key(9), [V1_KEY])]) {
    t.strictSame(decideIn(WORLD, ours, ring), { outcome: 'none', reason: 'in-step' });
    t.match(decideIn(WORLD, { ...ours, record: undefined }, ring), { outcome: 'adopt', reason: 'record-lost' });
    t.match(decideIn(WORLD, { ...ours, stamp: undefined }, ring), { outcome: 'adopt', reason: 'stamp-dropped' });
  }
  t.end();
});

t.test('v1: a workload that carries it rolls for a change, and the entry is named', (t) => {
  const ours = { stamp: V1.stamp, record: V1.record, history: undefined };
  const objects = V1.objects.map((json) =>
    json.kind === 'ConfigMap' ? { ...json, data: { ...stringMap(json.data), greeting: 'good day' } } : json,
  );
  // The required Secret `tls` was missing when this was stamped and appears now: it is no reason, nor an obstacle.
  const tls = { kind: 'Secret', metadata: { namespace: 'shop', name: 'tls' }, data: { 'tls.crt': '' } };
  t.strictSame(decideIn({ ...WORLD, objects: [...objects, tls] }, ours, V1_RING), {
    outcome: 'roll',
    reason: 'source-changed',
    causes: [{ source: 'configmap/app', keys: ['greeting'] }],
  });
  t.end();
});

t.test('v1: the fixture is whole', (t) => {
  t.equal(asText(V1.key)?.length, 64);
  t.strictSame(
    Object.values(V1.parts).filter((state) => state === 'absent' || state === 'missing'),
    ['absent', 'missing'],
  );
  t.end();
});
