import fc from 'fast-check';
import t from 'tap';
import {
  type Pods,
  podsAfter,
  type Remnant,
  remnantsOf,
  sourcePatch,
  sourceRemnants,
  TOOLS,
  type Tool,
  waveOwner,
  workloadPatch,
} from '../../core/clean-up.ts';
import type { JsonObject } from '../../core/json.ts';
import { CONFIG_HASH, HISTORY, LAST_RELOADED_FROM, RECORD, RELOADER, WAVE } from '../../core/names.ts';
import { kindNamed } from './build.ts';

interface Parts {
  readonly kind?: string;
  readonly metadata?: JsonObject;
  readonly spec?: JsonObject;
  readonly templateAnnotations?: JsonObject;
  readonly pod?: JsonObject;
}

/** A workload as it is read, with its pod template where its kind has it. */
function workload({ kind = 'Deployment', metadata, spec, templateAnnotations, pod }: Parts = {}): JsonObject {
  const template = {
    metadata: { annotations: { kept: 'yes', ...templateAnnotations } },
    spec: { containers: [{ name: 'app', image: 'app:1' }], ...pod },
  };
  const own = { namespace: 'shop', name: 'web', uid: 'uid-web', resourceVersion: '7', ...metadata };
  if (kind === 'CronJob') return { metadata: own, spec: { ...spec, jobTemplate: { spec: { template } } } };
  return { metadata: own, spec: { ...spec, template } };
}

function look(parts: Parts, tools: readonly Tool[] = TOOLS) {
  const raw = workload(parts);
  const kindInfo = kindNamed(parts.kind ?? 'Deployment');
  const { removable, fixed } = remnantsOf(raw, { kindInfo, tools });
  return {
    removable: texts(removable),
    fixed: texts(fixed),
    patch: workloadPatch(raw, { kindInfo, remnants: removable }),
    pods: podsAfter(raw, { kindInfo, remnants: removable }),
  };
}

function texts(remnants: readonly Remnant[]): readonly string[] {
  return remnants.flatMap(({ tool, texts }) => texts.map((text) => `${tool}: ${text}`));
}

const HASH = '2f1e9c';
const VERSION = { resourceVersion: '7' };
const variable = { name: 'STAKATER_APP_CONFIG_CONFIGMAP', value: HASH };
const other = { name: 'LOG_LEVEL', value: 'debug' };

