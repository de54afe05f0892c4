/** What holds for every admission request (DESIGN §9: it never causes a rollout that the request itself would not). */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { asObject, type JsonObject } from '../../core/json.ts';
import { HISTORY, RECORD } from '../../core/names.ts';
import { NOTHING_OURS, type Ours, oursOf } from '../../core/ours.ts';
import { recordPatch, rolloutPatch } from '../../core/patch.ts';
import { admission } from './admission-run.ts';
import { objects as anyObjects, spec as anySpec } from './arbitrary.ts';
import { configurationOf, DEPLOYMENT, KEYRING, oursFor, withOurs, workloadOf } from './build.ts';
import { type DecisionCase, ROTATED } from './decision-case.ts';
import { DECISION_CASES } from './decision-cases.ts';
import { oursAfter, runStep, stampedFor } from './decision-run.ts';
import { DECISION_STORIES } from './decision-stories.ts';
import { applyMergePatch } from './json-patch.ts';

/** Ours as anybody may leave or send it: true of some world, mixed from several, or invented. */
const anyOurs = fc
  .record({ specs: fc.array(anySpec, { minLength: 1, maxLength: 2 }), objects: anyObjects })
  .chain(({ specs, objects }) => {
    const made = specs.map((spec) => stampedFor({ spec, objects }));
    return fc.record<Ours>(
      {
        stamp: fc.constantFrom(undefined, 'v1.x', ...made.map(({ stamp }) => stamp)),
        record: fc.constantFrom(undefined, '{', ...made.map(({ record }) => record)),
        history: fc.constantFrom(undefined, '[]', '[{"at":"1"}]'),
      },
      { noNullPrototype: true },
    );
  });

/** An update: a template before and after, ours before and after, and the objects there are. */
const update = fc
  .record({ spec: anySpec, other: anySpec, same: fc.boolean(), objects: anyObjects, before: anyOurs, sent: anyOurs })
  .chain(({ spec, other, same, objects, before, sent }) => {
    const after = same ? spec : other;
    // What is true of now has to be met as well, and that is rare by chance.
    const truth = stampedFor({ spec: after, objects });
    return fc.constantFrom(sent, truth, { ...before, record: truth.record }, NOTHING_OURS).map((sent) => ({
      old: withOurs({ spec }, before),
      object: withOurs({ spec: after, annotations: { owner: 'us' } }, sent),
      objects,
    }));
  });

/** The object without ours, and without the empty maps that may have held it. */
function withoutOurs(json: JsonObject): unknown {
  const { annotations: _, ...metadata } = asObject(json.metadata);
  const { [RECORD]: _record, [HISTORY]: _history, ...annotations } = workloadOf(json).annotations;
  return { metadata, annotations, spec: workloadOf(json).template.spec, replicas: asObject(json.spec).replicas };
}

