/** The three annotations that are restamp's: one on the pod template, two on the workload. */
import { CONFIG_HASH, HISTORY, RECORD } from './names.ts';
import type { Workload } from './workload.ts';

export interface Ours {
  readonly stamp: string | undefined;
  readonly record: string | undefined;
  readonly history: string | undefined;
}

export const NOTHING_OURS: Ours = { stamp: undefined, record: undefined, history: undefined };

export function oursOf(workload: Pick<Workload, 'annotations' | 'template'>): Ours {
  return {
    stamp: workload.template.annotations[CONFIG_HASH],
    record: workload.annotations[RECORD],
    history: workload.annotations[HISTORY],
  };
}

export function equalOurs(a: Ours, b: Ours): boolean {
  return a.stamp === b.stamp && a.record === b.record && a.history === b.history;
}
