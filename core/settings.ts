/** Settings of one workload: its own annotations, else those of its namespace, else what the installation says. */
import { parseDuration } from './duration.ts';
import { MIN_INTERVAL, SETTLE, STRATEGY, type Vocabulary } from './names.ts';
import type { Workload } from './workload.ts';

/** What is written into the pod template when a change rolls a workload, beside the stamp. */
export type Strategy = 'hash' | 'annotations' | 'env-vars' | 'restart';

export const STRATEGIES: readonly Strategy[] = ['hash', 'annotations', 'env-vars', 'restart'];

export interface Settings {
  /** Quiet time after a change before it is acted on. Milliseconds. */
  readonly settleMs: number;
  /** The least time between two rollouts. Milliseconds. */
  readonly minIntervalMs: number;
  readonly strategy: Strategy;
}

/** The settings of a workload. A value that is not of the form counts as none. */
export function settingsOf(
  { annotations, template }: Pick<Workload, 'annotations' | 'template'>,
  namespace: Readonly<Record<string, string>>,
  { defaults, vocabulary }: { defaults: Settings; vocabulary: Vocabulary },
): Settings {
  const first = <T>(name: string, parse: (text: string) => T | undefined): T | undefined =>
    parse(annotations[name] ?? '') ?? parse(namespace[name] ?? '');
  const own =
    parseStrategy(annotations[STRATEGY] ?? '') ??
    (isStrategyRestart({ annotations, template }, vocabulary) ? 'restart' : undefined);
  return {
    settleMs: first(SETTLE, parseDuration) ?? defaults.settleMs,
    minIntervalMs: first(MIN_INTERVAL, parseDuration) ?? defaults.minIntervalMs,
    strategy: own ?? parseStrategy(namespace[STRATEGY] ?? '') ?? defaults.strategy,
  };
}

/** Whether a workload asks to be restarted rather than stamped, in restamp's or Reloader's words (for Argo Rollouts). */
export function isStrategyRestart(
  { annotations, template }: Pick<Workload, 'annotations' | 'template'>,
  { rolloutStrategy }: Vocabulary,
): boolean {
  const own = parseStrategy(annotations[STRATEGY] ?? '');
  if (own !== undefined) return own === 'restart';
  return (annotations[rolloutStrategy] ?? template.annotations[rolloutStrategy]) === 'restart';
}

/** `undefined` for what is no strategy. */
export function parseStrategy(text: string): Strategy | undefined {
  return STRATEGIES.find((known) => known === text);
}
