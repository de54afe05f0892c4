/** The history annotation: the last rollouts restamp made, newest first, so that each stays explained (DESIGN §3). */
import type { Cause } from './decision.ts';
import { HISTORY_LENGTH } from './defaults.ts';
import { parseInstant } from './instant.ts';
import { asObject, asText, equalJson, isObject, parseJson } from './json.ts';
import { lastWriter, type Source, type SourceId } from './source.ts';

/** A cause together with who made it. */
export interface ExplainedCause extends Cause {
  /** The field manager that wrote the changed keys last; none where managedFields do not tell. */
  readonly by?: string;
  /** When it did, RFC 3339. */
  readonly changedAt?: string;
}

export interface Rollout {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly decision: string;
  readonly causes: readonly ExplainedCause[];
  readonly from: string | null;
  /** The stamp after it; that of before where the template was left alone. */
  readonly to: string | null;
}

/** Says who changed what: names of managers and keys only, never a value. */
export function explain(causes: readonly Cause[], sources: ReadonlyMap<SourceId, Source>): readonly ExplainedCause[] {
  return causes.map((cause) => {
    const writer = lastWriter(sources.get(cause.source)?.writers ?? [], cause.keys);
    return writer === undefined ? cause : { ...cause, by: writer.manager, changedAt: writer.at };
  });
}

/** When the latest rollout was, in milliseconds since 1970; `undefined` where none is known. */
export function lastRolloutAt(history: string | undefined): number | undefined {
  const [latest] = rollouts(history);
  return parseInstant(asText(asObject(latest).at));
}

/** The annotation with one more rollout. What cannot be read is dropped: it explains nothing to anybody. */
export function appendHistory(history: string | undefined, rollout: Rollout): string {
  return JSON.stringify([rollout, ...rollouts(history)].slice(0, HISTORY_LENGTH));
}

/**
 * The history a true write leaves behind: the one it brings if that continues the present one, else the present one.
 * An undo brings back the annotations of its day, and with them a history that knows nothing of what came after.
 */
export function passingHistory(before: string | undefined, after: string | undefined): string | undefined {
  const [latest, ...older] = rollouts(after);
  const continues = latest !== undefined && equalJson(older, rollouts(before).slice(0, HISTORY_LENGTH - 1));
  return continues ? after : before;
}

function rollouts(history: string | undefined): readonly unknown[] {
  const known = parseJson(history ?? '[]');
  return Array.isArray(known) ? known.filter(isObject) : [];
}
