/** Tells the owners of workloads what was decided, as Kubernetes Events. */
import { hostname } from 'node:os';
import { workloadId } from '../core/workload.ts';
import type { Clock } from '../kube/clock.ts';
import { describeError } from '../kube/error.ts';
import { writeEvent } from '../kube/events.ts';
import type { KubeTransport } from '../kube/transport.ts';
import type { Outcome, Told } from '../watcher/told.ts';
import type { IndexedWorkload } from '../watcher/workload-index.ts';
import { sentence } from './explanation.ts';
import type { Logger } from './log.ts';

/** How an Event calls an outcome, and whether somebody should look. The others are no news to an owner. */
interface EventForm {
  readonly reason: string;
  readonly type: 'Normal' | 'Warning';
}

const EVENTS: Partial<Record<Outcome['outcome'], EventForm>> = {
  roll: { reason: 'Rolled', type: 'Normal' },
  accept: { reason: 'Accepted', type: 'Normal' },
  keep: { reason: 'Kept', type: 'Warning' },
  hold: { reason: 'Held', type: 'Warning' },
  report: { reason: 'NotRolled', type: 'Warning' },
  resume: { reason: 'Resumed', type: 'Normal' },
  release: { reason: 'Released', type: 'Normal' },
};

/** A rollout that waits for somebody is not done, and is not called so. */
const WAITING = { reason: 'Stamped', type: 'Normal' } as const;

/** What is to be known about annotations. */
const ADVICE = { reason: 'Advice', type: 'Warning' } as const;

/** Workloads of which it is remembered what was told last: forgotten, it would be told once more. */
const REMEMBERED = 10_000;

export interface OwnerEventsOptions {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface OwnerEvents {
  /** Of a decision, and of the advice that comes with it. */
  tell(told: Told): void;
  /** Of advice about a workload that is not managed. */
  advise(facts: { workload: IndexedWorkload; advice: readonly string[] }): void;
}

/**
 * Writes the Events of decisions and of advice. What lasts (keep, hold, advice) is found anew at each look and told
 * once: it is remembered per workload until something else is decided.
 */
export function createOwnerEvents({ transport, clock, log }: OwnerEventsOptions): OwnerEvents {
  const lasting = new Memory();
  const advised = new Memory();
  const write = (workload: IndexedWorkload, event: EventForm, note: string): void => {
    writeEvent({ workload, ...event, note }, { transport, clock, instance: hostname() }).catch((error: unknown) => {
      log.warn({ cause: describeError(error), workload: workloadId(workload) }, 'Event not written');
    });
  };
  const advise = (workload: IndexedWorkload, advice: readonly string[], isNews: boolean): void => {
    const note = advice.join('; ');
    if (advised.replace(workloadId(workload), note) && note !== '' && isNews) write(workload, ADVICE, note);
  };
  return {
    tell: (told) => {
      const { workload, decision, rollout, advice = [] } = told;
      const id = workloadId(workload);
      // A restart finds everything in step: what was told before it is no news.
      advise(workload, advice, decision.outcome !== 'none' || advised.has(id));
      const event = rollout?.waiting === undefined ? EVENTS[decision.outcome] : WAITING;
      const note = sentence(told);
      const isNew = lasting.replace(id, event?.type === 'Warning' ? note : '');
      if (event !== undefined && (isNew || event.type === 'Normal')) write(workload, event, note);
    },
    advise: ({ workload, advice }) => advise(workload, advice, true),
  };
}

/** The last text per name, for as many names as are remembered. */
class Memory {
  readonly #texts = new Map<string, string>();

  has(name: string): boolean {
    return this.#texts.has(name);
  }

  /** Answers whether that is another text than before. */
  replace(name: string, text: string): boolean {
    const before = this.#texts.get(name);
    this.#texts.delete(name);
    this.#texts.set(name, text);
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > REMEMBERED && oldest !== undefined) this.#texts.delete(oldest);
    return before !== text;
  }
}
