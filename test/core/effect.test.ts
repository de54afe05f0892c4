/** How a rollout reaches the pods of each kind, and what stands in its way. */
import fc from 'fast-check';
import t from 'tap';
import { type Effect, type EffectOptions, effectOf, isControlled, workloadRef } from '../../core/effect.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Pause } from '../../core/pause.ts';
import type { Strategy } from '../../core/settings.ts';
import { WORKLOAD_KINDS } from '../../core/workload.ts';
import { kindNamed } from './build.ts';

const AS_IT_COMES: EffectOptions = { cronJobs: 'stamp', jobs: 'report', notify: false };

interface Row {
  readonly name: string;
  readonly kind?: string;
  readonly raw?: unknown;
  readonly strategy?: Strategy;
  readonly pause?: Pause;
  readonly options?: Partial<EffectOptions>;
  readonly expected: Effect;
}

const STAMP: Effect = { does: 'stamp' };
const WAITS: Effect = { does: 'stamp', waiting: 'paused' };
const ON_DELETE: Effect = { does: 'stamp', waiting: 'on-delete' };
const spec = (fields: JsonObject, status: JsonObject = {}): JsonObject => ({ spec: fields, status });
const run = { cronJobs: 'run' } as const;
const recreate = { jobs: 'recreate' } as const;
const condition = (type: string, status: unknown): JsonObject =>
  spec({}, { conditions: [{ type: 'Suspended', status: 'True' }, null, { type, status }] });

const TEMPLATES: readonly Row[] = [
  ...WORKLOAD_KINDS.filter(({ effect }) => effect === 'template' || effect === 'rollout').flatMap(({ kind }): Row[] => [
    { name: `a ${kind} is stamped`, kind, expected: STAMP },
    { name: `a ${kind} that is paused is stamped and waits`, kind, raw: spec({ paused: true }), expected: WAITS },
    { name: `a ${kind} that is not paused is stamped`, kind, raw: spec({ paused: false }), expected: STAMP },
  ]),
  { name: 'paused as text is not paused', raw: spec({ paused: 'true' }), expected: STAMP },
  {
    name: 'a StatefulSet that replaces pods when they are deleted is stamped and waits',
    kind: 'StatefulSet',
    raw: spec({ updateStrategy: { type: 'OnDelete' } }),
    expected: ON_DELETE,
  },
  {
    name: 'a DaemonSet that replaces pods when they are deleted is stamped and waits',
    kind: 'DaemonSet',
    raw: spec({ updateStrategy: { type: 'OnDelete' } }),
    expected: ON_DELETE,
  },
  {
    name: 'a StatefulSet that rolls is stamped',
    kind: 'StatefulSet',
    raw: spec({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } } }),
    expected: STAMP,
  },
  {
    name: 'a CloneSet that is paused in its strategy waits',
    kind: 'CloneSet',
    raw: spec({ updateStrategy: { paused: true } }),
    expected: WAITS,
  },
  {
    name: "OpenKruise's StatefulSet that is paused in its strategy waits",
    kind: 'StatefulSet.apps.kruise.io',
    raw: spec({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { paused: true } } }),
    expected: WAITS,
  },
  {
    name: 'who is paused and replaces when deleted is told that it is paused',
    kind: 'DaemonSet.apps.kruise.io',
    raw: spec({ updateStrategy: { type: 'OnDelete', rollingUpdate: { paused: true } } }),
    expected: WAITS,
  },
  {
    name: 'a pause period that begins pauses with the stamp',
    pause: { pause: 'armed' },
    expected: { does: 'stamp', pause: true, waiting: 'pause-period' },
  },
  {
    name: 'a pause period that runs goes on',
    raw: spec({ paused: true }),
    pause: { pause: 'running', leftMs: 1 },
    expected: { does: 'stamp', waiting: 'pause-period' },
  },
  { name: 'the strategy restart is nothing to a Deployment', strategy: 'restart', expected: STAMP },
  { name: "Reloader's strategies are a stamp and more", strategy: 'env-vars', expected: STAMP },
];

const ROLLOUTS: readonly Row[] = [
  { name: 'a Rollout may ask to restart', kind: 'Rollout', strategy: 'restart', expected: { does: 'restart' } },
  {
    name: 'a Rollout that is paused restarts all the same: that is no new template',
    kind: 'Rollout',
    strategy: 'restart',
    raw: spec({ paused: true }),
    expected: { does: 'restart' },
  },
  { name: 'a Rollout with another strategy is stamped', kind: 'Rollout', strategy: 'annotations', expected: STAMP },
];

const ACTIVE = { active: [{ name: 'nightly-1' }] };

