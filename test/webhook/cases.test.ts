/**
 * The shared cases of decisions (DESIGN §8) on the webhook's route. What it adds to each: a changed template gets the stamp
 * of now, what the watcher decides to write passes untouched, and anything else is put back. No case is skipped.
 */
import t from 'tap';
import type { Decision } from '../../core/decision.ts';
import { nextStamp } from '../../core/digest.ts';
import { appendHistory } from '../../core/history.ts';
import type { JsonObject } from '../../core/json.ts';
import { keyring } from '../../core/key.ts';
import { equalOurs, NOTHING_OURS, type Ours } from '../../core/ours.ts';
import { formatRecord } from '../../core/record.ts';
import { configurationOf, KEYRING, key, withOurs, workloadJson } from '../core/build.ts';
import type { DecisionCase } from '../core/decision-case.ts';
import { DECISION_CASES } from '../core/decision-cases.ts';
import { decideIn, oursAfter as oursAfterDecision, stampedFor } from '../core/decision-run.ts';
import { type Done, mutateOptions, oursAfter, patchOf, reviewJson, send, updateJson } from './build.ts';
import { fakeApi } from './fake-api.ts';

const HISTORY = '[{"at":"2030-01-01T00:00:00Z"}]';
const FOREIGN = keyring(key(7));

/** A case as the webhook meets it: what the stored workload carries, and what the watcher would do about it. */
interface Met {
  readonly left: Ours;
  readonly decision: Decision;
  readonly watcher: Ours;
  readonly stored: JsonObject;
}

function meet({ before, tamper, now, keyring: ring = KEYRING }: DecisionCase): Met {
  const stamped = { ...stampedFor(before), history: HISTORY };
  const left = tamper?.(stamped) ?? stamped;
  const decision = decideIn(now, left, ring);
  const written = oursAfterDecision(decision, left, now, ring);
  const history = decision.outcome === 'roll' ? historyAfter(left, written, decision) : written.history;
  return { left, decision, watcher: { ...written, history }, stored: carrying(left, now.spec) };
}

function historyAfter(left: Ours, { stamp = '' }: Ours, { reason }: Decision): string {
  const rollout = { at: '2030-01-02T00:00:00Z', decision: reason, causes: [], from: left.stamp ?? null, to: stamp };
  return appendHistory(left.history, rollout);
}

function carrying(ours: Ours, spec: JsonObject): JsonObject {
  return withOurs({ spec, annotations: { own: '1' } }, ours);
}

function sendIn({ now, keyring: ring = KEYRING }: DecisionCase, review: JsonObject): Promise<Done> {
  return send(review, mutateOptions(fakeApi(now.objects), { keyring: () => ring }));
}

/** What a request that makes new pods leaves behind. */
function stampedNow({ now, keyring: ring }: DecisionCase): Ours {
  const { parts } = configurationOf(now.spec, now.objects);
  return parts.size === 0 ? NOTHING_OURS : stampedFor(now, ring);
}

/** Writes that are not the watcher's, by what somebody is up to. */
function forgeries(row: DecisionCase, { left, watcher }: Met): ReadonlyMap<string, Ours> {
  const { now, before, keyring: ring = KEYRING } = row;
  const wanted = configurationOf(now.spec, now.objects, ring.current);
  const all = new Map<string, Ours>([
    ['ours are stripped', NOTHING_OURS],
    ['the stamp is stripped', { ...left, stamp: undefined }],
    ['the record is stripped', { ...left, record: undefined }],
    ['the history is stripped', { ...left, history: undefined }],
    ['the history is forged', { ...left, history: '[]' }],
    ['the record is no record', { ...left, record: '{}' }],
    ['the stamp is no stamp', { ...left, stamp: 'v1' }],
    ['stamp and record are of another installation', { ...left, ...stampedFor(now, FOREIGN), history: left.history }],
    ['stamp and record are of before', { ...stampedFor(before), history: left.history }],
    ['the record alone is the one of now, as if the pods had it', { ...left, record: recordOf(wanted, left.stamp) }],
    ['the stamp alone is the one of now', { ...left, stamp: nextStamp(left.stamp, wanted, ring.current) }],
    ['the stamp is the one of now, the record of before', { ...left, stamp: watcher.stamp ?? 'v1' }],
  ]);
  return new Map([...all].filter(([, ours]) => !equalOurs(ours, left) && !isTrue(row, left, ours)));
}

function recordOf(wanted: Parameters<typeof nextStamp>[1], stamp: string | undefined): string {
  return formatRecord({ ...wanted, stamp });
}

/** What the watcher would write, or a rollout to the configuration of now in terms of any key: true, whoever sends it. */
function isTrue(row: DecisionCase, left: Ours, ours: Ours): boolean {
  const { now, keyring: ring = KEYRING } = row;
  const stamps = [...ring.byId.values()].map((key) => {
    const wanted = configurationOf(now.spec, now.objects, key);
    const stamp = nextStamp(left.stamp, wanted, key);
    return { stamp, record: recordOf(wanted, stamp) };
  });
  const { watcher } = meet(row);
  return [...stamps, watcher].some(({ stamp, record }) => ours.stamp === stamp && ours.record === record);
}

for (const row of DECISION_CASES) {
  t.test(`${row.name}: a new workload and a changed template get the stamp of now`, async (t) => {
    const { left, stored } = meet(row);
    const create = workloadJson({ spec: row.now.spec });
    const created = await sendIn(row, reviewJson({ object: create }));
    t.strictSame(oursAfter(create, created.response), stampedNow(row));
    const old = carrying(left, row.before.spec);
    for (const ours of [left, NOTHING_OURS, stampedFor(row.now, FOREIGN)]) {
      const object = withOurs({ spec: row.now.spec, templateAnnotations: { version: '2' } }, ours);
      for (const from of [old, stored]) {
        const { response } = await sendIn(row, updateJson(from, object));
        t.strictSame(oursAfter(object, response), { ...stampedNow(row), history: left.history });
      }
    }
  });

  t.test(`${row.name}: what the watcher writes passes untouched`, async (t) => {
    const { left, decision, watcher, stored } = meet(row);
    const { response, told } = await sendIn(row, updateJson(stored, carrying(watcher, row.now.spec)));
    t.strictSame(patchOf(response), [], decision.outcome);
    t.equal(told.reason, equalOurs(watcher, left) ? 'untouched' : 'true-stamp');
  });

  t.test(`${row.name}: anything else is put back`, async (t) => {
    const met = meet(row);
    for (const [what, ours] of forgeries(row, met)) {
      const object = carrying(ours, row.now.spec);
      const { response, told } = await sendIn(row, updateJson(met.stored, object));
      t.equal(told.outcome, 'restore', what);
      t.strictSame(oursAfter(object, response), met.left, what);
    }
  });
}

t.test('the forgeries are not left out for most cases', (t) => {
  const tried = DECISION_CASES.map((row) => forgeries(row, meet(row)).size);
  t.ok(tried.every((count) => count >= 3));
  t.ok(tried.reduce((a, b) => a + b) > 6 * tried.length, `${tried.reduce((a, b) => a + b)} in all`);
  t.end();
});
