/** What the watcher tells, for tests of those who are told. */
import type { ExplainedCause } from '../../core/history.ts';
import type { JsonObject } from '../../core/json.ts';
import { indexedWorkload } from '../../watcher/indexed.ts';
import type { Outcome, Told, ToldRollout } from '../../watcher/told.ts';
import type { IndexedWorkload } from '../../watcher/workload-index.ts';
import { workloadOf } from '../core/build.ts';
import { kindOfObject, RULES } from '../watcher/look.ts';
import { deployment } from '../watcher/objects.ts';

export const AT = '2030-01-01T00:00:00.000Z';
export const CAUSE: ExplainedCause = { source: 'configmap/app', keys: ['a'] };

export function indexedOf(object: JsonObject = deployment()): IndexedWorkload {
  const kindInfo = kindOfObject(object);
  return indexedWorkload(workloadOf(object, kindInfo), kindInfo, RULES);
}

/** A decision about a workload, with this advice. */
export function toldOf(decision: Outcome, advice?: readonly string[], workload = indexedOf()): Told {
  return { workload, decision, ...(advice && { advice }) };
}

/** A rollout of a workload. */
export function rolloutOf(facts: Partial<ToldRollout> = {}, workload = indexedOf()): Told {
  const causes = facts.causes ?? [CAUSE];
  return {
    workload,
    decision: { outcome: 'roll', reason: 'source-changed', causes },
    rollout: { by: 'stamp', causes, from: 'v1.old', to: 'v1.new', at: AT, ...facts },
  };
}
