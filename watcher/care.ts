/** What is to be done about a workload besides its configuration: end a pause, remove what old versions of wave left. */
import { type Configuration, MISSING } from '../core/digest.ts';
import { type Leftover, leftovers, releasePatch } from '../core/leftover.ts';
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
export type Released = Set<`${string} ${Leftover}`>;

/** What of wave's can be taken off now: what was parked for a source stays so until that is there. */
export function removable(
  { raw, workload }: LiveWorkload,
  wanted: Configuration,
  released: Released,
): readonly Leftover[] {
  const waits = [...wanted.parts.values()].includes(MISSING);
  return leftovers(raw)
    .filter((leftover) => leftover === 'finalizer' || !waits)
    .filter((leftover) => !released.has(`${workload.uid} ${leftover}`));
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
