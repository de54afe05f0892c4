/**
 * Sends alerts, one after the other, beside the work: a rollout neither waits for an alert nor fails with one.
 * What cannot be sent is lost in the end, and reported.
 */
import type { WorkloadName } from '../core/workload.ts';
import { type Backoff, backoffMs } from '../kube/backoff.ts';
import type { Clock } from '../kube/clock.ts';
import type { Alert } from './alert.ts';
import { createPoster, PostError } from './http.ts';
import { payload } from './payload.ts';
import type { AlertSettings } from './settings.ts';

export interface Alerts {
  /** Returns at once, whatever the receiver does. Never throws. */
  send(alert: Alert): void;
  /** Sends what waits, each once more at most, for at most five seconds; from then on nothing. Never rejects. */
  close(): Promise<void>;
}

export interface AlertsDeps {
  readonly clock: Clock;
  readonly report: (fact: AlertFact) => void;
}

/** What became of an alert. A reason shows of the URL no more than scheme, host and port. */
export type AlertFact =
  | { readonly event: 'sent'; readonly workload: WorkloadName; readonly attempts: number }
  | {
      readonly event: 'retried';
      readonly workload: WorkloadName;
      readonly reason: string;
      readonly attempt: number;
      readonly retryInMs: number;
    }
  | { readonly event: 'failed'; readonly workload: WorkloadName; readonly reason: string; readonly attempts: number }
  /** Never tried; `dropped` counts all of them so far. */
  | { readonly event: 'dropped'; readonly workload: WorkloadName; readonly dropped: number };

/** Some kilobytes each at most. News about more rollouts than that is old before it is out. */
export const QUEUE_LIMIT = 100;

/** With the waits below, a receiver may be away for up to half a minute. */
export const ATTEMPTS = 6;

/** Chats take about one message a second (https://docs.slack.dev/apis/web-api/rate-limits). */
export const BACKOFF: Backoff = { baseMs: 1000, capMs: 30_000 };

/** Well within the 30 s that Kubernetes gives a pod to end. */
export const FLUSH_MS = 5000;

/** A sender for these settings. */
export function createAlerts(settings: AlertSettings, { clock, report }: AlertsDeps): Alerts {
  const post = createPoster({ ...settings, clock });
  const queue: Alert[] = [];
  /** From then on nobody waits before a retry. */
  const closing = new AbortController();
  /** From then on nothing is sent. */
  const over = new AbortController();
  let dropped = 0;
  let draining: Promise<void> | undefined;

  const drop = ({ workload }: Alert): void => {
    dropped += 1;
    report({ event: 'dropped', workload, dropped });
  };

  const attempt = async (alert: Alert): Promise<PostError | undefined> => {
    try {
      await post(payload(alert, settings), over.signal);
      return undefined;
    } catch (error) {
      if (error instanceof PostError) return error;
      // A mistake of ours costs the alert, not the process.
      return new PostError(settings.url, 'not sent', { retryable: false });
    }
  };

  const deliver = async (alert: Alert): Promise<void> => {
    const { workload } = alert;
    for (let attempts = 1; ; attempts += 1) {
      const isLast = attempts === ATTEMPTS || closing.signal.aborted;
      const failure = await attempt(alert);
      if (failure === undefined) return report({ event: 'sent', workload, attempts });
      const reason = failure.message;
      if (isLast || !failure.retryable) return report({ event: 'failed', workload, reason, attempts });
      const retryInMs = waitMs(attempts, failure, clock);
      report({ event: 'retried', workload, reason, attempt: attempts, retryInMs });
      await clock.sleep(retryInMs, closing.signal);
    }
  };

  const drain = async (): Promise<void> => {
    for (let alert = queue.shift(); alert !== undefined; alert = queue.shift()) {
      if (over.signal.aborted) drop(alert);
      else await deliver(alert);
    }
    draining = undefined;
  };

  const flush = async (): Promise<void> => {
    closing.abort();
    const flushed = new AbortController();
    await Promise.race([draining, clock.sleep(FLUSH_MS, flushed.signal)]);
    flushed.abort();
    over.abort();
    await draining;
  };

  return {
    send: (alert) => {
      queue.push(alert);
      const oldest = queue.length > QUEUE_LIMIT ? queue.shift() : undefined;
      if (oldest !== undefined) drop(oldest);
      draining ??= drain();
    },
    close: flush,
  };
}

/** At least what the receiver asked for, within our own cap. */
function waitMs(attempts: number, { retryAfterMs = 0 }: PostError, clock: Clock): number {
  const ownMs = backoffMs(attempts - 1, clock.random(), BACKOFF);
  return Math.max(ownMs, Math.min(retryAfterMs, BACKOFF.capMs));
}
