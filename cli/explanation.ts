/** Decisions in words: the note of an Event, the fields of a log line. Names and keys only, never content. */

import type { Waiting } from '../core/effect.ts';
import type { ExplainedCause } from '../core/history.ts';
import { REASONS } from '../core/reason.ts';
import type { RolloutBy, Told } from '../watcher/told.ts';

/** One sentence: what was decided and because of what. */
export function sentence({ decision, rollout }: Told): string {
  if (rollout !== undefined) {
    const causes = rollout.causes.map(causeText).join(', and ');
    return rollout.waiting === undefined
      ? `${DONE_BY[rollout.by]} because ${causes}`
      : `Stamped because ${causes}; ${WAITING[rollout.waiting]}`;
  }
  const missing = 'missing' in decision ? ` Missing: ${decision.missing.join(', ')}.` : '';
  return `${REASONS[decision.reason]}${missing}`;
}

const DONE_BY: Readonly<Record<RolloutBy, string>> = {
  stamp: 'Rolled',
  restart: 'Restarted',
  'run-job': 'Ran a Job',
  recreate: 'Created the Job again',
  notify: 'Told the URL of --webhook-url',
};

/** What is stamped and not rolled yet is never told as done. */
const WAITING: Readonly<Record<Waiting, string>> = {
  paused: 'the rollout waits for its owner, who has paused it',
  'pause-period': 'the rollout waits for the end of the pause period',
  'on-delete': 'its pods have it once their owner deletes them (OnDelete)',
};

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
    ...(rollout === undefined ? {} : rolloutFields(rollout)),
  };
}

function rolloutFields({ by, causes, from, to, waiting }: NonNullable<Told['rollout']>): Record<string, unknown> {
  return { by, causes, from, to, ...(waiting === undefined ? {} : { waiting }) };
}
