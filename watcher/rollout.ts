/** What a rollout writes into a workload: computed here, sent by `act.ts`. Pure but for the time, which is passed in. */
import type { Cause } from '../core/decision.ts';
import { type Configuration, nextStamp, sourceFingerprint } from '../core/digest.ts';
import type { Effect } from '../core/effect.ts';
import { appendHistory, type ExplainedCause } from '../core/history.ts';
import { asObject, type JsonObject } from '../core/json.ts';
import type { Key } from '../core/key.ts';
import { LAST_RELOADED_FROM } from '../core/names.ts';
import type { Ours } from '../core/ours.ts';
import { templateOf } from '../core/parse.ts';
import { mergePatches, nested, recordPatch, rolloutPatch } from '../core/patch.ts';
import { formatRecord } from '../core/record.ts';
import type { Strategy } from '../core/settings.ts';
import type { WorkloadKind } from '../core/workload.ts';
import { lastReloadedFrom, type Trigger, withVariable } from '../core/written.ts';

export interface RolloutFacts {
  /** The object as it was read live. */
  readonly raw: unknown;
  readonly kindInfo: WorkloadKind;
  readonly namespace: string;
  readonly ours: Ours;
  /** The configuration of now, in terms of the current key. */
  readonly wanted: Configuration;
  readonly key: Key;
  readonly reason: string;
  readonly causes: readonly ExplainedCause[];
  readonly strategy: Strategy;
  readonly now: Date;
  /** The annotation that says since when a Deployment is paused. */
  readonly pausedAt: string;
}

/** A write, and what the workload carries of ours when it has been applied. */
export interface Plan {
  readonly patch: JsonObject;
  readonly ours: Ours;
}

/** Stamp, record and history, with what the strategy adds to the template and the pause period to the Deployment. */
export function stampPlan(facts: RolloutFacts, { pause }: Extract<Effect, { does: 'stamp' }>): Plan {
  const { raw, kindInfo, ours, wanted, key, now, pausedAt } = facts;
  const stamp = nextStamp(ours.stamp, wanted, key);
  const next: Ours = { stamp, record: formatRecord({ ...wanted, stamp }), history: history(facts, stamp) };
  const paused = { metadata: { annotations: { [pausedAt]: rfc3339(now) } }, spec: { paused: true } };
  const patches = [
    rolloutPatch(versionOf(raw), next, kindInfo),
    ...strategyPatches(facts),
    ...(pause === true ? [paused] : []),
  ];
  return { patch: mergePatches(...patches), ours: next };
}

/** Argo's way of restarting pods: a time in the spec. The template stays, so the stamp does. */
export function restartPlan(facts: RolloutFacts): Plan {
  const { patch, ours } = recordPlan(facts);
  return { patch: mergePatches(patch, { spec: { restartAt: rfc3339(facts.now) } }), ours };
}

/** Record and history alone, for a rollout that comes about elsewhere. */
export function recordPlan(facts: RolloutFacts): Plan {
  const { raw, ours, wanted } = facts;
  const record = formatRecord({ ...wanted, stamp: ours.stamp });
  const next: Ours = { stamp: ours.stamp, record, history: history(facts, ours.stamp ?? null) };
  return { patch: recordPatch(versionOf(raw), next), ours: next };
}

/** The record alone, where nothing rolls: the history stays. */
export function quietPlan({ raw, ours, wanted }: RolloutFacts): Plan {
  const record = formatRecord({ ...wanted, stamp: ours.stamp });
  return { patch: recordPatch(versionOf(raw), { record, history: undefined }), ours: { ...ours, record } };
}

function history({ ours, reason, causes, now }: RolloutFacts, to: string | null): string {
  const rollout = { at: now.toISOString(), decision: reason, causes, from: ours.stamp ?? null, to };
  return appendHistory(ours.history, rollout);
}

function strategyPatches(facts: RolloutFacts): readonly JsonObject[] {
  const { raw, kindInfo, causes, strategy, now } = facts;
  const podSpec = asObject(templateOf(raw, kindInfo)).spec;
  const [first] = causes;
  if (first === undefined) return [];
  if (strategy === 'annotations') {
    const value = lastReloadedFrom(podSpec, triggerOf(first, facts), now.getTime());
    return [nested(kindInfo.templatePath, { metadata: { annotations: { [LAST_RELOADED_FROM]: value } } })];
  }
  if (strategy !== 'env-vars') return [];
  let containers = asObject(podSpec).containers;
  for (const cause of causes) containers = withVariable(podSpec, containers, triggerOf(cause, facts));
  // A merge patch replaces lists whole; the resourceVersion that goes with it says that this is still the list.
  return [nested(kindInfo.templatePath, { spec: { containers } })];
}

function triggerOf(cause: Cause, { namespace, wanted, key }: RolloutFacts): Trigger {
  return { cause, namespace, hash: sourceFingerprint(wanted, cause.source, key) };
}

function versionOf(raw: unknown): string {
  return String(asObject(asObject(raw).metadata).resourceVersion);
}

/** metav1.Time has no fractions of a second. */
function rfc3339(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