const CASES: readonly {
  readonly title: string;
  readonly parts: Parts;
  readonly found: readonly string[];
  readonly patch: JsonObject;
  readonly pods: Pods;
}[] = [
  {
    title: "Reloader's annotation of the pod template",
    parts: { templateAnnotations: { [LAST_RELOADED_FROM]: '{}' } },
    found: ['reloader: last-reloaded-from'],
    patch: { metadata: VERSION, spec: { template: { metadata: { annotations: { [LAST_RELOADED_FROM]: null } } } } },
    pods: 'roll',
  },
  {
    title: "Reloader's variables, among others, in containers and initContainers",
    parts: {
      pod: {
        containers: [
          { name: 'app', env: [other, variable, { name: 'STAKATER_B_SECRET', value: HASH }] },
          { name: 'side', env: [other] },
        ],
        initContainers: [{ name: 'init', env: [{ name: 'STAKATER_C_SECRETPROVIDERCLASS', value: HASH }] }],
      },
    },
    found: [
      'reloader: STAKATER_C_SECRETPROVIDERCLASS',
      'reloader: STAKATER_APP_CONFIG_CONFIGMAP',
      'reloader: STAKATER_B_SECRET',
    ],
    patch: {
      metadata: VERSION,
      spec: {
        template: {
          spec: {
            initContainers: [{ name: 'init' }],
            containers: [
              { name: 'app', env: [other] },
              { name: 'side', env: [other] },
            ],
          },
        },
      },
    },
    pods: 'roll',
  },
  {
    title: 'a pause of Reloader that nobody asks for any more',
    parts: { metadata: { annotations: { [RELOADER.pausedAt]: '2030-01-01T00:00:00Z' } }, spec: { paused: true } },
    found: ['reloader: paused-at'],
    patch: { metadata: { ...VERSION, annotations: { [RELOADER.pausedAt]: null } }, spec: { paused: false } },
    pods: 'roll',
  },
  {
    title: 'the mark of a pause that has been ended by hand',
    parts: { metadata: { annotations: { [RELOADER.pausedAt]: '2030-01-01T00:00:00Z' } } },
    found: ['reloader: paused-at'],
    patch: { metadata: { ...VERSION, annotations: { [RELOADER.pausedAt]: null } } },
    pods: 'stay',
  },
  {
    title: "wave's hash in the pod template",
    parts: { templateAnnotations: { [WAVE.configHash]: HASH } },
    found: ['wave: config-hash'],
    patch: { metadata: VERSION, spec: { template: { metadata: { annotations: { [WAVE.configHash]: null } } } } },
    pods: 'roll',
  },
  {
    title: "wave's finalizer, beside another one",
    parts: { metadata: { finalizers: ['example.com/mine', WAVE.finalizer] } },
    found: ['wave: finalizer'],
    patch: { metadata: { ...VERSION, finalizers: ['example.com/mine'] } },
    pods: 'stay',
  },
  {
    title: 'parking under a scheduler that there is not',
    parts: {
      metadata: { annotations: { [WAVE.schedulingDisabled]: 'mine' } },
      pod: { schedulerName: WAVE.parkedScheduler },
    },
    found: ['wave: scheduling-disabled'],
    patch: {
      metadata: { ...VERSION, annotations: { [WAVE.schedulingDisabled]: null } },
      spec: { template: { spec: { schedulerName: 'mine' } } },
    },
    pods: 'roll',
  },
  {
    title: 'the mark of parking on what has another scheduler since',
    parts: { metadata: { annotations: { [WAVE.schedulingDisabled]: '' } }, pod: { schedulerName: 'mine' } },
    found: ['wave: scheduling-disabled'],
    patch: { metadata: { ...VERSION, annotations: { [WAVE.schedulingDisabled]: null } } },
    pods: 'stay',
  },
  {
    title: 'several at once, in one patch',
    parts: {
      metadata: { finalizers: [WAVE.finalizer] },
      templateAnnotations: { [WAVE.configHash]: HASH, [LAST_RELOADED_FROM]: '{}' },
      pod: { containers: [{ name: 'app', env: [variable] }] },
    },
    found: [
      'reloader: last-reloaded-from',
      'reloader: STAKATER_APP_CONFIG_CONFIGMAP',
      'wave: config-hash',
      'wave: finalizer',
    ],
    patch: {
      metadata: { ...VERSION, finalizers: [] },
      spec: {
        template: {
          metadata: { annotations: { [WAVE.configHash]: null, [LAST_RELOADED_FROM]: null } },
          spec: { containers: [{ name: 'app' }] },
        },
      },
    },
    pods: 'roll',
  },
  {
    title: 'in the job template of a CronJob',
    parts: { kind: 'CronJob', templateAnnotations: { [LAST_RELOADED_FROM]: '{}' } },
    found: ['reloader: last-reloaded-from'],
    patch: {
      metadata: VERSION,
      spec: {
        jobTemplate: { spec: { template: { metadata: { annotations: { [LAST_RELOADED_FROM]: null } } } } },
      },
    },
    pods: 'later',
  },
];

for (const { title, parts, found, patch, pods } of CASES) {
  t.test(`it finds and removes ${title}`, (t) => {
    const seen = look(parts);
    t.strictSame(seen.removable, found);
    t.strictSame(seen.fixed, []);
    t.strictSame(seen.patch, patch);
    t.equal(seen.pods, pods);
    t.end();
  });
}

