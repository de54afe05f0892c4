/** Tells the owners of workloads what was decided, as Kubernetes Events. */
import { hostname } from 'node:os';
import type { Decision } from '../core/decision.ts';
import { workloadId } from '../core/workload.ts';
import type { Clock } from '../kube/clock.ts';
import { describeError } from '../kube/error.ts';
import { writeEvent } from '../kube/events.ts';
import type { KubeTransport } from '../kube/transport.ts';
import type { Told } from '../watcher/reconcile.ts';
import { sentence } from './explanation.ts';
import type { Logger } from './log.ts';

/** How an Event calls an outcome, and whether somebody should look. The others are no news to an owner. */
const EVENTS: Partial<Record<Decision['outcome'], { readonly reason: string; readonly type: 'Normal' | 'Warning' }>> = {
  roll: { reason: 'Rolled', type: 'Normal' },
  accept: { reason: 'Accepted', type: 'Normal' },
  keep: { reason: 'Kept', type: 'Warning' },
  hold: { reason: 'Held', type: 'Warning' },
};

export interface OwnerEventsOptions {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * A function that writes the Event of a decision. What lasts (keep, hold) is decided anew at each look and told once:
 * it is remembered per workload until something else is decided.
 */
export function createOwnerEvents({ transport, clock, log }: OwnerEventsOptions): (told: Told) => void {
  const lasting = new Map<string, string>();
  return (told) => {
    const { workload, decision } = told;
    const id = workloadId(workload);
    const event = EVENTS[decision.outcome];
    const note = sentence(told);
    const isOld = lasting.get(id) === note;
    if (event?.type === 'Warning') lasting.set(id, note);
    else lasting.delete(id);
    if (event === undefined || isOld) return;
    writeEvent({ workload, ...event, note }, { transport, clock, instance: hostname() }).catch((error: unknown) => {
      log.warn({ cause: describeError(error), workload: id }, 'Event not written');
    });
  };
}
