/** `admissions`: how many requests fail while the webhook is replaced and its certificate rotated all the time. */
import type { Values } from '../cli/parse-options.ts';
import { type AdmissionsResult, runAdmissions } from '../test/webhook-stress/admissions.ts';
import type { ADMISSIONS_OPTIONS } from './benches.ts';
import type { Surroundings } from './main.ts';

/** What the API server and its clients noticed; none of it may be there. */
const PROMISED = ['failed', 'denied', 'unstamped', 'callsNotOk', 'rejections', 'failOpen'] as const;

export async function benchAdmissions(
  options: Values<typeof ADMISSIONS_OPTIONS>,
  { progress, print, signal }: Surroundings,
): Promise<object> {
  const { count, clients } = options;
  const result = await runAdmissions({
    ...{ count, clients, progress, signal },
    rotateEveryMs: options['rotate-every'],
    shutdownDelayMs: options['shutdown-delay'],
  });
  for (const line of saidAbout(result)) print(line);
  const figures = figuresOf(result);
  const broken = PROMISED.filter((name) => figures[name] !== 0);
  if (result.failOpenAlone === 0) throw new Error('the API server did not count a webhook that was not there');
  if (broken.length > 0) throw new Error(`${broken.join(', ')} should be 0: ${JSON.stringify(figures)}`);
  return { bench: 'admissions', node: process.version, clients, ...figures };
}

function figuresOf({ traffic, counts, replaced, rotations, logged, seconds }: AdmissionsResult) {
  const { admissions, failed, denied, unstamped, stamps, tookMs } = traffic;
  const quantile = (share: number): number => Math.round(tookMs[Math.floor((tookMs.length - 1) * share)] ?? 0);
  return {
    ...{ admissions, failed: failed.length, denied: denied.length, unstamped, stamps },
    ...{ webhookCalls: counts.calls, callsNotOk: counts.notOk },
    ...{ rejections: counts.rejections, failOpen: counts.failOpen },
    ...{ replaced, rotations: rotations.good, badPairsOffered: rotations.bad },
    badPairsRefused: logged.get('certificate refused') ?? 0,
    ...{ seconds: Math.round(seconds), p50Ms: quantile(0.5), p99Ms: quantile(0.99), longestMs: quantile(1) },
  };
}

function saidAbout({ traffic, faults }: AdmissionsResult): readonly string[] {
  const several = (what: string, texts: readonly string[]): string[] =>
    texts.length === 0 ? [] : [`${what}: ${[...new Set(texts)].slice(0, 5).join('; ')}`];
  return [...several('failed', traffic.failed), ...several('denied', traffic.denied), ...several('instances', faults)];
}
