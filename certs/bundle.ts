import type { Pair } from './pair.ts';

/** All that a self-signed authority has, as its Secret holds it. */
export interface Bundle {
  readonly leaf: Pair;
  /** PEM: the authority that signs comes first, after it those whose leaves may still be served. */
  readonly roots: string;
  /** PEM: the key of the first root. */
  readonly authorityKey: string;
}

/** Entries of the Secret: those of type kubernetes.io/tls, ca.crt as cert-manager has it, and one of our own. */
const LEAF_CERTIFICATE = 'tls.crt';
const LEAF_KEY = 'tls.key';
const ROOTS = 'ca.crt';
const AUTHORITY_KEY = 'ca.key';

/** Undefined where nothing is there yet, as in a Secret that was created empty for us to fill. */
export function parseBundle(data: Readonly<Record<string, string>>): Bundle | undefined {
  const text = (entry: string): string => Buffer.from(data[entry] ?? '', 'base64').toString('utf8');
  const leaf = { certificate: text(LEAF_CERTIFICATE), key: text(LEAF_KEY) };
  const [roots, authorityKey] = [text(ROOTS), text(AUTHORITY_KEY)];
  const isEmpty = [leaf.certificate, leaf.key, roots, authorityKey].every((part) => part === '');
  return isEmpty ? undefined : { leaf, roots, authorityKey };
}

export function formatBundle({ leaf, roots, authorityKey }: Bundle): Readonly<Record<string, string>> {
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  return {
    [LEAF_CERTIFICATE]: encoded(leaf.certificate),
    [LEAF_KEY]: encoded(leaf.key),
    [ROOTS]: encoded(roots),
    [AUTHORITY_KEY]: encoded(authorityKey),
  };
}
