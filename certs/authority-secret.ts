/** The Secret that holds a self-signed authority. Errors name it and never quote it. */
import { asObject, asText, member, stringMap } from '../core/json.ts';
import { FIELD_MANAGER } from '../core/names.ts';
import { isStatus } from '../kube/error.ts';
import { resourcePath, SECRETS } from '../kube/path.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { type Bundle, formatBundle, parseBundle } from './bundle.ts';

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** What the Secret held when it was read; the bundle is undefined where it was empty. */
export interface Held {
  readonly bundle: Bundle | undefined;
  readonly resourceVersion: string;
}

/** Undefined where there is no Secret. */
export async function readAuthority(
  transport: KubeTransport,
  at: SecretName,
  signal: AbortSignal,
): Promise<Held | undefined> {
  const secret = await unless([404], transport.request({ method: 'GET', path: resourcePath(SECRETS, at), signal }));
  if (secret === REFUSED) return undefined;
  const metadata = asObject(asObject(secret).metadata);
  if (member(metadata.annotations, 'cert-manager.io/certificate-name') !== undefined) {
    throw new Error(
      `Secret ${at.namespace}/${at.name} is cert-manager's: delete it, or give the self-signed authority another one`,
    );
  }
  return {
    bundle: parseBundle(stringMap(member(secret, 'data'))),
    resourceVersion: asText(metadata.resourceVersion) ?? '',
  };
}

/** Writes a bundle over what was read. False where somebody else was there first: read again. */
export async function writeAuthority(
  transport: KubeTransport,
  at: SecretName,
  { held, bundle, signal }: { held: Held | undefined; bundle: Bundle; signal: AbortSignal },
): Promise<boolean> {
  const data = formatBundle(bundle);
  if (held === undefined) return create(transport, at, { data, signal });
  const path = resourcePath(SECRETS, at);
  const body = { metadata: { resourceVersion: held.resourceVersion }, data };
  const written = transport.request({
    method: 'PATCH',
    path,
    query: { fieldManager: FIELD_MANAGER },
    contentType: 'application/merge-patch+json',
    body,
    signal,
  });
  // 404: deleted since it was read.
  return (await unless([404, 409], written)) !== REFUSED;
}

async function create(
  transport: KubeTransport,
  at: SecretName,
  { data, signal }: { data: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<boolean> {
  const labels = { 'app.kubernetes.io/name': 'restamp', 'app.kubernetes.io/component': 'certificates' };
  const created = transport.request({
    method: 'POST',
    path: resourcePath(SECRETS, { namespace: at.namespace }),
    query: { fieldManager: FIELD_MANAGER },
    body: { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { ...at, labels }, data },
    signal,
  });
  return (await unless([409], created)) !== REFUSED;
}

const REFUSED = Symbol('refused');

/** The answer, or REFUSED where it is one of these statuses. */
async function unless(statuses: readonly number[], answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (statuses.some((status) => isStatus(error, status))) return REFUSED;
    throw error;
  }
}
