/** How what was decided is done: one write to the workload, and for some kinds something before it. */
import type { Decision } from '../core/decision.ts';
import { changeId, configurationOf, type Gathered } from '../core/digest.ts';
import { type Effect, effectOf, workloadRef } from '../core/effect.ts';
import { explain, lastRolloutAt } from '../core/history.ts';
import { asObject } from '../core/json.ts';
import type { Key, Keyring } from '../core/key.ts';
import { CONFIG_HASH, FIELD_MANAGER, RECORD } from '../core/names.ts';
import { templateOf } from '../core/parse.ts';
import { recordPatch } from '../core/patch.ts';
import { formatRecord } from '../core/record.ts';
import type { Clock } from '../kube/clock.ts';
import { isStatus } from '../kube/error.ts';
import { resourcePath } from '../kube/path.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { recreateJob, runJob } from './jobs.ts';
import type { LiveWorkload } from './live.ts';
import { type Plan, quietPlan, type RolloutFacts, recordPlan, restartPlan, stampPlan } from './rollout.ts';
import type { WatcherRules } from './rules.ts';
import type { Outcome, RolloutBy, Told, ToldRollout } from './told.ts';
import type { WorkResult } from './workers.ts';

export interface ActOptions {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly rules: WatcherRules;
  readonly onDecision: (told: Told) => void;
  /** Tells a URL of a rollout that somebody else is to perform. Rejects where it was not taken. */
  readonly notify?: (told: Told) => Promise<void>;
}

export type WritingDecision = Extract<Decision, { outcome: 'adopt' | 'accept' | 'roll' }>;

export const DONE: WorkResult = { result: 'done' };

/** A CronJob's running Job is looked at again after this; Jobs are not watched for it. Milliseconds. */
const JOB_ACTIVE_RETRY_MS = 15_000;

/** Does what was decided on live reads. */
export async function act(
  live: LiveWorkload,
  { decision, gathered }: { decision: WritingDecision; gathered: Gathered },
  options: ActOptions,
): Promise<WorkResult> {
  if (decision.outcome === 'roll') return roll(live, { decision, gathered }, options);
  const record = formatRecord(decision.record);
  const patch = recordPatch(live.workload.resourceVersion, { record, history: undefined });
  return write(live, { patch, ours: { ...live.ours, record } }, options, { decision });
}

interface Roll {
  readonly decision: Extract<Decision, { outcome: 'roll' }>;
  readonly gathered: Gathered;
}

async function roll(live: LiveWorkload, { decision, gathered }: Roll, options: ActOptions): Promise<WorkResult> {
  const { clock, keyring, rules } = options;
  const now = clock.now();
  const waitMs = minIntervalLeft(live, now.getTime());
  if (waitMs > 0) return hold(live, { reason: 'min-interval', inMs: waitMs }, options);
  const key = keyring.current;
  const facts: RolloutFacts = {
    ...{ raw: live.raw, kindInfo: live.kindInfo, namespace: live.workload.namespace, ours: live.ours, key, now },
    ...{ wanted: configurationOf(gathered, key), reason: decision.reason },
    ...{ causes: explain(decision.causes, gathered.sources), strategy: live.settings.strategy },
    pausedAt: rules.vocabulary.pausedAt,
  };
  const effect = effectOf(live, rules.effects);
  return perform(live, { effect, facts, decision }, options);
}

/** Milliseconds until the workload may roll again. A rollout that was in the future is one of a clock that was wrong. */
function minIntervalLeft({ ours, settings }: LiveWorkload, now: number): number {
  const latest = lastRolloutAt(ours.history);
  return latest === undefined || latest > now ? 0 : Math.max(0, latest + settings.minIntervalMs - now);
}

interface Performance {
  readonly effect: Effect;
  readonly facts: RolloutFacts;
  readonly decision: Roll['decision'];
}

async function perform(
  live: LiveWorkload,
  { effect, facts, decision }: Performance,
  options: ActOptions,
): Promise<WorkResult> {
  const by = (how: RolloutBy, plan: Plan, waiting?: ToldRollout['waiting']): Promise<WorkResult> =>
    write(live, plan, options, { decision, rollout: toldRollout(facts, plan, { by: how, waiting }) });
  switch (effect.does) {
    case 'stamp':
      return by('stamp', stampPlan(facts, effect), effect.waiting);
    case 'restart':
      return by('restart', restartPlan(facts));
    case 'notify':
      return notifyAndRecord(live, { facts, decision }, options);
    case 'run-job':
      if (!(await runJob(live, jobId(facts, options.keyring.current), options.transport))) {
        return hold(live, { reason: 'job-active', inMs: JOB_ACTIVE_RETRY_MS }, options);
      }
      return by('run-job', recordPlan(facts));
    case 'recreate':
      return recreate(live, { facts, decision }, options);
    case 'report':
    case 'accept':
      return write(live, quietPlan(facts), options, { decision: outcomeOf(effect) });
    case 'nothing':
      options.onDecision({ workload: live.indexed, decision: { outcome: 'none', reason: effect.reason } });
      return DONE;
    case 'hold':
      return hold(live, { reason: effect.reason, inMs: JOB_ACTIVE_RETRY_MS }, options);
  }
}

