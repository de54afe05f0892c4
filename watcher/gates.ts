/** The gates that a rollout passes before it is written, in their order, and how long one that is shut keeps it waiting. */
import { gateOf } from '../core/gate.ts';
import { workloadId } from '../core/workload.ts';
import type { Clock } from '../kube/clock.ts';
import type { Budget } from './budget.ts';
import type { LiveWorkload } from './live.ts';

export type Passage =
  /** `level` is how tight the breaker is from this rollout on. */
  | { readonly open: true; readonly level: number }
  | { readonly open: false; readonly reason: 'breaker' | 'min-interval' | 'budget'; readonly untilMs: number }
  /** Until somebody says otherwise: that is an event. */
  | { readonly open: false; readonly reason: 'paused' };

/** Whether a workload that has to roll may do so now. `untilMs` is in milliseconds since 1970. */
export function passage(live: LiveWorkload, { clock, budget }: { clock: Clock; budget: Budget }): Passage {
  const now = clock.now().getTime();
  const gate = gateOf({
    ...{ paused: live.paused, minIntervalMs: live.settings.minIntervalMs, history: live.ours.history, now },
  });
  const name = workloadId(live.indexed);
  if (!gate.open) {
    // Its turn does not come while it waits for something else.
    budget.end(name);
    return gate;
  }
  const inMs = budget.waitMs(name, clock.monotonic());
  return inMs > 0 ? { open: false, reason: 'budget', untilMs: now + inMs } : gate;
}
