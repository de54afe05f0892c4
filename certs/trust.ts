/** What a webhook's caBundle shall hold. Pure. */
import type { X509Certificate } from 'node:crypto';
import { madeAt } from './life.ts';
import { bundleOf, certificatesOf, readableCertificates } from './pem.ts';

export interface Trust {
  /** PEM: what the caBundle holds. */
  readonly present: string;
  /** PEM: what it has to hold, the newest first. */
  readonly roots: string;
  readonly now: Date;
  /** The life of a leaf: after it, none is left that an authority from before the newest has signed. */
  readonly leafMs: number;
}

/** The new caBundle (PEM); undefined where it is right as it is. Right is to contain, not to equal. */
export function missingTrust(trust: Trust): string | undefined {
  const present = certificatesOf(trust.present);
  const roots = readableCertificates(trust.roots);
  if (roots.length === 0) return undefined; // A damaged Secret must not take away the trust that is there.
  const kept = readableCertificates(trust.present).filter((certificate) => isKept(certificate, roots, trust));
  const isRight =
    present !== undefined && present.length === kept.length && roots.every((root) => contains(present, root));
  return isRight ? undefined : bundleOf([...roots, ...kept]);
}

/**
 * Other certificates in a caBundle are of an authority before ours (cert-manager's, say, whose leaf is still served
 * while the replicas change over), or of one after ours, by a replica that has read a newer Secret than this one has.
 * The first go when their leaves are gone; the second stay.
 */
function isKept(certificate: X509Certificate, roots: readonly X509Certificate[], { now, leafMs }: Trust): boolean {
  if (contains(roots, certificate)) return true;
  const [newest] = roots;
  if (newest === undefined || certificate.validToDate < now) return false;
  const isOlder = certificate.validFromDate <= newest.validFromDate;
  return !isOlder || now.getTime() < madeAt(newest) + leafMs;
}

function contains(certificates: readonly X509Certificate[], { fingerprint256 }: X509Certificate): boolean {
  return certificates.some((certificate) => certificate.fingerprint256 === fingerprint256);
}
