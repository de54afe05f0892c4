/**
 * The watcher's own writes on their way through the webhook, per kind and strategy: what is true passes to the byte,
 * and what only looks like it is put back (DESIGN §9).
 */
import t from 'tap';
import { asObject, type JsonObject } from '../../core/json.ts';
import { LAST_RELOADED_FROM } from '../../core/names.ts';
import { NOTHING_OURS, type Ours } from '../../core/ours.ts';
import { mergePatches, nested, recordPatch, rolloutPatch } from '../../core/patch.ts';
import type { Reason } from '../../core/reason.ts';
import type { WorkloadKind } from '../../core/workload.ts';
import { admission, questionOf, type Request } from './admission-run.ts';
import { asKind, configMapJson, DEPLOYMENT, kindNamed, withOurs } from './build.ts';
import { adopted, noRecord, ROTATED } from './decision-case.ts';
import { stampedFor } from './decision-run.ts';
import { APP, app, of } from './decision-worlds.ts';
import { applyMergePatch } from './json-patch.ts';

const NOW = [app('2')];
const OLD: Ours = { ...stampedFor(of(APP, app('1'))), history: '[{"at":"old"}]' };
const TRUE: Ours = { ...stampedFor(of(APP, ...NOW)), history: '[{"at":"new"},{"at":"old"}]' };
/** A record of now that leaves the stamp of before: for what is rolled by other means than the template. */
const MOVED: Ours = { ...TRUE, record: TRUE.record?.replace(`${TRUE.stamp}`, `${OLD.stamp}`), stamp: OLD.stamp };

const [CRONJOB, JOB, ROLLOUT, CLONESET] = ['CronJob', 'Job', 'Rollout', 'CloneSet'].map(kindNamed) as [
  WorkloadKind,
  WorkloadKind,
  WorkloadKind,
  WorkloadKind,
];

const stored = (kind: WorkloadKind, ours: Ours = OLD): JsonObject => asKind(withOurs({ spec: APP }, ours), kind);
const annotated = (kind: WorkloadKind, value: string): JsonObject =>
  nested(kind.templatePath, { metadata: { annotations: { [LAST_RELOADED_FROM]: value } } });
const variable = (kind: WorkloadKind): JsonObject =>
  nested(kind.templatePath, {
    spec: {
      containers: [
        { ...asObject((APP.containers as JsonObject[])[0]), env: [{ name: 'STAKATER_APP_CONFIGMAP', value: 'x' }] },
      ],
    },
  });
const restartAt = (at: string | null): JsonObject => ({ spec: { restartAt: at } });

interface Write {
  readonly name: string;
  readonly kind?: WorkloadKind;
  readonly before?: Ours;
  /** Merged into what is stored. */
  readonly patch: JsonObject;
  readonly also?: Pick<Request, 'rollsElsewhere' | 'keyring' | 'rules'>;
  /** The reason, and with `false-stamp` or `template-changed` what is carried afterwards. */
  readonly expected: Reason;
  readonly ours?: Ours;
}

const rolled = (kind: WorkloadKind, ours: Ours, ...more: readonly JsonObject[]): JsonObject =>
  mergePatches(rolloutPatch('7', ours, kind), ...more);

const PASSING: readonly Write[] = [
  ...[DEPLOYMENT, CRONJOB, ROLLOUT, CLONESET].flatMap((kind): Write[] => [
    { name: `the stamp of a ${kind.kind}`, kind, patch: rolled(kind, TRUE), expected: 'true-stamp', ours: TRUE },
    {
      name: `the stamp of a ${kind.kind} with the annotation of Reloader's strategy`,
      kind,
      patch: rolled(kind, TRUE, annotated(kind, '{}')),
      expected: 'true-stamp',
      ours: TRUE,
    },
    {
      name: `the stamp of a ${kind.kind} with the variable of Reloader's strategy`,
      kind,
      patch: rolled(kind, TRUE, variable(kind)),
      expected: 'true-stamp',
      ours: TRUE,
    },
  ]),
  {
    name: 'the stamp of a Deployment that is paused with it',
    patch: rolled(DEPLOYMENT, TRUE, { spec: { paused: true } }),
    expected: 'true-stamp',
    ours: TRUE,
  },
  {
    name: 'the stamp with the variable, made with an older key of the ring',
    patch: rolled(DEPLOYMENT, TRUE, variable(DEPLOYMENT)),
    also: { keyring: ROTATED },
    expected: 'true-stamp',
    ours: TRUE,
  },
  {
    name: 'the first stamp of a workload that was adopted, with the annotation',
    before: adopted(OLD),
    patch: rolled(DEPLOYMENT, TRUE, annotated(DEPLOYMENT, '{}')),
    expected: 'true-stamp',
    ours: TRUE,
  },
  {
    name: 'the stamp with the annotation and no history: the old one is carried over',
    patch: rolled(DEPLOYMENT, { ...TRUE, history: undefined }, annotated(DEPLOYMENT, '{}')),
    expected: 'true-stamp',
    ours: { ...TRUE, history: OLD.history },
  },
  {
    name: 'the restart of a Rollout',
    kind: ROLLOUT,
    patch: mergePatches(recordPatch('7', MOVED), restartAt('2026-01-01T00:00:00Z')),
    expected: 'true-stamp',
    ours: MOVED,
  },
  ...[CRONJOB, JOB].map(
    (kind): Write => ({
      name: `the record of a ${kind.kind}, of which a new Job is made`,
      kind,
      patch: recordPatch('7', MOVED),
      expected: 'true-stamp',
      ours: MOVED,
    }),
  ),
  {
    name: 'the record of a Job that can only be reported, without a rollout in its history',
    kind: JOB,
    patch: recordPatch('7', { record: MOVED.record, history: undefined }),
    expected: 'true-stamp',
    ours: { ...MOVED, history: OLD.history },
  },
  ...[DEPLOYMENT, ROLLOUT, CLONESET].map(
    (kind): Write => ({
      name: `the record of a ${kind.kind} that somebody else is told to roll`,
      kind,
      patch: recordPatch('7', MOVED),
      also: { rollsElsewhere: true },
      expected: 'true-stamp',
      ours: MOVED,
    }),
  ),
];

