/** What the compatibility suite exercises. */
import type { CompatCase } from './case.ts';
import { RELOADER_CASES } from './reloader/cases.ts';
import { WAVE_CASES } from './wave/cases.ts';

export const ALL_CASES: readonly CompatCase[] = [...RELOADER_CASES, ...WAVE_CASES];

/** The annotations and flags (`--name`) that some case exercises. */
export function coveredNames(): ReadonlySet<string> {
  return new Set(ALL_CASES.flatMap(({ covers }) => covers));
}
