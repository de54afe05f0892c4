import { chances } from './chance.ts';
import type { Rule } from './rule.ts';

/**
 * `forgetful`: the API server forgets places in its history, so that everything is listed again now and then. That heals
 * much that would show otherwise.
 */
export type Sky = 'forgetful' | 'mindful';

/** What can befall a watch. No event is lost for good: that, an API server never does. */
const ON_LINES: readonly Rule['fault'][] = [
  { type: 'reset' },
  { type: 'reset', midLine: true },
  { type: 'half-line' },
  { type: 'garbage' },
  { type: 'stall', forMs: 2_000 },
  { type: 'error-event', code: 500, reason: 'InternalError' },
  { type: 'delay', ms: 700 },
];

const ON_REQUESTS: readonly Rule['fault'][] = [
  { type: 'answer', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 },
  { type: 'answer', status: 500, reason: 'InternalError' },
  { type: 'answer', status: 503, reason: 'ServiceUnavailable' },
  { type: 'answer', status: 504, reason: 'Timeout' },
  { type: 'refuse' },
  { type: 'lose-answer' },
];

const FORGETFUL: readonly Rule[] = [
  { fault: { type: 'error-event', code: 410, reason: 'Expired' }, probability: 0.02 },
  {
    match: { query: { watch: 'true', resourceVersion: true } },
    fault: { type: 'answer', status: 410, reason: 'Expired' },
    probability: 0.1,
  },
];

const ON_WATCHES: readonly Rule[] = [
  {
    match: { query: { sendInitialEvents: 'true' } },
    fault: { type: 'answer', status: 422, reason: 'Invalid' },
    probability: 0.2,
  },
  { match: { event: { type: 'BOOKMARK' } }, fault: { type: 'drop' }, probability: 0.5 },
];

/** Weather for which a client should not go out: every fault, each as likely as the seed says. */
export function badWeather(seed: number, sky: Sky): readonly Rule[] {
  const next = chances(seed);
  // Some 15 % of all lines and 25 % of all requests, all faults taken together.
  const rules = [
    ...ON_LINES.map((fault): Rule => ({ fault, probability: 0.04 * next() })),
    ...ON_REQUESTS.map((fault): Rule => ({ fault, probability: 0.08 * next() })),
  ];
  return [...(sky === 'forgetful' ? FORGETFUL : []), ...ON_WATCHES, ...rules];
}
