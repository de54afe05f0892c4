import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Decision } from '../../core/decision.ts';
import { keyring } from '../../core/key.ts';
import type { Ours } from '../../core/ours.ts';
import { world } from './arbitrary.ts';
import { configurationOf, KEY, KEYRING, key } from './build.ts';
import { noRecord, noStamp, ROTATED } from './decision-case.ts';
import { DECISION_CASES } from './decision-cases.ts';
import { decideIn, oursAfter, runStep, stampedFor, withoutRecord } from './decision-run.ts';
import { DECISION_STORIES } from './decision-stories.ts';
import { APP, APP_AND_DB, app, db, of } from './decision-worlds.ts';

const QUIET: readonly Decision['outcome'][] = ['none', 'keep'];

/** What may have happened to restamp's annotations. */
const tampering = fc.constantFrom<(ours: Ours) => Ours>(
  (ours) => ours,
  noStamp,
  noRecord,
  (ours) => noStamp(noRecord(ours)),
);

for (const row of DECISION_CASES) {
  t.test(row.name, (t) => {
    const { decision } = runStep(row, stampedFor(row.before));
    t.strictSame(withoutRecord(decision), row.expected);
    t.end();
  });
}

for (const { name, before, steps } of DECISION_STORIES) {
  t.test(name, (t) => {
    steps.reduce((ours, step) => {
      const done = runStep(step, ours);
      t.strictSame(withoutRecord(done.decision), step.expected);
      if (done.decision.outcome === 'roll') t.not(done.ours.stamp, ours.stamp, 'a rollout needs another stamp');
      return done.ours;
    }, stampedFor(before));
    t.end();
  });
}

t.test('every case and every story has a name of its own', (t) => {
  const names = [...DECISION_CASES, ...DECISION_STORIES].map(({ name }) => name);
  t.equal(new Set(names).size, names.length);
  t.end();
});

t.test('an adopted record is the configuration of now and names the stamp of the template', (t) => {
  const ours = noRecord(stampedFor(of(APP, app('1'))));
  const decision = decideIn(of(APP, app('1')), ours);
  t.strictSame(decision, {
    outcome: 'adopt',
    reason: 'record-lost',
    record: { ...configurationOf(APP, [app('1')]), stamp: ours.stamp },
  });
  t.end();
});

t.test('an accepted record keeps the digest and the entries of what is gone', (t) => {
  const before = configurationOf(APP, [app('1')]);
  const decision = decideIn(of(APP_AND_DB, db()), stampedFor(of(APP, app('1'))));
  const record = decision.outcome === 'accept' ? decision.record : undefined;
  t.equal(record?.parts.get('configmap/app#*'), before.parts.get('configmap/app#*'));
  t.strictSame(record?.entries.get('configmap/app'), before.entries.get('configmap/app'));
  t.equal(record?.parts.get('secret/db#*'), configurationOf(APP_AND_DB, [db()]).parts.get('secret/db#*'));
  t.end();
});

t.test('an accepted record keeps the stamp of the template', (t) => {
  const ours = stampedFor(of(APP));
  const decision = decideIn(of(APP, app('1')), ours);
  t.equal(decision.outcome === 'accept' ? decision.record.stamp : undefined, ours.stamp);
  t.end();
});

t.test('the same configuration never rolls and is never held, whatever is left of the annotations', (t) => {
  fc.assert(
    fc.property(world, tampering, fc.boolean(), (world, tamper, rotated) => {
      const { outcome } = decideIn(world, tamper(stampedFor(world)), rotated ? ROTATED : KEYRING);
      return outcome !== 'roll' && outcome !== 'hold';
    }),
  );
  t.end();
});

t.test('after what was decided has been done, there is nothing more to do', (t) => {
  fc.assert(
    fc.property(world, world, tampering, fc.boolean(), (before, now, tamper, rotated) => {
      const ring = rotated ? ROTATED : KEYRING;
      const left = tamper(stampedFor(before));
      const decision = decideIn(now, left, ring);
      const again = decideIn(now, oursAfter(decision, left, now, ring), ring);
      return decision.outcome === 'hold' ? again.outcome === 'hold' : QUIET.includes(again.outcome);
    }),
  );
  t.end();
});

t.test('nothing rolls while something required is missing', (t) => {
  fc.assert(
    fc.property(world, world, tampering, (before, now, tamper) => {
      const missing = [...configurationOf(now.spec, now.objects).parts.values()].includes('missing');
      return !missing || decideIn(now, tamper(stampedFor(before))).outcome !== 'roll';
    }),
  );
  t.end();
});

t.test('a lost key never rolls', (t) => {
  fc.assert(
    fc.property(world, world, tampering, (before, now, tamper) => {
      const { outcome } = decideIn(now, tamper(stampedFor(before)), keyring(key(3)));
      return outcome === 'adopt' || outcome === 'none';
    }),
  );
  t.end();
});

t.test('the decision is the same under an old key of the ring as under the key before it was rotated', (t) => {
  fc.assert(
    fc.property(world, world, tampering, (before, now, tamper) => {
      const ours = tamper(stampedFor(before));
      const decisions = [KEYRING, ROTATED].map((ring) => withoutRecord(decideIn(now, ours, ring)));
      assert.deepEqual(decisions[0], decisions[1]);
    }),
  );
  t.end();
});

t.test('the order in which sources were read changes nothing', (t) => {
  fc.assert(
    fc.property(world, world, tampering, (before, now, tamper) => {
      const ours = tamper(stampedFor(before));
      const turned = { ...now, objects: [...now.objects].reverse() };
      assert.deepEqual(decideIn(turned, ours), decideIn(now, ours));
    }),
  );
  t.end();
});

t.test('the same bytes in binaryData, or under another object of the same name, are the same configuration', (t) => {
  const { data: _, ...rest } = app('1');
  const moved = { ...rest, binaryData: { a: 'MQ==', b: 'MQ==' }, immutable: true };
  t.strictSame(configurationOf(APP, [moved], KEY), configurationOf(APP, [app('1')], KEY));
  t.equal(decideIn(of(APP, moved), stampedFor(of(APP, app('1')))).outcome, 'none');
  t.end();
});