/** Made with a key of the ring, one would think. */
const FORGED = `${TRUE.stamp?.slice(0, -22)}${'A'.repeat(22)}`;
const FORGED_OURS: Ours = { ...TRUE, stamp: FORGED, record: TRUE.record?.replace(`${TRUE.stamp}`, FORGED) };
/** True of a configuration that was, and is not any more. */
const STALE: Ours = stampedFor(of(APP, app('0')));
const STAMPED: Ours = { ...TRUE, history: OLD.history };

const REFUSED: readonly Write[] = [
  ...[DEPLOYMENT, CLONESET].map(
    (kind): Write => ({
      name: `a record of now under the stamp of before on a ${kind.kind}: it would hide the change`,
      kind,
      patch: recordPatch('7', MOVED),
      expected: 'false-stamp',
      ours: OLD,
    }),
  ),
  {
    name: 'a record of now on a Rollout that is not asked to restart',
    kind: ROLLOUT,
    patch: recordPatch('7', MOVED),
    expected: 'false-stamp',
    ours: OLD,
  },
  {
    name: 'a restart of a Rollout with the record of something else',
    kind: ROLLOUT,
    patch: mergePatches(recordPatch('7', STALE), restartAt('2026-01-01T00:00:00Z')),
    expected: 'false-stamp',
    ours: OLD,
  },
  {
    name: 'a restart on a Deployment, which knows none',
    patch: mergePatches(recordPatch('7', MOVED), restartAt('2026-01-01T00:00:00Z')),
    expected: 'false-stamp',
    ours: OLD,
  },
  ...[CRONJOB, JOB].flatMap((kind): Write[] => [
    {
      name: `a record of something else on a ${kind.kind}`,
      kind,
      patch: recordPatch('7', STALE),
      expected: 'false-stamp',
      ours: OLD,
    },
    {
      name: `a record on a ${kind.kind} that names a stamp it has not`,
      kind,
      patch: recordPatch('7', { record: TRUE.record, history: undefined }),
      expected: 'false-stamp',
      ours: OLD,
    },
    {
      name: `a record that is stripped from a ${kind.kind}`,
      kind,
      patch: { metadata: { annotations: { 'restamp.dev/record': null } } },
      expected: 'false-stamp',
      ours: OLD,
    },
  ]),
  {
    name: 'a record of something else where somebody else is told to roll',
    patch: recordPatch('7', STALE),
    also: { rollsElsewhere: true },
    expected: 'false-stamp',
    ours: OLD,
  },
  {
    name: 'a record of a Job of which nothing changed, with a history that grew',
    kind: JOB,
    before: STAMPED,
    patch: recordPatch('7', { record: TRUE.record, history: '[]' }),
    expected: 'false-stamp',
    ours: STAMPED,
  },
  // The template changes anyway: it is stamped with what is true, whatever came with it.
  ...[DEPLOYMENT, CRONJOB].flatMap((kind): Write[] => [
    {
      name: `a forged stamp with an annotation of Reloader's on a ${kind.kind}`,
      kind,
      patch: rolled(kind, FORGED_OURS, annotated(kind, '{}')),
      expected: 'template-changed',
      ours: STAMPED,
    },
    {
      name: `a stale stamp with a variable of Reloader's on a ${kind.kind}`,
      kind,
      patch: rolled(kind, { ...STALE, history: '[]' }, variable(kind)),
      expected: 'template-changed',
      ours: STAMPED,
    },
    {
      name: `a true stamp with the record of before and an annotation on a ${kind.kind}`,
      kind,
      patch: rolled(kind, { ...TRUE, record: OLD.record }, annotated(kind, '{}')),
      expected: 'template-changed',
      ours: STAMPED,
    },
    {
      name: `an annotation of Reloader's alone on a ${kind.kind}`,
      kind,
      patch: annotated(kind, '{}'),
      expected: 'template-changed',
      ours: STAMPED,
    },
  ]),
  {
    name: 'a true stamp with a changed template and a history out of nowhere: that of now stays',
    patch: rolled(DEPLOYMENT, { ...TRUE, history: '[{"at":"never"}]' }, variable(DEPLOYMENT)),
    expected: 'true-stamp',
    ours: STAMPED,
  },
];

