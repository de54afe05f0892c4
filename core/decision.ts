/**
 * Here it is decided whether a change of configuration rolls a workload (DESIGN §8).
 * Pure: `running` is what the pods are taken to have, `wanted` is the configuration of now.
 */
import { ABSENT, type Configuration, MISSING, type PartName, type PartState, stampOf, UNSEEN } from './digest.ts';
import type { Key } from './key.ts';
import { equalRecords, type RunningRecord } from './record.ts';
import type { Running } from './running.ts';
import type { SourceId } from './source.ts';

/** A source because of which a workload rolls, and the entries of it that changed (`*`: not known which). */
export interface Cause {
  readonly source: SourceId;
  readonly keys: readonly string[];
}

export type Decision =
  | { readonly outcome: 'none'; readonly reason: 'in-step' | 'no-references' }
  /** Met without knowledge of its past: write the record, roll nothing. */
  | {
      readonly outcome: 'adopt';
      readonly reason: 'never-seen' | 'unreadable' | 'stamp-dropped' | 'record-lost';
      readonly record: RunningRecord;
    }
  /** The pods have it already, or could not have started without it: write the record, roll nothing. */
  | {
      readonly outcome: 'accept';
      readonly reason: 'source-appeared' | 'references-changed';
      readonly record: RunningRecord;
    }
  /** A required part is gone and nothing else changed: nothing is written, its digest is kept. */
  | { readonly outcome: 'keep'; readonly reason: 'source-gone'; readonly missing: readonly PartName[] }
  | { readonly outcome: 'roll'; readonly reason: 'source-changed' | 'stamp-differs'; readonly causes: readonly Cause[] }
  | { readonly outcome: 'hold'; readonly reason: 'source-missing'; readonly missing: readonly PartName[] };

export interface Facts {
  readonly running: Running;
  /** The stamp in the template as it is. */
  readonly stamp: string | undefined;
  /** The configuration of now, in terms of the key that `running` was made with. */
  readonly wanted: Configuration;
  readonly key: Key;
  /** Rules beyond the usual ones; none if absent. */
  readonly rules?: DecisionRules;
}

/** What an installation may ask for besides: Reloader's `reload-on-create` and `reload-on-delete`. */
export interface DecisionRules {
  /** A source or key that comes rolls, whatever its absence meant. */
  readonly onCreate: boolean;
  /** A source or key that goes rolls, even where new pods then have to wait for it. */
  readonly onDelete: boolean;
  /** Whether an expression of the workload selects the source: what it does not select any more has been deleted. */
  readonly matches: (source: SourceId) => boolean;
}

const USUAL: DecisionRules = { onCreate: false, onDelete: false, matches: () => false };

/** What is to be done about one workload. */
export function decide(facts: Facts): Decision {
  const { wanted } = facts;
  // Where expressions select what will be there one day, their record is worth having before there is anything.
  if (wanted.parts.size === 0 && wanted.patterns === undefined && facts.running.known !== 'record') {
    return { outcome: 'none', reason: 'no-references' };
  }
  switch (facts.running.known) {
    case 'nothing':
      return { outcome: 'adopt', reason: facts.running.why, record: { ...wanted, stamp: facts.stamp } };
    case 'stamp':
      return decideByStamp(facts);
    case 'record':
      return decideByRecord(facts, facts.running.record);
  }
}

function decideByStamp({ wanted, stamp, key, rules = USUAL }: Facts): Decision {
  if (stampOf(wanted, key) === stamp) {
    return { outcome: 'adopt', reason: 'record-lost', record: { ...wanted, stamp } };
  }
  const sources = new Set([...wanted.parts.keys()].map(sourceOf));
  const causes = [...sources].map((source) => ({ source, keys: ['*'] }));
  return rollUnlessMissing({ outcome: 'roll', reason: 'stamp-differs', causes }, wanted, rules);
}

function decideByRecord({ wanted, stamp, rules = USUAL }: Facts, record: RunningRecord): Decision {
  const causes = changes(record, wanted, rules);
  if (causes.length > 0) return rollUnlessMissing({ outcome: 'roll', reason: 'source-changed', causes }, wanted, rules);
  const next = nextRecord(record, wanted, stamp);
  if (equalRecords(record, next)) return inStep(record, wanted);
  if (record.stamp !== stamp) return { outcome: 'adopt', reason: 'stamp-dropped', record: next };
  const reason = samePartNames(record, wanted) && appeared(record, wanted) ? 'source-appeared' : 'references-changed';
  return { outcome: 'accept', reason, record: next };
}

function inStep(record: RunningRecord, wanted: Configuration): Decision {
  const missing = missingParts(wanted).filter((part) => record.parts.get(part) !== MISSING);
  if (missing.length > 0) return { outcome: 'keep', reason: 'source-gone', missing };
  return { outcome: 'none', reason: 'in-step' };
}

/**
 * New pods cannot start while something required is missing: a rollout would take old pods down and bring
 * no new one up. Nothing is lost by waiting, since the comparison is made again when the source is back.
 * Who asks for a rollout when something is deleted gets it all the same.
 */
function rollUnlessMissing(roll: Decision, wanted: Configuration, { onDelete }: DecisionRules): Decision {
  const missing = missingParts(wanted);
  return missing.length > 0 && !onDelete ? { outcome: 'hold', reason: 'source-missing', missing } : roll;
}