function outcomeOf(effect: Extract<Effect, { does: 'report' | 'accept' }>): Outcome {
  return effect.does === 'report'
    ? { outcome: 'report', reason: effect.reason }
    : { outcome: 'accept', reason: effect.reason };
}

function toldRollout(
  { causes, ours, now }: RolloutFacts,
  plan: Plan,
  { by, waiting }: { by: RolloutBy; waiting: ToldRollout['waiting'] },
): ToldRollout {
  return {
    ...{ by, causes, from: ours.stamp ?? null, to: plan.ours.stamp ?? null, at: now.toISOString() },
    ...(waiting === undefined ? {} : { waiting }),
  };
}

function hold(
  live: LiveWorkload,
  { reason, inMs }: { reason: 'min-interval' | 'job-active'; inMs: number },
  { onDecision }: ActOptions,
): WorkResult {
  onDecision({ workload: live.indexed, decision: { outcome: 'hold', reason } });
  return { result: 'later', inMs };
}

/** A change has one id however often it is looked at: what ran before, and what is wanted now. */
function jobId({ ours, wanted }: RolloutFacts, key: Key): string {
  return changeId([ours.record ?? '', ours.history ?? '', ...[...wanted.parts].flat()], key);
}

/** Told first: what was not taken is told again, and what was taken is not forgotten. */
async function notifyAndRecord(
  live: LiveWorkload,
  { facts, decision }: Pick<Performance, 'facts' | 'decision'>,
  options: ActOptions,
): Promise<WorkResult> {
  const plan = recordPlan(facts);
  const rollout = toldRollout(facts, plan, { by: 'notify', waiting: undefined });
  await options.notify?.({ workload: live.indexed, decision, rollout });
  return write(live, plan, options, { decision, rollout });
}

async function recreate(
  live: LiveWorkload,
  { facts, decision }: Pick<Performance, 'facts' | 'decision'>,
  options: ActOptions,
): Promise<WorkResult> {
  const plan = recordPlan(facts);
  if (!(await recreateJob(live, plan.ours, options))) {
    return { result: 'again', cause: 'the Job changed meanwhile' };
  }
  const rollout = toldRollout(facts, plan, { by: 'recreate', waiting: undefined });
  options.onDecision({ workload: live.indexed, decision, rollout });
  return DONE;
}

/** Sends a plan. It is told once it has been carried out, and only if nobody put it back. */
export async function write(
  live: LiveWorkload,
  plan: Plan,
  options: ActOptions,
  told: Omit<Told, 'workload'>,
): Promise<WorkResult> {
  const answer = await patchWorkload(live, plan.patch, options.transport);
  if (answer === 'changed meanwhile') return { result: 'again', cause: 'the workload changed meanwhile' };
  if (answer === 'gone') return DONE;
  if (!carries(answer, plan, live)) return { result: 'again', cause: 'the configuration changed meanwhile' };
  options.onDecision({ workload: live.indexed, ...told });
  return DONE;
}

/** The webhook puts back what is not true any more: then the configuration changed between the read and the write. */
function carries(answer: unknown, { ours }: Plan, { kindInfo, raw }: LiveWorkload): boolean {
  const record = asObject(asObject(asObject(answer).metadata).annotations)[RECORD];
  if (record !== ours.record) return false;
  // What borrows its template has no stamp of its own to be put back.
  if (kindInfo.effect === 'rollout' && workloadRef(raw) !== undefined) return true;
  const template = templateOf(answer, kindInfo);
  const stamp = asObject(asObject(asObject(template).metadata).annotations)[CONFIG_HASH];
  return template !== undefined && stamp === ours.stamp;
}

/** A merge patch on a workload: the object as it is then, or why there is none. */
export async function patchWorkload(
  { kindInfo, workload: { namespace, name } }: Pick<LiveWorkload, 'kindInfo' | 'workload'>,
  patch: unknown,
  transport: KubeTransport,
): Promise<unknown> {
  try {
    return await transport.request({
      method: 'PATCH',
      path: resourcePath(kindInfo, { namespace, name }),
      query: { fieldManager: FIELD_MANAGER },
      contentType: 'application/merge-patch+json',
      body: patch,
    });
  } catch (error) {
    if (isStatus(error, 409)) return 'changed meanwhile';
    if (isStatus(error, 404)) return 'gone';
    throw error;
  }
}
