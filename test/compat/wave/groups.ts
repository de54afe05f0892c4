/** The watchers that wave's users run. */
import type { Group } from '../case.ts';

export const PLAIN: Group = { name: 'plain', args: [] };

/** Sources of this namespace may be named from others; the case whose sources are there has it made. */
export const SHARED = 'wave-shared';
export const CROSS: Group = { name: 'cross', args: [`--cross-namespaces=${SHARED}-1,${SHARED}-2,${SHARED}-3`] };

export const DOWN: Group = { name: 'down', args: [], down: true };

/** Namespaces that the webhook serves too. */
export const ADMITTED: Group = { name: 'admitted', args: [], namespaceLabels: { 'restamp.dev/inject': 'enabled' } };

export const WAVE_GROUPS: readonly Group[] = [PLAIN, CROSS, DOWN, ADMITTED];
