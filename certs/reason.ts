/** Why an authority's bundle has to change. Pure: what is there, the time and what is wanted in; a reason out. */
import type { X509Certificate } from 'node:crypto';
import type { Bundle } from './bundle.ts';
import { isDue, isValid, LIFETIMES, type Lifetimes, madeAt, PROPAGATION_MS } from './life.ts';
import { isNamed } from './name.ts';
import { checkPair, type PairFault } from './pair.ts';
import { readableCertificates } from './pem.ts';

/** Each reason with what has to be made anew because of it. After `authority` the leaf is asked about again. */
export const REMEDIES = {
  missing: 'authority',
  'authority-unreadable': 'authority',
  'authority-key-does-not-fit': 'authority',
  'authority-not-yet-valid': 'authority',
  'authority-expires-soon': 'authority',
  'leaf-unreadable': 'leaf',
  'leaf-key-does-not-fit': 'leaf',
  'leaf-not-yet-valid': 'leaf',
  'leaf-not-signed': 'leaf',
  'names-missing': 'leaf',
  'leaf-expires-soon': 'leaf',
  'old-authority-unneeded': 'roots',
} as const;

export type RotationReason = keyof typeof REMEDIES;

const AUTHORITY_FAULTS: Readonly<Record<PairFault, RotationReason>> = {
  'half-written': 'authority-unreadable',
  'not-a-certificate': 'authority-unreadable',
  unusable: 'authority-unreadable',
  'key-does-not-fit': 'authority-key-does-not-fit',
  'not-yet-valid': 'authority-not-yet-valid',
  expired: 'authority-expires-soon',
};

const LEAF_FAULTS: Readonly<Record<PairFault, RotationReason>> = {
  'half-written': 'leaf-unreadable',
  'not-a-certificate': 'leaf-unreadable',
  unusable: 'leaf-unreadable',
  'key-does-not-fit': 'leaf-key-does-not-fit',
  'not-yet-valid': 'leaf-not-yet-valid',
  expired: 'leaf-expires-soon',
};

/** The first reason to change the bundle, or none. The authority comes first: it signs the leaf. */
export function whyRotate(
  bundle: Bundle | undefined,
  now: Date,
  names: readonly string[],
  { leafMs }: Lifetimes = LIFETIMES,
): RotationReason | undefined {
  if (bundle === undefined) return 'missing';
  const reason = whyAuthority(bundle, now) ?? whyLeaf(bundle, now, names);
  if (reason !== undefined) return reason;
  return neededRoots(bundle, now, leafMs).length < rootsOf(bundle).length ? 'old-authority-unneeded' : undefined;
}

function whyAuthority({ roots, authorityKey }: Bundle, now: Date): RotationReason | undefined {
  const check = checkPair({ certificate: roots, key: authorityKey }, now);
  if (!check.ok) return AUTHORITY_FAULTS[check.reason];
  const [authority] = readableCertificates(roots);
  // Somebody's own authority may be of another kind, which node-forge cannot sign with.
  if (!authority?.ca || authority.publicKey.asymmetricKeyType !== 'rsa') return 'authority-unreadable';
  return isDue(authority, now) ? 'authority-expires-soon' : undefined;
}

/** About the leaf, when the authority is good. */
function whyLeaf(bundle: Bundle, now: Date, names: readonly string[]): RotationReason | undefined {
  const check = checkPair(bundle.leaf, now);
  if (!check.ok) return LEAF_FAULTS[check.reason];
  const [leaf] = readableCertificates(bundle.leaf.certificate);
  const [authority, ...older] = rootsOf(bundle);
  if (leaf === undefined || authority === undefined) return 'leaf-unreadable';
  const isTrusted = [authority, ...older].some((root) => isValid(root, now) && isSignedBy(leaf, root));
  if (!isTrusted) return 'leaf-not-signed';
  if (!names.every((name) => isNamed(leaf, name))) return 'names-missing';
  // A good leaf does not hurry: first everybody shall trust the one who signs the next.
  const isKnown = now.getTime() >= madeAt(authority) + PROPAGATION_MS;
  return isDue(leaf, now) && isKnown ? 'leaf-expires-soon' : undefined;
}

/**
 * The roots without those whose leaves are gone. While the leaf in the Secret is an older one's, all stay. After that a
 * process may still serve such a leaf until it expires: older ones stay for a leaf's life after the new one was made.
 */
export function neededRoots(bundle: Bundle, now: Date, leafMs: number): readonly X509Certificate[] {
  const [leaf] = readableCertificates(bundle.leaf.certificate);
  const [authority, ...older] = rootsOf(bundle);
  if (authority === undefined) return [];
  if (leaf === undefined || !isSignedBy(leaf, authority)) return [authority, ...older];
  const leavesAreGone = now.getTime() >= madeAt(authority) + leafMs;
  return [authority, ...older.filter((root) => !leavesAreGone && root.validToDate >= now)];
}

function rootsOf({ roots }: Bundle): readonly X509Certificate[] {
  return readableCertificates(roots);
}

function isSignedBy(leaf: X509Certificate, root: X509Certificate): boolean {
  return leaf.checkIssued(root) && leaf.verify(root.publicKey);
}
