/** What is told about a decision, to logs, metrics and Events: names and keys, never content. */
import type { Decision } from '../core/decision.ts';
import type { Waiting } from '../core/effect.ts';
import type { ExplainedCause } from '../core/history.ts';
import type { IndexedWorkload } from './workload-index.ts';

/** What came of a look: what was decided, or what the workload's kind or its settings made of it. */
export type Outcome =
  | Decision
  | { readonly outcome: 'hold'; readonly reason: 'min-interval' | 'job-active' | 'still-owner' }
  | { readonly outcome: 'accept'; readonly reason: 'cronjob-suspended' }
  | { readonly outcome: 'report'; readonly reason: 'job-immutable' }
  | { readonly outcome: 'none'; readonly reason: 'job-finished' }
  | { readonly outcome: 'resume'; readonly reason: 'pause-over' }
  | { readonly outcome: 'release'; readonly reason: 'left-by-wave' };

/** How a rollout was brought about. */
export type RolloutBy = 'stamp' | 'restart' | 'run-job' | 'recreate' | 'notify';

export interface ToldRollout {
  readonly by: RolloutBy;
  readonly causes: readonly ExplainedCause[];
  readonly from: string | null;
  readonly to: string | null;
  /** Nothing is replaced yet: whom it waits for. */
  readonly waiting?: Waiting;
  /** RFC 3339. */
  readonly at: string;
}

export interface Told {
  readonly workload: IndexedWorkload;
  readonly decision: Outcome;
  /** What the owner should know about the workload's annotations. */
  readonly advice?: readonly string[];
  /** Present with a rollout that was brought about. */
  readonly rollout?: ToldRollout;
}