for (const { name, kind = DEPLOYMENT, before = OLD, patch, also, expected, ours = before } of [
  ...PASSING,
  ...REFUSED,
]) {
  t.test(`${expected}: ${name}`, (t) => {
    const old = stored(kind, before);
    const object = applyMergePatch(old, patch) as JsonObject;
    const { answer, stored: after, patch: operations } = admission({ old, object, objects: NOW, kind, ...also });
    t.equal(answer.reason, expected);
    t.strictSame(answer.ours, ours);
    if (PASSING.some((row) => row.name === name) && ours.history === TRUE.history) t.strictSame(operations, []);
    t.strictSame(admission({ old, object: after, objects: NOW, kind, ...also }).patch, [], 'a second pass');
    t.end();
  });
}

t.test('every write has a name of its own', (t) => {
  const names = [...PASSING, ...REFUSED].map(({ name }) => name);
  t.equal(new Set(names).size, names.length);
  t.end();
});

t.test('the stamp of a CronJob stands in the template of its Jobs', (t) => {
  const object = asKind(withOurs({ spec: APP }, NOTHING_OURS), CRONJOB);
  const { patch, answer } = admission({ object, objects: NOW, kind: CRONJOB });
  t.equal(answer.reason, 'created');
  t.ok(patch.every(({ path }) => path.startsWith('/metadata/') || path.startsWith('/spec/jobTemplate/spec/template/')));
  t.end();
});

t.test('what changes of a CronJob outside its template asks nothing', (t) => {
  const old = stored(CRONJOB);
  for (const spec of [{ suspend: true }, { schedule: '* * * * *' }, { template: { spec: {} } }]) {
    const object = applyMergePatch(old, { spec }) as JsonObject;
    t.equal(questionOf({ old, object, objects: NOW, kind: CRONJOB }).ask, 'nothing', JSON.stringify(spec));
  }
  t.end();
});

t.test('a record may move on with the template as it is only where the pods come about otherwise', (t) => {
  const acts = (kind: WorkloadKind, patch: JsonObject): unknown => {
    const old = stored(kind);
    const object = applyMergePatch(old, mergePatches(recordPatch('7', MOVED), patch)) as JsonObject;
    const question = questionOf({ old, object, objects: NOW, kind });
    return question.ask === 'truth' && question.acts;
  };
  t.equal(acts(CRONJOB, {}), true);
  t.equal(acts(JOB, {}), true);
  t.equal(acts(ROLLOUT, restartAt('2026-01-01T00:00:00Z')), true);
  t.equal(acts(ROLLOUT, {}), false);
  t.equal(acts(ROLLOUT, restartAt(null)), false);
  t.equal(acts(DEPLOYMENT, restartAt('2026-01-01T00:00:00Z')), false);
  t.equal(acts(CLONESET, {}), false);
  t.end();
});

t.test('a lost record of a Job is written again like that of any other kind', (t) => {
  const old = stored(JOB, noRecord(TRUE));
  const object = applyMergePatch(old, recordPatch('7', { record: TRUE.record, history: undefined })) as JsonObject;
  t.equal(admission({ old, object, objects: NOW, kind: JOB }).answer.reason, 'true-stamp');
  t.end();
});

t.test('what rolls by a rule of the installation passes where the webhook knows that rule', (t) => {
  const before = stampedFor(of(APP));
  const after = { ...stampedFor(of(APP, ...NOW)), history: undefined };
  const old = stored(JOB, before);
  const moved = after.record?.replace(`${after.stamp}`, `${before.stamp}`);
  const object = applyMergePatch(old, recordPatch('7', { record: moved, history: '[{"at":"new"}]' })) as JsonObject;
  const rules = { onCreate: true, onDelete: false, matches: () => false };
  t.equal(admission({ old, object, objects: NOW, kind: JOB, rules }).answer.ours.history, '[{"at":"new"}]');
  t.equal(admission({ old, object, objects: NOW, kind: JOB }).answer.reason, 'false-stamp', 'that is an acceptance');
  t.end();
});

t.test('a record of nothing to roll for is no record that may move on', (t) => {
  const old = stored(JOB);
  const object = applyMergePatch(old, recordPatch('7', MOVED)) as JsonObject;
  const objects = [configMapJson('app', { a: '1', b: '1' })];
  t.equal(admission({ old, object, objects, kind: JOB }).answer.reason, 'false-stamp');
  t.end();
});
