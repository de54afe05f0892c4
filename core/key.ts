/** The HMAC keys of an installation (DESIGN §7). */
import { createHmac } from 'node:crypto';

/** 256 bits: the output size of HMAC-SHA-256, beyond which a longer key adds nothing (RFC 2104 §3). */
export const KEY_BYTES = 32;

export interface Key {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The key that new stamps are made with, and the older ones that stamps in the cluster may still name. */
export interface Keyring {
  readonly current: Key;
  readonly byId: ReadonlyMap<string, Key>;
}

/** Names a key by itself, so that two processes never call different keys the same. 48 bits: an id, not a proof. */
export function keyOf(bytes: Uint8Array): Key {
  return { id: createHmac('sha256', bytes).update('restamp/v1/key-id').digest('hex').slice(0, 12), bytes };
}

export function keyring(current: Key, older: readonly Key[] = []): Keyring {
  return { current, byId: new Map([...older, current].map((key) => [key.id, key])) };
}
