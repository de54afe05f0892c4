/** Decisions in words: the note of an Event, the fields of a log line. Names and keys only, never content. */
import type { ExplainedCause } from '../core/history.ts';
import { REASONS } from '../core/reason.ts';
import type { Told } from '../watcher/reconcile.ts';

/** One sentence: what was decided and because of what. */
export function sentence({ decision, rollout }: Told): string {
  if (rollout !== undefined) return `Rolled because ${rollout.causes.map(causeText).join(', and ')}`;
  const missing = 'missing' in decision ? ` Missing: ${decision.missing.join(', ')}.` : '';
  return `${REASONS[decision.reason]}${missing}`;
}

/** `configmap/app changed (LOG_LEVEL), written by kubectl-edit at 2026-01-02T03:04:05Z`. */
function causeText({ source, keys, by, changedAt }: ExplainedCause): string {
  const which = keys.includes('*') ? '' : ` (${keys.join(', ')})`;
  return `${source} changed${which}${by === undefined ? '' : `, written by ${by} at ${changedAt}`}`;
}

/** A decision's facts as keys of a log line. */
export function logFields({ workload, decision, rollout }: Told): Record<string, unknown> {
  return {
    kind: workload.kind,
    namespace: workload.namespace,
    name: workload.name,
    outcome: decision.outcome,
    reason: decision.reason,
    ...('missing' in decision ? { missing: decision.missing } : {}),
    ...(rollout === undefined ? {} : { causes: rollout.causes, from: rollout.from, to: rollout.to }),
  };
}
