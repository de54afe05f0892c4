/**
 * A certificate authority of our own, for clusters without cert-manager (DESIGN §11). It lives in a Secret that every
 * replica reads and any of them renews: who comes second finds the work done, and that is success.
 */
import { backoffMs, DEFAULT_BACKOFF } from '../kube/backoff.ts';
import type { Clock } from '../kube/clock.ts';
import { describeError, KubeError } from '../kube/error.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { readAuthority, type SecretName, writeAuthority } from './authority-secret.ts';
import type { Bundle } from './bundle.ts';
import { checkNames } from './name.ts';
import type { RotationReason } from './reason.ts';
import { rotate, type Wanted } from './rotation.ts';
import { createNews, type Finding, judge, type PairListener, type PairSource, startLoop } from './source.ts';

export type AuthorityEvent =
  /** This process wrote the Secret, for these reasons. */
  | { readonly outcome: 'rotated'; readonly reasons: readonly RotationReason[] }
  /** Something failed and is tried again. */
  | { readonly outcome: 'failed'; readonly message: string };

export interface SelfSignedOptions extends Wanted {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly secret: SecretName;
  /** Hands the roots (PEM) to those who have to trust the leaf, each time they are read and before the leaf is served. */
  readonly publish?: (roots: string, signal: AbortSignal) => Promise<void>;
  readonly report: (event: AuthorityEvent) => void;
  readonly pollMs?: number;
}

/** Two GETs a minute from each replica; a caBundle that somebody's apply reset is back within as much. */
const POLL_MS = 30_000;

/** Each lost race means that somebody else wrote: more of them in a row is no race but a quarrel. */
const RACES = 5;

export function selfSignedSource(options: SelfSignedOptions): PairSource {
  checkNames(options.names);
  return { start: (signal, on) => startLoop(signal, on, (listener) => follow(options, signal, listener)) };
}

async function follow(options: SelfSignedOptions, signal: AbortSignal, on: PairListener): Promise<void> {
  const { clock, secret, report, pollMs = POLL_MS } = options;
  const tell = createNews(on, `Secret ${secret.namespace}/${secret.name}`);
  for (let failures = 0; !signal.aborted; ) {
    try {
      await turn(options, signal, tell);
      failures = 0;
      await clock.sleep(pollMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      report({ outcome: 'failed', message: describeError(error) });
      const asked = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
      const wait = backoffMs(failures++, clock.random(), DEFAULT_BACKOFF);
      await clock.sleep(Math.max(asked, wait), signal);
    }
  }
}

/** Looks once. What can be served is served, whatever else fails. */
async function turn(options: SelfSignedOptions, signal: AbortSignal, tell: (finding: Finding) => void): Promise<void> {
  const { bundle, failure } = await renew(options, signal);
  try {
    if (bundle !== undefined) await options.publish?.(bundle.roots, signal);
  } finally {
    if (bundle !== undefined && !signal.aborted) tell(judge(bundle.leaf, options.clock.now()));
  }
  if (failure !== undefined) throw failure;
}

/** The bundle to serve: renewed if there is a reason, or the one that is there where renewing fails. */
async function renew(
  options: SelfSignedOptions,
  signal: AbortSignal,
): Promise<{ readonly bundle: Bundle | undefined; readonly failure?: unknown }> {
  const { transport, secret, clock, report } = options;
  for (let race = 0; race < RACES; race++) {
    const held = await readAuthority(transport, secret, signal);
    try {
      const { bundle, reasons } = await rotate(held?.bundle, clock.now(), options);
      if (reasons.length === 0) return { bundle };
      if (await writeAuthority(transport, secret, { held, bundle, signal })) {
        report({ outcome: 'rotated', reasons });
        return { bundle };
      }
    } catch (failure) {
      return { bundle: held?.bundle, failure };
    }
  }
  throw new Error(`Secret ${secret.namespace}/${secret.name} was changed by others ${RACES} times in a row`);
}
