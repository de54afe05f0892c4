/**
 * What a SecretProviderClass (Secrets Store CSI driver) brings, as far as the API tells: the versions of its objects in the
 * SecretProviderClassPodStatus of each pod that mounted it. The secrets themselves are never seen.
 */
import { asList, asObject, asText, member } from './json.ts';
import type { Source, Writer } from './source.ts';

/** One pod's status of one class. */
export interface ClassStatus {
  readonly namespace: string;
  readonly className: string;
  readonly resourceVersion: string;
  /** Version by id. */
  readonly objects: ReadonlyMap<string, string>;
  readonly writers: readonly Writer[];
}

/** Reads a SecretProviderClassPodStatus; `undefined` where it names no class. */
export function parseClassStatus(value: unknown): ClassStatus | undefined {
  const object = asObject(value);
  const metadata = asObject(object.metadata);
  const status = asObject(object.status);
  const className = asText(status.secretProviderClassName);
  if (className === undefined) return undefined;
  const objects = new Map(
    asList(status.objects).flatMap((item) => {
      const { id, version } = asObject(item);
      return typeof id === 'string' && typeof version === 'string' ? [[id, version] as const] : [];
    }),
  );
  return {
    namespace: asText(metadata.namespace) ?? '',
    className,
    resourceVersion: asText(metadata.resourceVersion) ?? '',
    objects,
    writers: asList(metadata.managedFields).flatMap((entry) => parseWriter(entry, [...objects.keys()])),
  };
}

function parseWriter(entry: unknown, keys: readonly string[]): Writer[] {
  const { manager, time, fieldsV1 } = asObject(entry);
  const name = asText(manager);
  return name === undefined || member(fieldsV1, 'f:status') === undefined
    ? []
    : [{ manager: name, at: asText(time) ?? '', keys }];
}

/**
 * A class as a source: what the pod says that was told last. The pods of a workload learn of a rotation one after the
 * other; the first that does so tells the news, and the others say the same later.
 */
export function classSource(name: string, statuses: readonly ClassStatus[]): Source | undefined {
  const latest = statuses
    .filter(({ className, objects }) => className === name && objects.size > 0)
    .reduce<ClassStatus | undefined>((known, status) => (known && !isLater(status, known) ? known : status), undefined);
  if (latest === undefined) return undefined;
  return {
    kind: 'SecretProviderClass',
    namespace: latest.namespace,
    name,
    uid: '',
    resourceVersion: latest.resourceVersion,
    entries: new Map([...latest.objects].map(([id, version]) => [id, Buffer.from(version, 'utf8')])),
    writers: latest.writers,
    labels: {},
    annotations: {},
  };
}

/**
 * Whether a status was written later than another. A label that somebody puts on an old status gives it a new
 * resourceVersion and no new time: it does not tell anything anew. Times are whole seconds; within one, versions count.
 */
function isLater(a: ClassStatus, b: ClassStatus): boolean {
  const [one, other] = [writtenAt(a), writtenAt(b)];
  return one === other ? hasLaterVersion(a, b) : one > other;
}

function writtenAt({ writers }: ClassStatus): string {
  return writers.reduce((latest, { at }) => (at > latest ? at : latest), '');
}

/** Resource versions of one resource are decimal numbers that grow (KEP-5504); they can exceed a double. */
function hasLaterVersion(a: ClassStatus, b: ClassStatus): boolean {
  const [one, other] = [a.resourceVersion, b.resourceVersion];
  return one.length === other.length ? one > other : one.length > other.length;
}
