/** `/mutate`: what is read for which request. On a fake API server; fake-api.ts says why. */
import t from 'tap';
import { READS_AT_ONCE } from '../../core/defaults.ts';
import type { JsonObject } from '../../core/json.ts';
import { HISTORY, INJECT } from '../../core/names.ts';
import { NOTHING_OURS, type Ours } from '../../core/ours.ts';
import {
  configMapJson,
  container,
  copy,
  envFromSpec,
  envSpec,
  KEY,
  podSpec,
  secretJson,
  type WorkloadFields,
  withOurs,
  workloadJson,
  workloadOf,
} from '../core/build.ts';
import { stampedFor } from '../core/decision-run.ts';
import { APP, APP_AND_DB, app, db, of } from '../core/decision-worlds.ts';
import { mutateOptions, oursAfter, patchOf, reviewJson, send, updateJson } from './build.ts';
import { type FakeApi, fakeApi } from './fake-api.ts';

const CONFIG_MAP = 'GET /api/v1/namespaces/shop/configmaps/app';
const SECRET = 'GET /api/v1/namespaces/shop/secrets/db';
const OBJECTS = [app('2'), db()];
/** What the stored workload carries: stamped before the configuration changed. */
const OLD = { ...stampedFor(of(APP_AND_DB, app('1'), db())), history: '[]' };
const TRUE = { ...stampedFor(of(APP_AND_DB, ...OBJECTS)), history: '[]' };

const carrying = (ours: Ours, fields: WorkloadFields = {}): JsonObject =>
  withOurs({ spec: APP_AND_DB, ...fields }, ours);
const changed = (ours: Ours): JsonObject => carrying(ours, { templateAnnotations: { version: '2' } });

interface Reading {
  readonly name: string;
  readonly review: JsonObject;
  readonly reads: readonly string[];
}

const EVERYWHERE: JsonObject = {
  initContainers: [container({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'init', key: 'k' } } }] })],
  containers: [
    container({
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'app', key: 'a', optional: true } } }],
      envFrom: [{ configMapRef: { name: 'app' } }, { secretRef: { name: 'db' } }],
    }),
  ],
  ephemeralContainers: [container({ envFrom: [{ secretRef: { name: 'debug' } }] })],
  volumes: [
    { name: 'v', configMap: { name: 'files' } },
    { name: 's', secret: { secretName: 'db' } },
    { name: 'p', projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'app' } }] } },
  ],
};

