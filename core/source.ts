/** A source: an object a workload takes configuration from. */

export type SourceKind = 'ConfigMap' | 'Secret';

/** Which object, without its content. */
export interface SourceName {
  readonly kind: SourceKind;
  readonly namespace: string;
  readonly name: string;
}

/** A source as it was read: its entries as bytes, and who wrote them (never logged, never kept). */
export interface Source extends SourceName {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly entries: ReadonlyMap<string, Uint8Array>;
  readonly writers: readonly Writer[];
}

/** One field manager's latest write to the content of a source, from `metadata.managedFields`. */
export interface Writer {
  readonly manager: string;
  /** RFC 3339, as the API server wrote it. */
  readonly at: string;
  /** The entries the manager owns. */
  readonly keys: readonly string[];
}

/** `configmap/app-config`: how a source is written in the record, in logs and by users; the namespace is the workload's. */
export type SourceId = `${'configmap' | 'secret'}/${string}`;

const PREFIX = { ConfigMap: 'configmap', Secret: 'secret' } as const satisfies Record<SourceKind, string>;

/** Names a source within its namespace. */
export function sourceId(source: Pick<SourceName, 'kind' | 'name'>): SourceId {
  return `${PREFIX[source.kind]}/${source.name}`;
}

/** The inverse of {@link sourceId}. */
export function parseSourceId(id: SourceId, namespace: string): SourceName {
  const slash = id.indexOf('/');
  const kind = id.slice(0, slash) === PREFIX.ConfigMap ? 'ConfigMap' : 'Secret';
  return { kind, namespace, name: id.slice(slash + 1) };
}

/**
 * Who last wrote one of the keys; with `*` among them, who last wrote anything.
 * `undefined` where managedFields do not tell (they were reset, or the object is gone).
 */
export function lastWriter(writers: readonly Writer[], keys: readonly string[]): Writer | undefined {
  const all = keys.includes('*');
  return writers
    .filter((writer) => all || writer.keys.some((key) => keys.includes(key)))
    .reduce<Writer | undefined>((latest, writer) => (latest && latest.at >= writer.at ? latest : writer), undefined);
}