const UNTOUCHED: readonly (readonly [title: string, parts: Parts])[] = [
  ['a workload of which nobody left anything', {}],
  [
    'all that is of restamp',
    {
      metadata: { annotations: { [RECORD]: 'r', [HISTORY]: 'h' }, finalizers: ['restamp.dev/finalizer'] },
      templateAnnotations: { [CONFIG_HASH]: 'v1.0.a' },
    },
  ],
  [
    'what people write for Reloader and wave',
    {
      metadata: {
        annotations: {
          [RELOADER.auto]: 'true',
          [RELOADER.reload.ConfigMap]: 'app',
          [RELOADER.pausePeriod]: '5m',
          [RELOADER.rolloutStrategy]: 'restart',
          [WAVE.update]: 'true',
          [WAVE.extraConfigMaps]: 'app',
        },
      },
      templateAnnotations: { [RELOADER.search]: 'true' },
    },
  ],
  [
    'a variable that only looks alike',
    {
      pod: {
        containers: [
          {
            name: 'app',
            env: [
              { name: 'STAKATER_TOKEN', value: 'x' },
              { name: 'STAKATER_app_CONFIGMAP', value: 'x' },
              { name: 'MY_STAKATER_APP_SECRET', value: 'x' },
              { name: 'STAKATER_APP_SECRET_NAME', value: 'x' },
              { name: 'STAKATER_APP_SECRET', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } },
            ],
          },
        ],
      },
    },
  ],
  ['a Deployment that a person has paused', { spec: { paused: true } }],
  [
    'a pause whose period is still asked for',
    {
      metadata: { annotations: { [RELOADER.pausedAt]: 'x', [RELOADER.pausePeriod]: '5m' } },
      spec: { paused: true },
    },
  ],
  [
    'a pause whose period is asked for on the pod template',
    {
      metadata: { annotations: { [RELOADER.pausedAt]: 'x' } },
      templateAnnotations: { [RELOADER.pausePeriod]: '5m' },
      spec: { paused: true },
    },
  ],
  [
    'a paused Rollout, which Reloader never pauses',
    { kind: 'Rollout', metadata: { annotations: { [RELOADER.pausedAt]: 'x' } }, spec: { paused: true } },
  ],
];

for (const [title, parts] of UNTOUCHED) {
  t.test(`it leaves alone ${title}`, (t) => {
    t.strictSame(look(parts), { removable: [], fixed: [], patch: { metadata: VERSION }, pods: 'stay' });
    t.end();
  });
}

const changed = { templateAnnotations: { [LAST_RELOADED_FROM]: '{}' } };

for (const { title, parts, pods } of [
  { title: 'a paused Deployment', parts: { spec: { paused: true } }, pods: 'later' },
  { title: 'OnDelete', parts: { kind: 'StatefulSet', spec: { updateStrategy: { type: 'OnDelete' } } }, pods: 'later' },
  { title: 'a DaemonSet', parts: { kind: 'DaemonSet' }, pods: 'roll' },
  { title: 'an Argo Rollout', parts: { kind: 'Rollout' }, pods: 'roll' },
]) {
  t.test(`a change of the pod template of ${title}: pods ${pods}`, (t) => {
    t.equal(look({ ...changed, ...parts }).pods, pods);
    t.end();
  });
}

t.test('a Job keeps what is in its template, which nobody can change', (t) => {
  const parts = { kind: 'Job', ...changed, metadata: { finalizers: [WAVE.finalizer] } };
  const { removable, fixed, patch } = look(parts);
  t.strictSame([removable, fixed], [['wave: finalizer'], ['reloader: last-reloaded-from']]);
  t.strictSame(patch, { metadata: { ...VERSION, finalizers: [] } });
  t.end();
});

t.test('of a workload that is being deleted only the finalizer counts', (t) => {
  const metadata = { finalizers: [WAVE.finalizer], deletionTimestamp: '2030-01-01T00:00:00Z' };
  const seen = look({ ...changed, metadata });
  t.strictSame([seen.removable, seen.pods], [['wave: finalizer'], 'stay']);
  t.end();
});

