/**
 * What the webhook answers (DESIGN §9). Invariant: it never causes a rollout that the request itself would not.
 * Two steps, so that nothing is read for a request that needs no reading: `consider`, then `admit`.
 */

import { type DecisionRules, decide } from './decision.ts';
import { type Configuration, nextStamp, stampKeyId, stampOf } from './digest.ts';
import { passingHistory } from './history.ts';
import { asObject, equalJson, isObject } from './json.ts';
import type { Keyring } from './key.ts';
import { CONFIG_HASH } from './names.ts';
import { equalOurs, NOTHING_OURS, type Ours, oursOf } from './ours.ts';
import { templateOf } from './parse.ts';
import { equalRecords, formatRecord, parseRecord } from './record.ts';
import { comparisonKeyId, running } from './running.ts';
import type { Workload, WorkloadKind } from './workload.ts';

/** A workload as an admission request carries it: narrowed, and as it came. */
export interface Admitted {
  readonly workload: Workload;
  readonly kindInfo: WorkloadKind;
  readonly raw: unknown;
}

export type Question =
  | { readonly ask: 'nothing'; readonly answer: Answer }
  /** The pods will be new: stamp them with the configuration of now. */
  | { readonly ask: 'configuration'; readonly why: 'created' | 'template-changed'; readonly before: Ours }
  /** Only ours changed: true or false? `acts`: the request itself, or whoever sends it, brings the pods in step otherwise. */
  | { readonly ask: 'truth'; readonly before: Ours; readonly acts: boolean };

/** `ours` is what the object shall carry after admission, whatever it carries now. */
export type Answer =
  | { readonly outcome: 'stamp'; readonly reason: 'created' | 'template-changed'; readonly ours: Ours }
  | { readonly outcome: 'restore'; readonly reason: 'false-stamp'; readonly ours: Ours }
  | { readonly outcome: 'pass'; readonly reason: 'untouched' | 'true-stamp' | 'no-references'; readonly ours: Ours }
  | { readonly outcome: 'skip'; readonly reason: 'read-failed'; readonly ours: Ours };

/** What has to be known to answer. `old` is absent at CREATE. */
export function consider(object: Admitted, old: Admitted | undefined): Question {
  if (old === undefined) return { ask: 'configuration', why: 'created', before: NOTHING_OURS };
  const before = oursOf(old.workload);
  const after = oursOf(object.workload);
  if (!sameTemplate(object, old)) return { ask: 'configuration', why: 'template-changed', before };
  if (!equalOurs(before, after)) return { ask: 'truth', before, acts: acts(object, old) };
  return { ask: 'nothing', answer: { outcome: 'pass', reason: 'untouched', ours: after } };
}

/** Whether a record may move on with the template as it is: Jobs that are made or made again, a restart that is asked for. */
function acts({ kindInfo: { effect }, raw }: Admitted, old: Admitted): boolean {
  const restartAt = (object: unknown): unknown => asObject(asObject(object).spec).restartAt;
  return (
    effect === 'cronjob' || effect === 'job' || (effect === 'rollout' && !equalJson(restartAt(raw), restartAt(old.raw)))
  );
}

/** The configuration of now, in terms of any key of the ring. */
export interface Known {
  readonly keyring: Keyring;
  readonly configurationOf: (keyId: string) => Configuration;
  readonly rules?: DecisionRules;
  /** Rollouts are somebody else's to perform (`--webhook-url`): records move on without one. */
  readonly rollsElsewhere?: boolean;
}

/** Answers with the configuration of now at hand. */
export function admit(question: Exclude<Question, { ask: 'nothing' }>, object: Admitted, known: Known): Answer {
  const after = oursOf(object.workload);
  if (question.ask === 'truth') return judge(question, after, known);
  // The watcher's own rollout, which may change more of the template than the stamp (Reloader's strategies).
  if (
    question.why === 'template-changed' &&
    after.stamp !== question.before.stamp &&
    isTrueStamp(question.before, after, known)
  ) {
    return { outcome: 'pass', reason: 'true-stamp', ours: withPassingHistory(question.before, after) };
  }
  const { current } = known.keyring;
  const wanted = known.configurationOf(current.id);
  const { history } = question.before;
  if (wanted.parts.size === 0 && wanted.patterns === undefined) {
    return { outcome: 'pass', reason: 'no-references', ours: { ...NOTHING_OURS, history } };
  }
  const stamp = stampOf(wanted, current);
  const record = formatRecord({ ...wanted, stamp });
  const kept = isMadeAgain(question, object, wanted) ? after.history : history;
  return { outcome: 'stamp', reason: question.why, ours: { stamp, record, history: kept } };
}

