/**
 * The HMAC key of the installation, in a Secret that restamp creates if it is absent (DESIGN §7).
 * `data.current` names the key that makes new stamps; every other entry is a key, called by its id.
 */
import { asObject, stringMap } from '../core/json.ts';
import { KEY_BYTES, type Key, type Keyring, keyOf, keyring } from '../core/key.ts';
import { FIELD_MANAGER } from '../core/names.ts';
import { isStatus } from './error.ts';
import { resourcePath, SECRETS } from './path.ts';
import type { KubeTransport } from './transport.ts';

const CURRENT = 'current';

/** A Secret that is there but holds no usable key. It is never overwritten: its stamps may still be in use. */
export class UnusableKeyError extends Error {
  override readonly name = 'UnusableKeyError';
}

/**
 * The keyring of the installation. Of several processes that find no Secret, one creates it and the others use what
 * it made: the API server accepts one POST of a name (409 for the rest).
 */
export async function loadKeyring(
  transport: KubeTransport,
  at: { namespace: string; name: string },
  randomBytes: (size: number) => Uint8Array,
): Promise<Keyring> {
  const found = await readKeySecret(transport, at);
  if (found !== undefined) return found;
  try {
    await createKeySecret(transport, at, keyOf(randomBytes(KEY_BYTES)));
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
  }
  const created = await readKeySecret(transport, at);
  if (created === undefined) throw new UnusableKeyError(`Secret ${at.namespace}/${at.name} was deleted just now`);
  return created;
}

async function readKeySecret(
  transport: KubeTransport,
  at: { namespace: string; name: string },
): Promise<Keyring | undefined> {
  try {
    const secret = await transport.request({ method: 'GET', path: resourcePath(SECRETS, at) });
    return parseKeyring(stringMap(asObject(secret).data), `Secret ${at.namespace}/${at.name}`);
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Errors name the Secret and the entry, never a value. */
function parseKeyring(data: Readonly<Record<string, string>>, where: string): Keyring {
  const keys = Object.entries(data)
    .filter(([entry]) => entry !== CURRENT)
    .map(([entry, encoded]) => parseKey(entry, Buffer.from(encoded, 'base64'), where));
  const id = Buffer.from(data[CURRENT] ?? '', 'base64')
    .toString('utf8')
    .trim();
  const current = keys.find((key) => key.id === id);
  if (current === undefined) {
    throw new UnusableKeyError(`${where}: data.${CURRENT} must name one of the other entries, which hold the keys`);
  }
  return keyring(current, keys);
}

function parseKey(entry: string, bytes: Uint8Array, where: string): Key {
  const key = keyOf(bytes);
  if (bytes.length !== KEY_BYTES) {
    throw new UnusableKeyError(`${where}: data.${entry} must be ${KEY_BYTES} bytes, it is ${bytes.length}`);
  }
  if (key.id !== entry) {
    throw new UnusableKeyError(`${where}: the entry ${entry} holds a key whose id is ${key.id}; they must be the same`);
  }
  return key;
}

async function createKeySecret(
  transport: KubeTransport,
  at: { namespace: string; name: string },
  key: Key,
): Promise<void> {
  await transport.request({
    method: 'POST',
    path: resourcePath(SECRETS, { namespace: at.namespace }),
    query: { fieldManager: FIELD_MANAGER },
    body: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...at, labels: { 'app.kubernetes.io/name': 'restamp', 'app.kubernetes.io/component': 'key' } },
      data: {
        [CURRENT]: Buffer.from(key.id).toString('base64'),
        [key.id]: Buffer.from(key.bytes).toString('base64'),
      },
    },
  });
}
