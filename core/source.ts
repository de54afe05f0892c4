/** A source: an object a workload takes configuration from. */

export type SourceKind = 'ConfigMap' | 'Secret' | 'SecretProviderClass';

export const SOURCE_KINDS: readonly SourceKind[] = ['ConfigMap', 'Secret', 'SecretProviderClass'];

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
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One field manager's latest write to the content of a source, from `metadata.managedFields`. */
export interface Writer {
  readonly manager: string;
  /** RFC 3339, as the API server wrote it. */
  readonly at: string;
  /** The entries the manager owns. */
  readonly keys: readonly string[];
}

/**
 * `configmap/app-config`: how a source is written in the record, in logs and by users, the namespace being the workload's;
 * `configmap/team/app-config` where it is another.
 */
export type SourceId = `${'configmap' | 'secret' | 'secretproviderclass'}/${string}`;

const PREFIX = {
  ConfigMap: 'configmap',
  Secret: 'secret',
  SecretProviderClass: 'secretproviderclass',
} as const satisfies Record<SourceKind, string>;

const KINDS: ReadonlyMap<string, SourceKind> = new Map(SOURCE_KINDS.map((kind) => [PREFIX[kind], kind]));

/** The kind that is written like this before a slash; `undefined` for any other word. */
export function sourceKindOf(prefix: string): SourceKind | undefined {
  return KINDS.get(prefix);
}

/** A source as a workload names it: without a namespace it is in the workload's own. */
export interface RelativeName {
  readonly kind: SourceKind;
  readonly namespace?: string;
  readonly name: string;
}

/** Names a source as a workload sees it. Neither part of a name can hold a slash, so no two sources are called alike. */
export function sourceId({ kind, namespace, name }: RelativeName): SourceId {
  return `${PREFIX[kind]}/${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** The inverse of {@link sourceId}, seen from a workload in `home`. */
export function parseSourceId(id: SourceId, home: string): SourceName {
  const [prefix = '', ...rest] = id.split('/');
  const [first = '', second] = rest;
  const kind = KINDS.get(prefix) ?? 'Secret';
  return second === undefined
    ? { kind, namespace: home, name: first }
    : { kind, namespace: first, name: rest.slice(1).join('/') };
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