const JOBS: readonly Row[] = [
  { name: 'a CronJob is stamped', kind: 'CronJob', expected: STAMP },
  {
    name: 'a CronJob that is suspended is stamped too: nothing is started',
    kind: 'CronJob',
    raw: spec({ suspend: true, concurrencyPolicy: 'Forbid' }, ACTIVE),
    expected: STAMP,
  },
  { name: 'a CronJob is run, by option', kind: 'CronJob', options: run, expected: { does: 'run-job' } },
  {
    name: 'a CronJob that is suspended is never run',
    kind: 'CronJob',
    raw: spec({ suspend: true }),
    options: run,
    expected: { does: 'accept', reason: 'cronjob-suspended' },
  },
  {
    name: 'a CronJob that is suspended while a Job runs is accepted, not held',
    kind: 'CronJob',
    raw: spec({ suspend: true, concurrencyPolicy: 'Forbid' }, ACTIVE),
    options: run,
    expected: { does: 'accept', reason: 'cronjob-suspended' },
  },
  {
    name: 'a CronJob that forbids two Jobs waits for the one that runs',
    kind: 'CronJob',
    raw: spec({ concurrencyPolicy: 'Forbid' }, ACTIVE),
    options: run,
    expected: { does: 'hold', reason: 'job-active' },
  },
  {
    name: 'a CronJob that forbids two Jobs is run while there is none',
    kind: 'CronJob',
    raw: spec({ concurrencyPolicy: 'Forbid' }, { active: [] }),
    options: run,
    expected: { does: 'run-job' },
  },
  ...['Allow', 'Replace'].map(
    (concurrencyPolicy): Row => ({
      name: `a CronJob with ${concurrencyPolicy} is run beside another Job`,
      kind: 'CronJob',
      raw: spec({ concurrencyPolicy }, ACTIVE),
      options: run,
      expected: { does: 'run-job' },
    }),
  ),
  { name: 'a Job is reported', kind: 'Job', expected: { does: 'report', reason: 'job-immutable' } },
  { name: 'a Job is made again, by option', kind: 'Job', options: recreate, expected: { does: 'recreate' } },
  ...['Complete', 'Failed'].flatMap((type): Row[] => [
    {
      name: `a Job that is ${type} is left alone`,
      kind: 'Job',
      raw: condition(type, 'True'),
      options: recreate,
      expected: { does: 'nothing', reason: 'job-finished' },
    },
    {
      name: `a Job that is ${type} is not reported either`,
      kind: 'Job',
      raw: condition(type, 'True'),
      expected: { does: 'nothing', reason: 'job-finished' },
    },
    {
      name: `a Job that is not ${type} is made again`,
      kind: 'Job',
      raw: condition(type, 'False'),
      options: recreate,
      expected: { does: 'recreate' },
    },
  ]),
  {
    name: 'the option for Jobs is not the one for CronJobs',
    kind: 'CronJob',
    options: recreate,
    expected: STAMP,
  },
  {
    name: 'the option for CronJobs is not the one for Jobs',
    kind: 'Job',
    options: run,
    expected: { does: 'report', reason: 'job-immutable' },
  },
];

const TOLD: readonly Row[] = WORKLOAD_KINDS.map(({ kind }) => ({
  name: `somebody else is told of a ${kind}, whatever its state`,
  kind,
  raw: spec({ paused: true, suspend: true }, { conditions: [{ type: 'Complete', status: 'True' }] }),
  options: { notify: true, ...run, ...recreate },
  expected: { does: 'notify' },
}));

for (const row of [...TEMPLATES, ...ROLLOUTS, ...JOBS, ...TOLD]) {
  const { name, kind = 'Deployment', raw = {}, strategy = 'hash', pause = { pause: 'none' }, options, expected } = row;
  t.test(`effect: ${name}`, (t) => {
    const facts = { kindInfo: kindNamed(kind), raw, settings: { strategy }, pause };
    t.strictSame(effectOf(facts, { ...AS_IT_COMES, ...options }), expected);
    t.end();
  });
}

t.test('effect: an object of any kind is read without an error', (t) => {
  const part = fc.oneof(fc.anything(), fc.array(fc.anything()));
  const raw = fc.oneof(
    fc.anything(),
    fc.record({
      spec: fc.oneof(part, fc.record({ updateStrategy: part, paused: part, workloadRef: part })),
      status: fc.oneof(part, fc.record({ active: part, conditions: part })),
      metadata: fc.oneof(part, fc.record({ ownerReferences: part })),
    }),
  );
  fc.assert(
    fc.property(raw, fc.constantFrom(...WORKLOAD_KINDS), fc.boolean(), (raw, kindInfo, asked) => {
      const options: EffectOptions = asked ? { ...run, ...recreate, notify: false } : AS_IT_COMES;
      effectOf({ kindInfo, raw, settings: { strategy: 'hash' }, pause: { pause: 'none' } }, options);
      isControlled(raw);
      workloadRef(raw);
    }),
  );
  t.end();
});

t.test('an object belongs to a controller where an owner says that it controls it', (t) => {
  const owned = (...ownerReferences: readonly unknown[]): boolean => isControlled({ metadata: { ownerReferences } });
  t.equal(owned({ kind: 'CronJob', controller: true }), true);
  t.equal(owned(null, { kind: 'Workflow' }, { kind: 'CronJob', controller: true }), true);
  t.equal(owned({ kind: 'CronJob' }), false);
  t.equal(owned({ kind: 'CronJob', controller: false }), false);
  t.equal(owned({ kind: 'CronJob', controller: 'true' }), false);
  t.equal(owned(), false);
  t.equal(isControlled({}), false);
  t.end();
});

t.test('a Rollout may run the template of a Deployment, and of nothing else that is known here', (t) => {
  const ref = (workloadRef: unknown): string | undefined => workloadRefOf({ spec: { workloadRef } });
  const workloadRefOf = (raw: unknown): string | undefined => workloadRef(raw);
  t.equal(ref({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }), 'web');
  t.equal(ref({ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web' }), undefined);
  t.equal(ref({ kind: 'Deployment' }), undefined);
  t.equal(ref({ kind: 'Deployment', name: '' }), undefined);
  t.equal(ref(undefined), undefined);
  t.end();
});