const READINGS: readonly Reading[] = [
  {
    name: 'a new workload: each object it refers to is read once, and nothing else',
    review: reviewJson({ object: workloadJson({ spec: EVERYWHERE }) }),
    reads: [
      CONFIG_MAP,
      'GET /api/v1/namespaces/shop/configmaps/files',
      SECRET,
      'GET /api/v1/namespaces/shop/secrets/init',
      'GET /api/v1/namespaces/shop/secrets/projected',
    ],
  },
  {
    name: 'a new workload without references: nothing is read',
    review: reviewJson({ object: workloadJson() }),
    reads: [],
  },
  {
    name: 'a changed template: what the new one refers to is read, not the old one',
    review: updateJson(carrying(OLD), carrying(OLD, { spec: APP })),
    reads: [CONFIG_MAP],
  },
  {
    name: 'a changed stamp: what tells whether it is true is read',
    review: updateJson(carrying(OLD), carrying(TRUE)),
    reads: [CONFIG_MAP, SECRET],
  },
  {
    name: 'a changed history: what tells whether it is true is read',
    review: updateJson(carrying(OLD), carrying({ ...OLD, history: '[{}]' })),
    reads: [CONFIG_MAP, SECRET],
  },
  {
    name: 'an update that changes nothing: nothing is read',
    review: updateJson(carrying(OLD), carrying(OLD)),
    reads: [],
  },
  {
    name: 'a changed label: nothing is read',
    review: updateJson(carrying(OLD), withMetadata(carrying(OLD), { labels: { team: 'a' } })),
    reads: [],
  },
  {
    name: 'another annotation: nothing is read',
    review: updateJson(carrying(OLD), carrying(OLD, { annotations: { note: 'a' } })),
    reads: [],
  },
  {
    name: 'another number of replicas: nothing is read',
    review: updateJson(carrying(OLD), withReplicas(carrying(OLD), 5)),
    reads: [],
  },
  {
    name: 'an empty map of template annotations in place of none: nothing is read',
    review: updateJson(workloadJson({ spec: APP }), workloadJson({ spec: APP, templateAnnotations: {} })),
    reads: [],
  },
  {
    name: 'a workload that opted out: nothing is read',
    review: reviewJson({ object: workloadJson({ spec: APP, annotations: { [INJECT]: 'disabled' } }) }),
    reads: [],
  },
  {
    name: 'a protected namespace: nothing is read',
    review: reviewJson({ namespace: 'kube-system', object: workloadJson({ spec: APP }) }),
    reads: [],
  },
  {
    name: "restamp's own namespace: nothing is read",
    review: reviewJson({ namespace: 'restamp', object: workloadJson({ spec: APP }) }),
    reads: [],
  },
  {
    name: 'a protected namespace, and a workload in it that opted in: it is read there',
    review: reviewJson({
      namespace: 'kube-system',
      object: workloadJson({ spec: APP, annotations: { [INJECT]: 'enabled' } }),
    }),
    reads: ['GET /api/v1/namespaces/kube-system/configmaps/app'],
  },
  {
    name: 'an excluded namespace: nothing is read, though the workload opted in',
    review: reviewJson({
      namespace: 'excluded',
      object: workloadJson({ spec: APP, annotations: { [INJECT]: 'enabled' } }),
    }),
    reads: [],
  },
  {
    name: 'an object that names another namespace than its request: the request counts',
    review: reviewJson({
      namespace: 'stage',
      object: withMetadata(workloadJson({ spec: APP }), { namespace: 'kube-system' }),
    }),
    reads: ['GET /api/v1/namespaces/stage/configmaps/app'],
  },
  ...['..', '../secrets/db', 'App', 'a b', 'a/b', '%2e%2e', '.', '-a', 'x'.repeat(300), 'app\n', 'äpp'].map((name) => ({
    name: `a name that cannot exist (${name.slice(0, 20).trim()}): nothing is read`,
    review: reviewJson({ object: workloadJson({ spec: everyReferenceTo(name) }) }),
    reads: [],
  })),
];

function everyReferenceTo(name: string): JsonObject {
  return podSpec(
    {
      envFrom: [{ configMapRef: { name } }, { secretRef: { name } }],
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name, key: 'k' } } }],
    },
    {
      volumes: [
        { name: 'v', configMap: { name } },
        { name: 's', secret: { secretName: name } },
      ],
    },
  );
}

function withMetadata(object: JsonObject, fields: JsonObject): JsonObject {
  return { ...object, metadata: { ...(object.metadata as JsonObject), ...fields } };
}

function withReplicas(object: JsonObject, replicas: number): JsonObject {
  return { ...object, spec: { ...(object.spec as JsonObject), replicas } };
}

for (const { name, review, reads } of READINGS) {
  t.test(name, async (t) => {
    const api = fakeApi(OBJECTS);
    const { response } = await send(review, mutateOptions(api));
    t.strictSame([...api.requests].sort(), [...reads].sort());
    t.equal(response.allowed, true);
    t.equal(response.warnings, undefined);
  });
}

t.test('a name that cannot exist counts as missing, and the workload is stamped', async (t) => {
  const spec = envFromSpec({ configMapRef: { name: '..' } });
  const object = workloadJson({ spec });
  const { response, told } = await send(reviewJson({ object }), mutateOptions(fakeApi([])));
  t.strictSame(told, { outcome: 'stamp', reason: 'created', patched: true });
  t.strictSame(oursAfter(object, response), stampedFor(of(spec)));
});