t.test('a second pass over a stored object changes nothing', (t) => {
  fc.assert(
    fc.property(update, fc.constantFrom(KEYRING, ROTATED), ({ old, object, objects }, keyring) => {
      const { stored } = admission({ old, object, objects, keyring });
      assert.deepEqual(admission({ old, object: stored, objects, keyring }).patch, []);
      const created = admission({ object, objects, keyring }).stored;
      assert.deepEqual(admission({ object: created, objects, keyring }).patch, []);
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('a second pass changes nothing where nothing could be read', (t) => {
  fc.assert(
    fc.property(update, ({ old, object }) => {
      const { stored } = admission({ old, object, objects: 'unreadable' });
      assert.deepEqual(admission({ old, object: stored, objects: 'unreadable' }).patch, []);
      const created = admission({ object, objects: 'unreadable' }).stored;
      assert.deepEqual(admission({ object: created, objects: 'unreadable' }).patch, []);
    }),
  );
  t.end();
});

t.test('a template that the request leaves alone is stored as it was, or with the stamp of now that was sent', (t) => {
  fc.assert(
    fc.property(update, ({ old, object, objects }) => {
      const spec = asObject(workloadOf(old).template.spec);
      const request = { old, object: withOurs({ spec }, oursOf(workloadOf(object))), objects };
      const { stored } = admission(request);
      const { stamp } = oursOf(workloadOf(stored));
      const isTrue = stamp === oursFor(configurationOf(spec, objects)).stamp;
      const isSent = stamp === oursOf(workloadOf(request.object)).stamp;
      if (!isTrue || !isSent) assert.equal(stamp, oursOf(workloadOf(old)).stamp);
      assert.deepEqual(workloadOf(stored).template.spec, spec);
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('a template that the request changes carries the stamp and record of now, or none without references', (t) => {
  fc.assert(
    fc.property(update, ({ old, object, objects }) => {
      const { answer } = admission({ old, object, objects });
      if (answer.reason !== 'template-changed' && answer.reason !== 'no-references') return;
      const wanted = configurationOf(workloadOf(object).template.spec, objects);
      const { stamp, record } = wanted.parts.size === 0 ? NOTHING_OURS : oursFor(wanted);
      assert.deepEqual(answer.ours, { stamp, record, history: oursOf(workloadOf(old)).history });
    }),
  );
  t.end();
});

t.test('nothing but ours is ever changed', (t) => {
  fc.assert(
    fc.property(update, fc.boolean(), ({ old, object, objects }, readable) => {
      const { stored } = admission({ old, object, objects: readable ? objects : 'unreadable' });
      assert.deepEqual(withoutOurs(stored), withoutOurs(object));
    }),
  );
  t.end();
});

t.test('where nothing can be read, an update is stored with the stamp it had and a new workload without one', (t) => {
  fc.assert(
    fc.property(update, ({ old, object }) => {
      const { stored } = admission({ old, object, objects: 'unreadable' });
      assert.equal(oursOf(workloadOf(stored)).stamp, oursOf(workloadOf(old)).stamp);
      const created = admission({ object, objects: 'unreadable' }).stored;
      assert.deepEqual(oursOf(workloadOf(created)), NOTHING_OURS);
      assert.deepEqual(withoutOurs(created), withoutOurs(object));
    }),
  );
  t.end();
});

const IGNORED: DecisionCase['expected'] = { outcome: 'none', reason: 'in-step' };

/** The watcher's write for a row, on its way through the webhook. */
function admitWrite(row: Omit<DecisionCase, 'name'>): ReturnType<typeof admission> | undefined {
  const ours = stampedFor(row.before);
  const left = row.tamper?.(ours) ?? ours;
  const { decision } = runStep(row, ours);
  const old = withOurs({ spec: row.now.spec }, left);
  const next = oursAfter(decision, left, row.now, row.keyring);
  const patch =
    decision.outcome === 'roll'
      ? rolloutPatch('7', { ...next, history: '[{"at":"now"}]' }, DEPLOYMENT)
      : recordPatch('7', { record: next.record ?? '', history: undefined });
  if (!('record' in decision) && decision.outcome !== 'roll') return undefined;
  const object = applyMergePatch(old, patch) as JsonObject;
  return admission({ old, object, objects: row.now.objects, ...(row.keyring && { keyring: row.keyring }) });
}

t.test('whatever the watcher writes for a row of the decision table passes the webhook unchanged', (t) => {
  for (const row of DECISION_CASES) {
    const admitted = admitWrite(row);
    if (admitted === undefined) continue;
    t.strictSame([admitted.answer.reason, admitted.patch], ['true-stamp', []], row.name);
  }
  t.end();
});

t.test('whatever the watcher writes in any world passes the webhook unchanged', (t) => {
  fc.assert(
    fc.property(anySpec, anyObjects, anySpec, anyObjects, (spec, was, other, is) => {
      for (const now of [spec, other]) {
        const before = { spec, objects: was };
        const admitted = admitWrite({ before, now: { spec: now, objects: is }, expected: IGNORED });
        if (admitted !== undefined) assert.deepEqual(admitted.patch, []);
      }
    }),
  );
  t.end();
});

t.test('a rollout of a story changes the stamp, or no pod would be new', (t) => {
  for (const { name, before, steps } of DECISION_STORIES) {
    steps.reduce((ours, step) => {
      const done = runStep(step, ours);
      if (done.decision.outcome === 'roll') t.not(done.ours.stamp, ours.stamp, name);
      return done.ours;
    }, stampedFor(before));
  }
  t.end();
});
