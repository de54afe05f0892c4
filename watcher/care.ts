/** What is to be done about a workload besides its configuration: end a pause, remove what old versions of wave left. */
import { configurationOf, type Gathered, MISSING } from '../core/digest.ts';
import { type Leftover, leftovers, releasePatch } from '../core/leftover.ts';
import { ownsSources } from '../kube/reader.ts';
import { type ActOptions, DONE, patchWorkload } from './act.ts';
import type { LiveWorkload } from './live.ts';
import type { Outcome } from './told.ts';
import type { WorkResult } from './workers.ts';

/** Ends the pause that restamp itself began. Whoever changed the Deployment since it was read makes it looked at again. */
export async function resume(live: LiveWorkload, options: ActOptions): Promise<WorkResult> {
  const { resourceVersion } = live.workload;
  const annotations = { [options.rules.vocabulary.pausedAt]: null };
  const patch = { metadata: { resourceVersion, annotations }, spec: { paused: false } };
  return careFor(live, patch, options, { outcome: 'resume', reason: 'pause-over' });
}

/** Takes the mark of a pause off that somebody else has ended. Nobody is told: nothing comes of it. */
export async function forgetPause(live: LiveWorkload, options: ActOptions): Promise<WorkResult> {
  const { resourceVersion } = live.workload;
  const annotations = { [options.rules.vocabulary.pausedAt]: null };
  return careFor(live, { metadata: { resourceVersion, annotations } }, options);
}

/** What was taken off, by the uid of the workload: should it come back, somebody else wants it. */
export type Released = Set<`${string} ${Leftover | 'still-owner'}`>;

/** What of wave's is to be taken off now, or why it has to stay. */
export type Removal =
  | { readonly remove: readonly Leftover[] }
  /** wave made the workload the owner of its sources: without the finalizer, deleting it would delete them. */
  | { readonly remove: readonly Leftover[]; readonly keep: 'still-owner' };

/**
 * What was parked for a source stays so until that is there. The finalizer stays while the workload owns ConfigMaps or
 * Secrets: wave itself took those references off before it let go, and the watcher has no right to.
 */
export async function removal(
  { raw, workload }: LiveWorkload,
  gathered: Gathered,
  { released, transport, keyring }: ActOptions & { readonly released: Released },
): Promise<Removal> {
  const found = leftovers(raw).filter((leftover) => !released.has(`${workload.uid} ${leftover}`));
  // Few workloads have any: the others are not fingerprinted for it.
  if (found.length === 0) return { remove: [] };
  const waits = [...configurationOf(gathered, keyring.current).parts.values()].includes(MISSING);
  const remove = found.filter((leftover) => leftover === 'parked' && !waits);
  if (!found.includes('finalizer')) return { remove };
  return (await ownsSources(transport, workload))
    ? { remove, keep: 'still-owner' }
    : { remove: [...remove, 'finalizer'] };
}

/** Told once: it is found anew at each look, and is no decision about the configuration. */
export function tellKept(
  { indexed, workload }: LiveWorkload,
  keep: 'still-owner',
  { released, onDecision }: ActOptions & { readonly released: Released },
): void {
  const told = `${workload.uid} ${keep}` as const;
  if (released.has(told)) return;
  released.add(told);
  onDecision({ workload: indexed, decision: { outcome: 'hold', reason: keep } });
}

export async function release(
  live: LiveWorkload,
  which: readonly Leftover[],
  options: ActOptions & { readonly released: Released },
): Promise<WorkResult> {
  const patch = releasePatch(live.raw, { kindInfo: live.kindInfo, which });
  const result = await careFor(live, patch, options, { outcome: 'release', reason: 'left-by-wave' });
  // Only then: what failed is tried again.
  if (result.result !== 'again') for (const leftover of which) options.released.add(`${live.workload.uid} ${leftover}`);
  return result;
}

async function careFor(
  live: LiveWorkload,
  patch: unknown,
  { transport, onDecision }: ActOptions,
  decision?: Outcome,
): Promise<WorkResult> {
  const answer = await patchWorkload(live, patch, transport);
  if (answer === 'changed meanwhile') return { result: 'again', cause: 'the workload changed meanwhile' };
  if (answer === 'gone') return DONE;
  if (decision !== undefined) onDecision({ workload: live.indexed, decision });
  return { result: 'later', inMs: 0 };
}