for (const count of [READS_AT_ONCE, 3 * READS_AT_ONCE + 1]) {
  t.test(`${count} objects are read ${READS_AT_ONCE} at once, not one after the other`, async (t) => {
    const names = [...Array(count).keys()].map((number) => `c${number}`);
    const api = fakeApi(
      names.map((name) => configMapJson(name)),
      { delayMs: 20 },
    );
    const spec = envFromSpec(...names.map((name) => ({ configMapRef: { name } })));
    await send(reviewJson({ object: workloadJson({ spec }) }), mutateOptions(api));
    t.equal(api.most(), READS_AT_ONCE);
    t.equal(api.requests.length, count);
  });
}

t.test('an object that does not exist is missing, and the workload is stamped so', async (t) => {
  const object = workloadJson({ spec: APP_AND_DB });
  const { response, told } = await send(reviewJson({ object }), mutateOptions(fakeApi([app('2')])));
  t.strictSame(told, { outcome: 'stamp', reason: 'created', patched: true });
  t.strictSame(oursAfter(object, response), stampedFor(of(APP_AND_DB, app('2'))));
  t.equal(response.warnings, undefined, 'the order of creation may be meant: that is for /validate to say');
});

t.test('nothing is remembered: the second request is stamped with what is there by then', async (t) => {
  const object = workloadJson({ spec: APP });
  const stamps = [];
  for (const value of ['1', '2', '1']) {
    const { response } = await send(reviewJson({ object }), mutateOptions(fakeApi([app(value)])));
    stamps.push(oursAfter(object, response).stamp);
  }
  t.equal(stamps[0], stamps[2]);
  t.not(stamps[0], stamps[1]);
});

t.test('a decision is told in the audit log in the words of the catalogue, and without content', async (t) => {
  const secret = secretJson('db', { password: 'hunter2' });
  const object = workloadJson({ spec: APP_AND_DB });
  const { response, told } = await send(reviewJson({ object }), mutateOptions(fakeApi([app('hunter2'), secret])));
  t.strictSame(response.auditAnnotations, { outcome: 'stamp', reason: 'created' });
  const said = `${JSON.stringify({ response, told })} ${JSON.stringify(patchOf(response))}`;
  for (const content of [
    'hunter2',
    Buffer.from('hunter2').toString('base64'),
    Buffer.from(KEY.bytes).toString('hex'),
  ]) {
    t.notOk(said.includes(content));
  }
});

t.test('a source of another form than expected is no reason to fail', async (t) => {
  for (const answer of [{}, { metadata: 'x' }, { metadata: { namespace: 'shop', name: 'app' }, data: ['x'] }]) {
    const api: FakeApi = { ...fakeApi([]), request: async () => answer };
    const object = workloadJson({ spec: envSpec({ configMapKeyRef: { name: 'app', key: 'a' } }) });
    const { told } = await send(reviewJson({ object }), mutateOptions(api));
    t.equal(told.outcome, 'stamp');
  }
});

t.test('kinds differ in nothing: each is stamped alike', async (t) => {
  const patches = [];
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet']) {
    const object = { ...workloadJson({ spec: APP }), kind };
    const review = reviewJson({ kind: { group: 'apps', version: 'v1', kind }, object });
    patches.push((await send(review, mutateOptions(fakeApi(OBJECTS)))).response.patch);
  }
  t.equal(new Set(patches).size, 1);
});

t.test('a history that a new workload brings is dropped, and the one of the old object is kept', async (t) => {
  const created = withOurs({ spec: APP }, { ...NOTHING_OURS, history: '[{"at":"forged"}]' });
  const { response } = await send(reviewJson({ object: created }), mutateOptions(fakeApi(OBJECTS)));
  t.equal(oursAfter(created, response).history, undefined);
  const updated = changed({ ...OLD, history: '[{"at":"forged"}]' });
  const answer = await send(updateJson(carrying(OLD), updated), mutateOptions(fakeApi(OBJECTS)));
  t.strictSame(oursAfter(updated, answer.response), TRUE);
  t.ok(HISTORY in workloadOf(copy(updated)).annotations);
});
