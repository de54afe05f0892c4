/** The rollouts that wait, for whoever asks what restamp does not do and why. */
import type { ExplainedCause } from '../core/history.ts';
import { workloadId } from '../core/workload.ts';
import type { Hold, Told } from './told.ts';

export interface HeldWorkload {
  readonly reason: Hold['reason'];
  /** What it would roll for. */
  readonly causes?: readonly ExplainedCause[];
  /** What has to be there first. */
  readonly missing?: readonly string[];
  /** RFC 3339: when it is looked at again at the latest. */
  readonly until?: string;
  /** `Deployment shop/web`. */
  readonly workload: string;
  /** RFC 3339: when it was first found to wait for this. */
  readonly since: string;
}

export class HeldRollouts {
  readonly #held = new Map<string, HeldWorkload>();

  /** Takes in what was decided about a workload; whatever is no hold ends the one there was. */
  tell({ workload, decision }: Told, now: Date): void {
    const id = workloadId(workload);
    if (decision.outcome !== 'hold') {
      this.forget(id);
      return;
    }
    const { outcome: _, ...facts } = decision;
    const known = this.#held.get(id);
    const since = known?.reason === decision.reason ? known.since : now.toISOString();
    this.#held.set(id, { workload: id, since, ...facts });
  }

  forget(id: string): void {
    this.#held.delete(id);
  }

  /** Longest first. */
  list(): readonly HeldWorkload[] {
    return [...this.#held.values()].sort((a, b) => (a.since < b.since ? -1 : 1));
  }
}
