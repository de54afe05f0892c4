import { asObject, asText, stringMap } from '../core/json.ts';
import { harmlessAnnotations } from '../core/parse.ts';

/** How metadata alone is asked for (https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches). */
export const METADATA_ONLY_ITEM = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
export const METADATA_ONLY_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** What a metadata-only watch tells of an object. */
export interface ObjectMetadata {
  /** Empty for an object of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Less what may hold content. */
  readonly annotations: Readonly<Record<string, string>>;
}

export function parseMetadata(value: unknown): ObjectMetadata | undefined {
  const metadata = asObject(asObject(value).metadata);
  const name = asText(metadata.name);
  if (name === undefined) return undefined;
  return {
    namespace: asText(metadata.namespace) ?? '',
    name,
    uid: asText(metadata.uid) ?? '',
    resourceVersion: asText(metadata.resourceVersion) ?? '',
    labels: stringMap(metadata.labels),
    annotations: harmlessAnnotations(metadata.annotations),
  };
}
