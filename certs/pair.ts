/** A certificate and its key, and whether a server can use them now. ECDSA, RSA and EdDSA alike. */
import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { certificatesOf, isHalfWritten } from './pem.ts';

export interface Pair {
  /** PEM: the leaf first, then what leads to its root. */
  readonly certificate: string;
  /** PEM. It never appears in a log, an error or a metric. */
  readonly key: string;
}

export type PairFault =
  | 'half-written'
  | 'not-a-certificate'
  /** It belongs to another certificate, or cannot be read as a key. */
  | 'key-does-not-fit'
  /** OpenSSL will not serve it: its key is too small, for instance. */
  | 'unusable'
  | 'expired'
  | 'not-yet-valid';

/** What metrics and logs may tell of a pair. */
export interface PairFacts {
  readonly notAfter: Date;
  /** Hexadecimal. */
  readonly serial: string;
}

export type PairCheck = ({ readonly ok: true } & PairFacts) | { readonly ok: false; readonly reason: PairFault };

/**
 * Judges a pair as a client would. No leniency for a clock that is off: a pair that is refused a moment too early is
 * looked at again soon, while the one in use stays; one that is served too early fails for everybody.
 * Only the leaf's dates count: servers do send expired cross-signed certificates that clients know to ignore.
 */
export function checkPair(pair: Pair, now: Date): PairCheck {
  if (isHalfWritten(pair.certificate) || isHalfWritten(pair.key)) return { ok: false, reason: 'half-written' };
  const [leaf] = certificatesOf(pair.certificate) ?? [];
  if (leaf === undefined) return { ok: false, reason: 'not-a-certificate' };
  if (!isKeyOf(leaf, pair.key)) return { ok: false, reason: 'key-does-not-fit' };
  if (!isServable(pair)) return { ok: false, reason: 'unusable' };
  if (leaf.validToDate < now) return { ok: false, reason: 'expired' };
  if (leaf.validFromDate > now) return { ok: false, reason: 'not-yet-valid' };
  return { ok: true, notAfter: leaf.validToDate, serial: leaf.serialNumber };
}

export function equalPairs(a: Pair | undefined, b: Pair | undefined): boolean {
  return a?.certificate === b?.certificate && a?.key === b?.key;
}

function isKeyOf(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Asks OpenSSL here, so that a server's `setSecureContext` has no reason to throw. */
function isServable({ certificate, key }: Pair): boolean {
  try {
    createSecureContext({ cert: certificate, key });
    return true;
  } catch {
    return false;
  }
}
