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
/** Not there, and nobody says what that would mean (a source that only an annotation names). */
export const UNSEEN: PartState = 'unseen';

/** The configuration of one workload as fingerprints, made with one key. */
export interface Configuration {
  readonly keyId: string;
  readonly parts: ReadonlyMap<PartName, PartState>;
  /**
   * Per source that is used as a whole: a short fingerprint per entry, only to say which entries changed.
   * A source that is not there, or has more than EXPLAINED_KEYS entries, is left out.
   */
  readonly entries: ReadonlyMap<SourceId, ReadonlyMap<string, string>>;
  /**
   * Fingerprint of the expressions by which the workload selects sources, if it has any: as long as it is the same, a
   * source that comes to be selected has been created, and one that is not any more has been deleted.
   */
  readonly patterns?: string;
}

/** Sources as they were read; one that does not exist has no entry. */
export type Sources = ReadonlyMap<SourceId, Source>;

/** 128 bits of HMAC-SHA-256 are enough against chance, and a record holds many (RFC 2104 §5 allows down to 80). */
const DIGEST_BYTES = 16;

/** 48 bits: enough to see that an entry changed; the digest of the whole decides. */
const ENTRY_BYTES = 6;

/** What a configuration is made of. */
export interface Gathered {
  readonly references: readonly Reference[];
  readonly sources: Sources;
  /** The expressions that selected some of the references, as text. */
  readonly patterns: readonly string[];
}

/** Fingerprints what was gathered. */
export function configurationOf({ references, sources, patterns }: Gathered, key: Key): Configuration {
  const found = configuration(references, sources, key);
  return patterns.length === 0
    ? found
    : { ...found, patterns: mac(key, ['restamp/v1/patterns', ...patterns], ENTRY_BYTES) };
}

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
      const used = less(source, reference.without);
      const part: PartName = `${id}#${wholePart(reference.without)}`;
      parts.set(part, used === undefined ? lack(reference.need) : wholeDigest(used, key));
      if (used !== undefined && used.entries.size <= EXPLAINED_KEYS) entries.set(id, fingerprints(used, key));
    }
  }
  return { keyId: key.id, parts, entries };
}

/** The part that is a whole source, or all of it but some entries: `*`, `*!a!b`. No entry's name can hold a `!`. */
function wholePart(without: readonly string[] = []): string {
  return ['*', ...without].join('!');
}

function less(source: Source | undefined, without: readonly string[] | undefined): Source | undefined {
  if (source === undefined || without === undefined) return source;
  return { ...source, entries: new Map([...source.entries].filter(([name]) => !without.includes(name))) };
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

const LACKS = { required: MISSING, optional: ABSENT, named: UNSEEN } as const satisfies Record<Need, PartState>;

function lack(need: Need): PartState {
  return LACKS[need];
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

/** Names the content of one source as a workload uses it, for those who are told of a rollout. */
export function sourceFingerprint(configuration: Configuration, source: SourceId, key: Key): string {
  const parts = [...configuration.parts].filter(([part]) => part.startsWith(`${source}#`)).sort();
  return mac(key, ['restamp/v1/source', source, ...parts.flat()], DIGEST_BYTES);
}

/** Names one change of one object: 10 hexadecimal digits that the same change always gives, and hardly any other. */
export function changeId(facts: readonly string[], key: Key): string {
  return Buffer.from(mac(key, ['restamp/v1/change', ...facts], ENTRY_BYTES), 'base64url')
    .toString('hex')
    .slice(0, 10);
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
