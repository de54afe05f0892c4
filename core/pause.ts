/** Reloader's `pause-period`: after a change a Deployment is paused for a while, so that several changes are one rollout. */
import { parseDuration } from './duration.ts';
import { parseInstant } from './instant.ts';
import { asObject } from './json.ts';
import type { Vocabulary } from './names.ts';
import type { Workload } from './workload.ts';

export type Pause =
  /** No period is asked for, or it is no Deployment, or a person has paused it: nothing is done about pausing. */
  | { readonly pause: 'none' }
  /** The next rollout pauses it. */
  | { readonly pause: 'armed' }
  /** Paused for a rollout; to be resumed in that many milliseconds, at once if there are none left. */
  | { readonly pause: 'running'; readonly leftMs: number }
  /** Somebody resumed it before its time. The mark has to go: the next pause may be that of a person. */
  | { readonly pause: 'ended' };

/** How a Deployment stands with its pause period. `raw` is the object as it was read, `now` milliseconds since 1970. */
export function pauseOf(
  workload: Pick<Workload, 'kind' | 'annotations' | 'template'>,
  { raw, now, vocabulary }: { raw: unknown; now: number; vocabulary: Vocabulary },
): Pause {
  if (workload.kind !== 'Deployment') return { pause: 'none' };
  const annotations = { ...workload.template.annotations, ...workload.annotations };
  const periodMs = parseDuration(annotations[vocabulary.pausePeriod] ?? '');
  const pausedAt = workload.annotations[vocabulary.pausedAt];
  const isPaused = asObject(asObject(raw).spec).paused === true;
  if (pausedAt !== undefined)
    return isPaused ? { pause: 'running', leftMs: leftMs(parseInstant(pausedAt), periodMs, now) } : { pause: 'ended' };
  return { pause: periodMs === undefined || periodMs === 0 || isPaused ? 'none' : 'armed' };
}

/** A time that cannot be read, one in the future or a period taken away must not keep anything paused for ever. */
function leftMs(pausedAt: number | undefined, periodMs: number | undefined, now: number): number {
  if (pausedAt === undefined || periodMs === undefined) return 0;
  return Math.max(0, Math.min(periodMs, pausedAt + periodMs - now));
}
