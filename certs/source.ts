/** Where a server's pair comes from: the interface, and what every implementation of it shares. */
import { checkPair, equalPairs, type Pair, type PairFacts, type PairFault } from './pair.ts';

/** Why a pair was not taken. `unreadable`: it is not there, or the right to read it is missing. */
export type Refusal = PairFault | 'unreadable';

export interface PairListener {
  /** A good pair that differs from the one before: serve it from now on. */
  accepted(pair: Pair, facts: PairFacts): void;
  /** What was found at `source` cannot be served. The pair accepted last stays. Told once, not at each look. */
  refused(reason: Refusal, source: string): void;
}

export interface PairSource {
  /** Resolves when the first good pair was delivered and goes on until the signal aborts. Rejects only on abort. */
  start(signal: AbortSignal, on: PairListener): Promise<void>;
}

/**
 * Makes {@link PairSource.start} from a loop that ends when the signal aborts. The loop must not reject: should it, that
 * is an unhandled rejection and the end of the process, which is better than a certificate that silently grows old.
 */
export function startLoop(
  signal: AbortSignal,
  on: PairListener,
  loop: (listener: PairListener) => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const accepted: PairListener['accepted'] = (pair, facts) => {
      on.accepted(pair, facts);
      resolve();
    };
    void loop({ accepted, refused: (reason, source) => on.refused(reason, source) });
  });
}

/** What a loop found when it looked. */
export type Finding =
  | { readonly found: 'good'; readonly pair: Pair; readonly facts: PairFacts }
  | { readonly found: 'bad'; readonly pair?: Pair; readonly reason: Refusal };

export function judge(pair: Pair | undefined, now: Date): Finding {
  if (pair === undefined) return { found: 'bad', reason: 'unreadable' };
  const check = checkPair(pair, now);
  if (!check.ok) return { found: 'bad', pair, reason: check.reason };
  return { found: 'good', pair, facts: { notAfter: check.notAfter, serial: check.serial } };
}

/** Tells a listener what is new: an equal pair is not delivered again, an equal refusal not repeated. */
export function createNews(on: PairListener, source: string): (finding: Finding) => void {
  let served: Pair | undefined;
  let refused: { pair: Pair | undefined; reason: Refusal } | undefined;
  return (finding) => {
    if (finding.found === 'bad') {
      if (refused?.reason === finding.reason && equalPairs(refused.pair, finding.pair)) return;
      refused = { pair: finding.pair, reason: finding.reason };
      return on.refused(finding.reason, source);
    }
    refused = undefined;
    if (equalPairs(served, finding.pair)) return;
    on.accepted(finding.pair, finding.facts);
    served = finding.pair;
  };
}
