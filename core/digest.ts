/** Digests and stamps: keyed fingerprints of configuration (DESIGN §7). */
import { createHmac } from 'node:crypto';
import { EXPLAINED_KEYS } from './defaults.ts';
import type { Key } from './key.ts';
import type { Need, Reference } from './reference.ts';
import { type Source, type SourceId, sourceId } from './source.ts';

/** The part of a source that a workload uses: `configmap/app#*` is all of it, `secret/db#password` one entry. */
export type PartName = `${SourceId}#${string}`;

/**
 * What a part was found to be: its digest, `absent` where the workload can do without it,
 * `missing` where its pods cannot start until it is there.
 */
export type PartState = string;
export const ABSENT: PartState = 'absent';
export const MISSING: PartState = 'missing';

/** The configuration of one workload as fingerprints, made with one key. */
export interface Configuration {
  readonly keyId: string;
  readonly parts: ReadonlyMap<PartName, PartState>;
  /**
   * Per source that is used as a whole: a short fingerprint per entry, only to say which entries changed.
   * A source that is not there, or has more than EXPLAINED_KEYS entries, is left out.
   */
  readonly entries: ReadonlyMap<SourceId, ReadonlyMap<string, string>>;
}

/** Sources as they were read; one that does not exist has no entry. */
export type Sources = ReadonlyMap<SourceId, Source>;

/** 128 bits of HMAC-SHA-256 are enough against chance, and a record holds many (RFC 2104 §5 allows down to 80). */
const DIGEST_BYTES = 16;

/** 48 bits: enough to see that an entry changed; the digest of the whole decides. */
const ENTRY_BYTES = 6;

/** Fingerprints what the references find in the sources. */
export function configuration(references: readonly Reference[], sources: Sources, key: Key): Configuration {
  const parts = new Map<PartName, PartState>();
  const entries = new Map<SourceId, ReadonlyMap<string, string>>();
  for (const reference of references) {
    const id = sourceId(reference);
    const source = sources.get(id);
    for (const [name, need] of reference.keys) {
      parts.set(`${id}#${name}`, keyState(reference, source, { name, need, key }));
    }
    if (reference.all) {
      // After the keys: a pod spec may name a key `*`, which no source can have, and must not hide the whole.
      parts.set(`${id}#*`, source === undefined ? lack(reference.need) : wholeDigest(source, key));
      if (source !== undefined && source.entries.size <= EXPLAINED_KEYS) entries.set(id, fingerprints(source, key));
    }
  }
  return { keyId: key.id, parts, entries };
}

function keyState(
  reference: Reference,
  source: Source | undefined,
  { name, need, key }: { name: string; need: Need; key: Key },
): PartState {
  if (source === undefined) return lack(reference.need === 'required' ? 'required' : need);
  const bytes = source.entries.get(name);
  return bytes === undefined ? lack(need) : entryDigest(source, name, bytes, key);
}

function lack(need: Need): PartState {
  return need === 'required' ? MISSING : ABSENT;
}

function wholeDigest(source: Source, key: Key): string {
  const entries = [...source.entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return mac(key, ['restamp/v1/all', ...identity(source), ...entries.flat()], DIGEST_BYTES);
}

function entryDigest(source: Source, name: string, bytes: Uint8Array, key: Key): string {
  return mac(key, ['restamp/v1/entry', ...identity(source), name, bytes], DIGEST_BYTES);
}

function fingerprints(source: Source, key: Key): ReadonlyMap<string, string> {
  return new Map(
    [...source.entries].map(([name, bytes]) => [
      name,
      mac(key, ['restamp/v1/entry', ...identity(source), name, bytes], ENTRY_BYTES),
    ]),
  );
}

/** The name of the source is part of the input: equal values in two objects do not show as equal digests. */
function identity({ kind, namespace, name }: Source): readonly string[] {
  return [kind, namespace, name];
}

/** `v1.<key id>.<hash>`: one fingerprint of all parts. The order of references does not count. */
export function stampOf(configuration: Configuration, key: Key): string {
  return stamp(configuration, key, []);
}

/**
 * The stamp of a rollout away from `present`. It is that of the configuration, unless the template carries just that
 * one already: then the pods got theirs while references came and went unstamped (without the webhook), and a template
 * that stays the same would roll nothing.
 */
export function nextStamp(present: string | undefined, configuration: Configuration, key: Key): string {
  const plain = stampOf(configuration, key);
  return plain === present ? stamp(configuration, key, [present]) : plain;
}

function stamp(configuration: Configuration, key: Key, after: readonly string[]): string {
  const parts = [...configuration.parts].sort(([a], [b]) => (a < b ? -1 : 1));
  return `v1.${key.id}.${mac(key, ['restamp/v1/stamp', ...parts.flat(), ...after], DIGEST_BYTES)}`;
}

/** The id of the key a stamp was made with; `undefined` for what no version of restamp up to this one writes. */
export function stampKeyId(stamp: string): string | undefined {
  return /^v1\.([0-9a-f]{12})\.[A-Za-z0-9_-]{22}$/.exec(stamp)?.[1];
}

/** HMAC-SHA-256 over fields that each carry their length first: no two lists of fields join to the same bytes. */
function mac(key: Key, fields: readonly (string | Uint8Array)[], size: number): string {
  const hmac = createHmac('sha256', key.bytes);
  const length = Buffer.alloc(4);
  for (const field of fields) {
    const bytes = typeof field === 'string' ? Buffer.from(field, 'utf8') : field;
    length.writeUInt32BE(bytes.length);
    hmac.update(length).update(bytes);
  }
  return hmac.digest().subarray(0, size).toString('base64url');
}
