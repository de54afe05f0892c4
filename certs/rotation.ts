/** Brings an authority's bundle to where there is no reason left to change it. */

import { makeAuthority, makeLeaf } from './authority.ts';
import type { Bundle } from './bundle.ts';
import { LIFETIMES, type Lifetimes } from './life.ts';
import { namesOf } from './name.ts';
import { bundleOf, readableCertificates } from './pem.ts';
import { neededRoots, REMEDIES, type RotationReason, whyRotate } from './reason.ts';

export interface Wanted {
  readonly names: readonly string[];
  readonly lifetimes?: Lifetimes;
}

export interface Rotation {
  readonly bundle: Bundle;
  /** Empty where the bundle was good as it is. */
  readonly reasons: readonly RotationReason[];
}

const NOTHING: Bundle = { leaf: { certificate: '', key: '' }, roots: '', authorityKey: '' };

export async function rotate(held: Bundle | undefined, now: Date, wanted: Wanted): Promise<Rotation> {
  let bundle = held;
  const reasons: RotationReason[] = [];
  for (;;) {
    const reason = whyRotate(bundle, now, wanted.names, wanted.lifetimes);
    if (reason === undefined) return { bundle: bundle ?? NOTHING, reasons };
    // Cannot be; but if it were, this would make keys for ever.
    if (reasons.includes(reason)) throw new Error(`a new certificate has the fault of the old one: ${reason}`);
    bundle = await remedy(bundle ?? NOTHING, reason, { now, ...wanted });
    reasons.push(reason);
  }
}

async function remedy(bundle: Bundle, reason: RotationReason, wanted: Wanted & { now: Date }): Promise<Bundle> {
  const { now, lifetimes = LIFETIMES } = wanted;
  switch (REMEDIES[reason]) {
    case 'authority':
      return withNewAuthority(bundle, await makeAuthority(now, lifetimes.authorityMs));
    case 'leaf': {
      const names = reason === 'names-missing' ? allNames(bundle, wanted.names) : wanted.names;
      const authority = { certificate: bundle.roots, key: bundle.authorityKey };
      return { ...bundle, leaf: await makeLeaf(authority, { names, now, lifeMs: lifetimes.leafMs }) };
    }
    case 'roots':
      return { ...bundle, roots: bundleOf(neededRoots(bundle, now, lifetimes.leafMs)) };
  }
}

/** The older ones stay: leaves of theirs are being served. */
function withNewAuthority(bundle: Bundle, { certificate, key }: { certificate: string; key: string }): Bundle {
  const roots = bundleOf([...readableCertificates(certificate), ...readableCertificates(bundle.roots)]);
  return { ...bundle, roots, authorityKey: key };
}

/**
 * The names of now and those of the leaf before: during an upgrade the old version and the new one may want different
 * names, and would otherwise take turns. The next ordinary renewal has the wanted names only.
 */
function allNames(bundle: Bundle, wanted: readonly string[]): readonly string[] {
  const [leaf] = readableCertificates(bundle.leaf.certificate);
  return [...new Set([...wanted, ...(leaf === undefined ? [] : namesOf(leaf))])];
}
