/** Every case of what wave's users rely on. */
import type { CompatCase } from '../case.ts';
import { CASES as EXTRA } from './extra.ts';
import { CASES as LEFTOVERS } from './leftovers.ts';
import { CASES as SURROUNDINGS } from './surroundings.ts';
import { CASES as UPDATE } from './update.ts';

export const WAVE_CASES: readonly CompatCase[] = [...UPDATE, ...EXTRA, ...LEFTOVERS, ...SURROUNDINGS];