/** A Job that the watcher makes again brings a record of the configuration of now: its history goes on. */
function isMadeAgain(
  { why }: Extract<Question, { ask: 'configuration' }>,
  { workload, kindInfo }: Admitted,
  wanted: Configuration,
): boolean {
  const { record: text, stamp } = oursOf(workload);
  const record = parseRecord(text);
  return (
    why === 'created' && kindInfo.effect === 'job' && record !== undefined && equalRecords(record, { ...wanted, stamp })
  );
}

/**
 * The answer when the configuration could not be read: what was there before admission, and nothing new. An update
 * carries the old stamp and record over, which lets the watcher see what has to be repaired; a new workload carries
 * nothing of ours, whatever its author sent, and the watcher adopts it.
 */
export function admitUnread(question: Exclude<Question, { ask: 'nothing' }>): Answer {
  return { outcome: 'skip', reason: 'read-failed', ours: question.before };
}

/** The template is the same but for ours: what is true passes, whoever sends it; anything else is put back. */
function judge(question: Extract<Question, { ask: 'truth' }>, after: Ours, known: Known): Answer {
  const { before } = question;
  const isTrue =
    after.stamp === before.stamp ? isTrueRecord(question, after, known) : isTrueStamp(before, after, known);
  return isTrue
    ? { outcome: 'pass', reason: 'true-stamp', ours: withPassingHistory(before, after) }
    : { outcome: 'restore', reason: 'false-stamp', ours: before };
}

function withPassingHistory(before: Ours, after: Ours): Ours {
  return { ...after, history: passingHistory(before.history, after.history) };
}

/** The stamp stays: the record may become what the watcher would make of it, and nothing else. */
function isTrueRecord({ before, acts }: Extract<Question, { ask: 'truth' }>, after: Ours, known: Known): boolean {
  const { keyring, configurationOf, rules, rollsElsewhere = false } = known;
  const record = parseRecord(after.record);
  const past = running(before, keyring);
  const key = keyring.byId.get(comparisonKeyId(past, keyring));
  if (record === undefined || key === undefined) return false;
  const facts = { running: past, stamp: before.stamp, wanted: configurationOf(key.id), key };
  const decision = decide(rules === undefined ? facts : { ...facts, rules });
  if (decision.outcome === 'adopt' || decision.outcome === 'accept') {
    return after.history === before.history && equalRecords(record, decision.record);
  }
  if (decision.outcome !== 'roll' || !(acts || rollsElsewhere)) return false;
  return equalRecords(record, { ...configurationOf(keyring.current.id), stamp: before.stamp });
}

/** The stamp is new: it and its record must be those of a rollout to the configuration of now. */
function isTrueStamp(before: Ours, after: Ours, { keyring, configurationOf }: Known): boolean {
  const record = parseRecord(after.record);
  const key = keyring.byId.get(stampKeyId(after.stamp ?? '') ?? '');
  if (record === undefined || key === undefined) return false;
  const wanted = configurationOf(key.id);
  return (
    after.stamp === nextStamp(before.stamp, wanted, key) && equalRecords(record, { ...wanted, stamp: after.stamp })
  );
}

/** Whether two objects have the same pod template when restamp's own annotation is left out. */
function sameTemplate(a: Admitted, b: Admitted): boolean {
  return equalJson(comparableTemplate(a), comparableTemplate(b));
}

function comparableTemplate({ raw, kindInfo }: Admitted): unknown {
  const template = asObject(templateOf(raw, kindInfo));
  const metadata = asObject(template.metadata);
  const { [CONFIG_HASH]: _, ...annotations } = asObject(metadata.annotations);
  // No annotations and an empty map of them are the same thing to the API server.
  return { ...template, metadata: { ...metadata, annotations: isObject(metadata.annotations) ? annotations : {} } };
}
