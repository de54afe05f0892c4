/** From the API's JSON to what restamp reads of it. Nothing here throws, and a value is never quoted in an answer. */
import { asList, asObject, asText, isObject, member, stringMap } from './json.ts';
import type { Source, SourceKind, Writer } from './source.ts';
import type { Workload, WorkloadKind } from './workload.ts';

/**
 * Reads a workload of a kind; `undefined` where it has no pod template. A name may be absent: `generateName` at CREATE.
 * `namespace` is what a request says where the object itself does not.
 */
export function parseWorkload(value: unknown, kindInfo: WorkloadKind, namespace = ''): Workload | undefined {
  const object = asObject(value);
  const metadata = asObject(object.metadata);
  const template = templateOf(object, kindInfo);
  if (!isObject(template)) return undefined;
  return {
    kind: kindInfo.kind,
    namespace: asText(metadata.namespace) ?? namespace,
    name: asText(metadata.name) ?? '',
    uid: asText(metadata.uid) ?? '',
    resourceVersion: asText(metadata.resourceVersion) ?? '',
    annotations: stringMap(metadata.annotations),
    template: { annotations: stringMap(asObject(template.metadata).annotations), spec: template.spec },
  };
}

/** The pod template of an object, wherever its kind has it; `undefined` where there is none. */
export function templateOf(value: unknown, { templatePath }: Pick<WorkloadKind, 'templatePath'>): unknown {
  return templatePath.reduce<unknown>((parent, name) => member(parent, name), value);
}

/** Holds a copy of the whole object with its content (kubectl's client-side apply). It is never kept. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The annotations of an object, less what may hold content. */
export function harmlessAnnotations(value: unknown): Readonly<Record<string, string>> {
  const { [LAST_APPLIED]: _, ...annotations } = stringMap(value);
  return annotations;
}

/** Reads a whole ConfigMap or Secret. A ConfigMap's `data` and `binaryData` with equal bytes are equal (DESIGN §7). */
export function parseSource(kind: SourceKind, value: unknown): Source | undefined {
  const object = asObject(value);
  const metadata = asObject(object.metadata);
  const namespace = asText(metadata.namespace);
  const name = asText(metadata.name);
  if (namespace === undefined || name === undefined) return undefined;
  const plain = kind === 'ConfigMap' ? object.data : undefined;
  const encoded = kind === 'ConfigMap' ? object.binaryData : object.data;
  return {
    kind,
    namespace,
    name,
    uid: asText(metadata.uid) ?? '',
    resourceVersion: asText(metadata.resourceVersion) ?? '',
    entries: new Map([
      ...Object.entries(stringMap(plain)).map(([key, text]) => [key, Buffer.from(text, 'utf8')] as const),
      ...Object.entries(stringMap(encoded)).map(([key, text]) => [key, Buffer.from(text, 'base64')] as const),
    ]),
    writers: asList(metadata.managedFields).flatMap(parseWriter),
    labels: stringMap(metadata.labels),
    annotations: harmlessAnnotations(metadata.annotations),
  };
}

/** Entry names in managedFields are written `f:name` (structured-merge-diff's FieldsV1). */
const FIELD_PREFIX = 'f:';

function parseWriter(entry: unknown): Writer[] {
  const { manager, time, fieldsV1 } = asObject(entry);
  const keys = ['f:data', 'f:binaryData']
    .flatMap((field) => Object.keys(asObject(member(fieldsV1, field))))
    .filter((name) => name.startsWith(FIELD_PREFIX))
    .map((name) => name.slice(FIELD_PREFIX.length));
  const name = asText(manager);
  return name === undefined || keys.length === 0 ? [] : [{ manager: name, at: asText(time) ?? '', keys }];
}
