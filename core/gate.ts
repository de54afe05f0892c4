/**
 * The gates between a decision to roll and its write (DESIGN §8). Each is a reason to hold, never to forget: the
 * comparison is made again when the gate opens, with the world as it is then. Pure: times are milliseconds since 1970.
 */
import { BREAKER } from './defaults.ts';
import { parseInstant } from './instant.ts';
import { asObject, asText, isObject, parseJson } from './json.ts';

/** A rollout as the gates look at it. */
export interface PastRollout {
  readonly at: number;
  /** How tight the breaker was when it rolled: 0 is not at all. */
  readonly level: number;
}

export type Gate =
  | { readonly open: true; readonly level: number }
  | { readonly open: false; readonly reason: 'paused' }
  | { readonly open: false; readonly reason: 'breaker' | 'min-interval'; readonly untilMs: number };

export interface GateFacts {
  /** `restamp.dev/pause` on the workload, its namespace, or the namespace restamp runs in. */
  readonly paused: boolean;
  readonly minIntervalMs: number;
  /** The history annotation. */
  readonly history: string | undefined;
  readonly now: number;
}

/** Whether a workload may roll now. Where it may, `level` is to be written into the history with the rollout. */
export function gateOf({ paused, minIntervalMs, history, now }: GateFacts): Gate {
  if (paused) return { open: false, reason: 'paused' };
  // A rollout in the future is one of a clock that was wrong, and holds nothing.
  const past = pastRollouts(history).filter(({ at }) => at <= now);
  const [latest] = past;
  if (latest === undefined) return { open: true, level: 0 };
  const breakerUntil = latest.at + breakerWaitMs(latest.level);
  if (now < breakerUntil) return { open: false, reason: 'breaker', untilMs: breakerUntil };
  if (now < latest.at + minIntervalMs) {
    return { open: false, reason: 'min-interval', untilMs: latest.at + minIntervalMs };
  }
  return { open: true, level: nextLevel(past, latest, now) };
}

/** What a workload that rolled at this level waits: nothing, then a minute, doubled each time, half an hour at most. */
export function breakerWaitMs(level: number): number {
  return level === 0 ? 0 : Math.min(BREAKER.longestWaitMs, BREAKER.firstWaitMs * 2 ** (level - 1));
}

/** A workload that rolls again soon after its wait is held longer; one that has been quiet starts anew. */
function nextLevel(past: readonly PastRollout[], latest: PastRollout, now: number): number {
  const quietMs = now - latest.at - breakerWaitMs(latest.level);
  if (latest.level > 0 && quietMs <= BREAKER.windowMs) return Math.min(latest.level + 1, TIGHTEST);
  const recent = past.filter(({ at }) => now - at <= BREAKER.windowMs).length;
  // This one is among those that count.
  return recent + 1 >= BREAKER.rollouts ? 1 : 0;
}

/** The rollouts of a history, newest first. What cannot be read is passed over. */
function pastRollouts(history: string | undefined): readonly PastRollout[] {
  const known = parseJson(history ?? '[]');
  if (!Array.isArray(known)) return [];
  return known.filter(isObject).flatMap((rollout) => {
    const at = parseInstant(asText(asObject(rollout).at));
    const { level } = rollout;
    return at === undefined ? [] : [{ at, level: isLevel(level) ? level : 0 }];
  });
}

/** The wait does not grow beyond its limit, so neither need the level: 2^30 is exact and far beyond. */
const TIGHTEST = 30;

function isLevel(level: unknown): level is number {
  return typeof level === 'number' && Number.isInteger(level) && level >= 0 && level <= TIGHTEST;
}
