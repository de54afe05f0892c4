import { asObject, asText, stringMap } from '../core/json.ts';

/** What a metadata-only watch tells of an object. */
export interface ObjectMetadata {
  /** Empty for an object of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
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
  };
}
