/**
 * How a rollout that was decided reaches the pods of a workload: what its kind can do, and what stands in the way.
 * Read from the object as it came, defensively, like everything else.
 */
import { asList, asObject, asText } from './json.ts';
import type { Pause } from './pause.ts';
import type { Settings } from './settings.ts';
import type { WorkloadKind } from './workload.ts';

/** Whom a stamped template waits for before any pod is replaced. */
export type Waiting = 'paused' | 'pause-period' | 'on-delete';

export type Effect =
  /** The template is stamped, and its controller rolls; `pause` with it, for the pause period. */
  | { readonly does: 'stamp'; readonly waiting?: Waiting; readonly pause?: true }
  /** Argo's `spec.restartAt`: the template is left alone. */
  | { readonly does: 'restart' }
  /** One Job is made of the CronJob's template. */
  | { readonly does: 'run-job' }
  /** The Job is deleted and created again under its name. */
  | { readonly does: 'recreate' }
  /** Somebody else is told and acts. */
  | { readonly does: 'notify' }
  /** It cannot be done to this object; its owner is told once. */
  | { readonly does: 'report'; readonly reason: 'job-immutable' }
  /** Nothing has to be done: what starts later has the configuration of then. */
  | { readonly does: 'accept'; readonly reason: 'cronjob-suspended' }
  | { readonly does: 'nothing'; readonly reason: 'job-finished' }
  | { readonly does: 'hold'; readonly reason: 'job-active' };

export interface EffectOptions {
  readonly cronJobs: 'stamp' | 'run';
  readonly jobs: 'report' | 'recreate';
  /** Tell a URL instead of rolling. */
  readonly notify: boolean;
}

export interface EffectFacts {
  readonly kindInfo: Pick<WorkloadKind, 'kind' | 'effect'>;
  /** The object as it was read. */
  readonly raw: unknown;
  readonly settings: Pick<Settings, 'strategy'>;
  readonly pause: Pause;
}

/** What is to be done about a workload that has to roll. */
export function effectOf({ kindInfo, raw, settings, pause }: EffectFacts, options: EffectOptions): Effect {
  if (options.notify) return { does: 'notify' };
  switch (kindInfo.effect) {
    case 'template':
      return stamp(raw, pause);
    case 'rollout':
      return settings.strategy === 'restart' ? { does: 'restart' } : stamp(raw, pause);
    case 'cronjob':
      return options.cronJobs === 'run' ? runJob(raw) : { does: 'stamp' };
    case 'job':
      return job(raw, options);
  }
}

function stamp(raw: unknown, { pause }: Pause): Effect {
  if (pause === 'armed') return { does: 'stamp', pause: true, waiting: 'pause-period' };
  if (pause === 'running') return { does: 'stamp', waiting: 'pause-period' };
  const waiting = waitingFor(raw);
  return waiting === undefined ? { does: 'stamp' } : { does: 'stamp', waiting };
}

/** Deployments, Rollouts and DeploymentConfigs pause at `spec.paused`, OpenKruise's kinds in their update strategy. */
function waitingFor(raw: unknown): Waiting | undefined {
  const spec = asObject(asObject(raw).spec);
  const strategy = asObject(spec.updateStrategy);
  if (spec.paused === true || strategy.paused === true || asObject(strategy.rollingUpdate).paused === true)
    return 'paused';
  return strategy.type === 'OnDelete' ? 'on-delete' : undefined;
}

function runJob(raw: unknown): Effect {
  const spec = asObject(asObject(raw).spec);
  if (spec.suspend === true) return { does: 'accept', reason: 'cronjob-suspended' };
  const isActive = asList(asObject(asObject(raw).status).active).length > 0;
  return isActive && spec.concurrencyPolicy === 'Forbid' ? { does: 'hold', reason: 'job-active' } : { does: 'run-job' };
}

function job(raw: unknown, { jobs }: EffectOptions): Effect {
  if (isFinished(raw)) return { does: 'nothing', reason: 'job-finished' };
  return jobs === 'recreate' ? { does: 'recreate' } : { does: 'report', reason: 'job-immutable' };
}

/** Whether a Job has ended, well or not. */
export function isFinished(raw: unknown): boolean {
  return asList(asObject(asObject(raw).status).conditions)
    .map(asObject)
    .some(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
}

/** A Job that a CronJob, or another controller, made: it is that one's business, which makes the next one anew. */
export function isMadeByController(raw: unknown, { effect }: Pick<WorkloadKind, 'effect'>): boolean {
  return effect === 'job' && isControlled(raw);
}

/** Whether another object's controller made this one and will make another: a CronJob its Jobs. */
export function isControlled(raw: unknown): boolean {
  return asList(asObject(asObject(raw).metadata).ownerReferences).some((owner) => asObject(owner).controller === true);
}

/** The Deployment whose template an Argo Rollout runs (`spec.workloadRef`); `undefined` where it has its own. */
export function workloadRef(raw: unknown): string | undefined {
  const { kind, name } = asObject(asObject(asObject(raw).spec).workloadRef);
  return kind === 'Deployment' ? asText(name) : undefined;
}