/** The sources whose change the running pods have not seen. */
function changes(record: RunningRecord, wanted: Configuration, rules: DecisionRules): readonly Cause[] {
  const changed = new Map<SourceId, Set<string>>();
  for (const part of new Set([...wanted.parts.keys(), ...record.parts.keys()])) {
    if (!rolls(part, { record, wanted, rules })) continue;
    const source = sourceOf(part);
    const keys = changed.get(source) ?? new Set();
    for (const key of changedKeys(part, record, wanted)) keys.add(key);
    changed.set(source, keys);
  }
  return [...changed].map(([source, keys]) => ({ source, keys: [...keys].sort() }));
}

interface Comparison {
  readonly record: RunningRecord;
  readonly wanted: Configuration;
  readonly rules: DecisionRules;
}

/** One part: whether going from what the pods have to what is there now needs new pods. */
function rolls(part: PartName, { record, wanted, rules: all }: Comparison): boolean {
  // A class comes and goes with the pods that tell of it, not with an object: Reloader's rules pass it over too.
  const rules = forgets(part) ? USUAL : all;
  const before = record.parts.get(part);
  const now = wanted.parts.get(part);
  // The reference came or went, so the template changed, so the pods rolled; or an annotation names other sources now.
  if (before === undefined) return rules.onCreate && isDigest(now) && sameExpressions(part, { record, wanted, rules });
  if (now === undefined) return rules.onDelete && isDigest(before) && sameExpressions(part, { record, wanted, rules });
  // The pods could not start without it: those that run have it. Or nobody says what its absence meant.
  if (before === MISSING || before === UNSEEN) return rules.onCreate && isDigest(now);
  // New pods could not start: the digest is kept until it is back. Or nobody says what its absence means.
  if (now === MISSING || now === UNSEEN) return rules.onDelete && isDigest(before);
  return before !== now;
}

/** Whether there is something: a digest, and not one of the words for its absence. */
function isDigest(state: PartState | undefined): boolean {
  return state !== undefined && state !== MISSING && state !== UNSEEN && state !== ABSENT;
}

/** A source that an expression selects came or went by itself, the expression being the same. */
function sameExpressions(part: PartName, { record, wanted, rules }: Comparison): boolean {
  return wanted.patterns !== undefined && wanted.patterns === record.patterns && rules.matches(sourceOf(part));
}

function changedKeys(part: PartName, before: Configuration, now: Configuration): readonly string[] {
  const source = sourceOf(part);
  const key = part.slice(source.length + 1);
  if (!isWhole(key)) return [key];
  const was = entriesOf(part, before);
  const is = entriesOf(part, now);
  if (was === undefined || is === undefined) return ['*'];
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter((name) => was.get(name) !== is.get(name));
  return changed.length > 0 ? changed : ['*']; // A source without an entry came or went.
}

/** `*`, or `*!a`: all of a source but an entry. */
function isWhole(key: string): boolean {
  return key === '*' || key.startsWith('*!');
}

/** What is known of a whole source's entries: none where it was absent, unknown where there were too many to record. */
function entriesOf(part: PartName, configuration: Configuration): ReadonlyMap<string, string> | undefined {
  return isDigest(configuration.parts.get(part)) ? configuration.entries.get(sourceOf(part)) : new Map();
}

/** The record after the pods are taken to have `wanted`; what is missing keeps the digest it had. */
function nextRecord(record: RunningRecord, wanted: Configuration, stamp: string | undefined): RunningRecord {
  const parts = new Map(wanted.parts);
  const entries = new Map(wanted.entries);
  for (const [part, state] of wanted.parts) {
    if (state !== MISSING && state !== UNSEEN) continue;
    const had = record.parts.get(part) ?? state;
    if (!isDigest(had)) {
      // What was optional when it was absent is required now: new pods wait for it.
      parts.set(part, state);
      continue;
    }
    if (forgets(part)) continue;
    const source = sourceOf(part);
    const kept = record.entries.get(source);
    parts.set(part, had);
    if (kept !== undefined) entries.set(source, kept);
  }
  return {
    keyId: wanted.keyId,
    stamp,
    parts,
    entries,
    ...(wanted.patterns === undefined ? {} : { patterns: wanted.patterns }),
  };
}

/**
 * What a class brought is told by the pods that mounted it. Where no pod tells any more, none runs with it: those that
 * come next mount what there is then.
 */
function forgets(part: PartName): boolean {
  return part.startsWith('secretproviderclass/');
}

function missingParts(wanted: Configuration): readonly PartName[] {
  return [...wanted.parts].filter(([, state]) => state === MISSING).map(([part]) => part);
}

function samePartNames(a: Configuration, b: Configuration): boolean {
  return a.parts.size === b.parts.size && [...a.parts.keys()].every((part) => b.parts.has(part));
}

function appeared(record: RunningRecord, wanted: Configuration): boolean {
  return [...wanted.parts].some(([part, now]) => {
    const before = record.parts.get(part);
    return (before === MISSING || before === UNSEEN) && isDigest(now);
  });
}

function sourceOf(part: PartName): SourceId {
  return part.slice(0, part.lastIndexOf('#')) as SourceId;
}
