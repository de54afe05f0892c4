/** How long certificates live and when they are renewed. All durations are milliseconds. */
import type { X509Certificate } from 'node:crypto';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface Lifetimes {
  readonly authorityMs: number;
  readonly leafMs: number;
}

/**
 * Authority: 10 years, as kubeadm gives a cluster's own. A new one has to reach everybody who trusts it, so it comes
 * seldom; its key never leaves the Secret and signs nothing but the leaf.
 * Leaf: 90 days, cert-manager's default. Short enough for rotation to be a habit rather than an event, long enough that
 * a month of failing renewals is survived.
 */
export const LIFETIMES: Lifetimes = { authorityMs: 3650 * DAY, leafMs: 90 * DAY };

/** client-go's self-signed certificates start as much earlier, for the clocks of others that are slow. */
export const CLOCK_SKEW_MS = HOUR;

/**
 * A new authority is in the bundle for this long before it signs a new leaf while the old leaf is still good. Every
 * process looks twice a minute, so each had twenty chances to publish it and the API servers the time to notice.
 */
export const PROPAGATION_MS = 10 * MINUTE;

/** When it was made: certificates made here begin {@link CLOCK_SKEW_MS} before. */
export function madeAt(certificate: X509Certificate): number {
  return certificate.validFromDate.getTime() + CLOCK_SKEW_MS;
}

/** After two thirds of a life, as cert-manager: a third of it is left to notice that renewing fails. */
export function isDue(certificate: X509Certificate, now: Date): boolean {
  const made = madeAt(certificate);
  return now.getTime() >= made + ((certificate.validToDate.getTime() - made) * 2) / 3;
}

export function isValid(certificate: X509Certificate, now: Date): boolean {
  return certificate.validFromDate <= now && now <= certificate.validToDate;
}