t.test('with one tool given, what the other one left stays', (t) => {
  const parts = { ...changed, metadata: { finalizers: [WAVE.finalizer] } };
  t.strictSame(look(parts, ['reloader']).removable, ['reloader: last-reloaded-from']);
  t.strictSame(look(parts, ['wave']).removable, ['wave: finalizer']);
  t.strictSame(look(parts, ['wave']).patch, { metadata: { ...VERSION, finalizers: [] } });
  t.end();
});

for (const [title, parts] of [
  ['its annotation', { metadata: { annotations: { [WAVE.update]: 'true' } } }],
  ['its finalizer', { metadata: { finalizers: [WAVE.finalizer] } }],
  ['its hash', { templateAnnotations: { [WAVE.configHash]: HASH } }],
  ['its parking', { metadata: { annotations: { [WAVE.schedulingDisabled]: '' } } }],
] as const) {
  t.test(`a workload is known for wave's by ${title}`, (t) => {
    t.equal(waveOwner(workload(parts), kindNamed('Deployment')), 'uid-web');
    t.equal(waveOwner(workload({ kind: 'CronJob', ...parts }), kindNamed('CronJob')), undefined, 'no kind of wave');
    t.end();
  });
}

t.test('a workload without any mark of wave is no owner', (t) => {
  t.equal(waveOwner(workload(changed), kindNamed('Deployment')), undefined);
  t.end();
});

const reference = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'uid-web' },
  ...{ controller: false, blockOwnerDeletion: true },
};
const OWNERS = new Set(['uid-web', 'uid-db']);

function source(...ownerReferences: readonly JsonObject[]): JsonObject {
  return { metadata: { namespace: 'shop', name: 'app', resourceVersion: '7', ownerReferences } };
}

t.test("wave's owner references are found and taken off, each other one stays", (t) => {
  const db = { ...reference, kind: 'StatefulSet', name: 'db', uid: 'uid-db' };
  const mine = { apiVersion: 'v1', kind: 'ConfigMap', name: 'root', uid: 'uid-root' };
  const raw = source(reference, mine, db);
  t.strictSame(texts(sourceRemnants(raw, OWNERS)), ['wave: owner reference to Deployment web, StatefulSet db']);
  t.strictSame(sourcePatch(raw, OWNERS), { metadata: { ...VERSION, ownerReferences: [mine] } });
  t.end();
});

for (const [title, change] of [
  ['to a controller', { controller: true }],
  ['that does not say whether it is to a controller', { controller: undefined }],
  ['that does not block a deletion', { blockOwnerDeletion: false }],
  ["to what is not wave's", { uid: 'uid-other' }],
  ['to a kind that wave does not know', { kind: 'ReplicaSet' }],
  ['to another API', { apiVersion: 'apps.kruise.io/v1beta1' }],
] as const) {
  t.test(`an owner reference ${title} is somebody else's`, (t) => {
    const raw = source({ ...reference, ...change });
    t.strictSame(sourceRemnants(raw, OWNERS), []);
    t.strictSame(sourcePatch(raw, OWNERS), {
      metadata: { ...VERSION, ownerReferences: [{ ...reference, ...change }] },
    });
    t.end();
  });
}

t.test('whatever an object is, it is looked at without an error', (t) => {
  const json = fc.jsonValue();
  const odd = fc.oneof(
    json,
    fc.record({
      metadata: fc.record({ annotations: json, finalizers: json, ownerReferences: json }),
      spec: fc.record({
        template: fc.record({
          metadata: fc.record({ annotations: json }),
          spec: fc.record({ containers: fc.oneof(json, fc.array(fc.record({ env: json }))), initContainers: json }),
        }),
      }),
    }),
  );
  fc.assert(
    fc.property(odd, (raw) => {
      const kindInfo = kindNamed('Deployment');
      const { removable: remnants } = remnantsOf(raw, { kindInfo, tools: TOOLS });
      podsAfter(raw, { kindInfo, remnants });
      waveOwner(raw, kindInfo);
      sourceRemnants(raw, OWNERS);
      sourcePatch(raw, OWNERS);
      return true;
    }),
  );
  t.end();
});
