/** The watchers that wave's users run. */
import type { Group } from '../case.ts';

export const PLAIN: Group = { name: 'plain', args: [] };

/** Namespaces whose sources are named from others are called this and a number; each belongs to one case. */
export const SHARED = 'wave-shared';
const ALLOWED = `--cross-namespaces=${[1, 2, 3, 4, 5].map((number) => `${SHARED}-${number}`).join(',')}`;

export const CROSS: Group = { name: 'cross', args: [ALLOWED] };
export const CLOSED: Group = { name: 'closed', args: [], flipArgs: [`--cross-namespaces=${SHARED}-6`] };

export const DOWN: Group = { name: 'down', args: [], down: true };

/** Namespaces that the webhook serves too. */
export const ADMITTED: Group = { name: 'admitted', args: [], namespaceLabels: { 'restamp.dev/inject': 'enabled' } };

export const WAVE_GROUPS: readonly Group[] = [PLAIN, CROSS, CLOSED, DOWN, ADMITTED];
