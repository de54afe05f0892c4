/** The writes: JSON Patch for the webhook (RFC 6902), JSON merge patch for the watcher (RFC 7386). */
import { asObject, isObject, type JsonObject, member } from './json.ts';
import { CONFIG_HASH, HISTORY, RECORD } from './names.ts';
import type { Ours } from './ours.ts';
import type { WorkloadKind } from './workload.ts';

export interface PatchOperation {
  readonly op: 'add' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

type TemplatePath = Pick<WorkloadKind, 'templatePath'>;

const METADATA_PATH = ['metadata'] as const;

/**
 * The JSON Patch after which `object` carries `ours` and nothing else of restamp's; empty where it does already.
 * Missing parents are added, so the patch always applies.
 */
export function admissionPatch(object: unknown, ours: Ours, { templatePath }: TemplatePath): readonly PatchOperation[] {
  return [
    ...annotationOperations(object, METADATA_PATH, { [RECORD]: ours.record, [HISTORY]: ours.history }),
    ...annotationOperations(object, [...templatePath, 'metadata'], { [CONFIG_HASH]: ours.stamp }),
  ];
}

type Annotations = Readonly<Record<string, string | undefined>>;

function annotationOperations(object: unknown, path: readonly string[], wanted: Annotations): PatchOperation[] {
  const metadata = path.reduce<unknown>((parent, name) => member(parent, name), object);
  const present = asObject(metadata).annotations;
  const operations = Object.entries(wanted).flatMap(([name, value]) =>
    operation([...path, 'annotations', name], asObject(present)[name], value),
  );
  if (!operations.some(({ op }) => op === 'add')) return operations;
  return [...missingParents(metadata, present, path), ...operations];
}

function operation(path: readonly string[], present: unknown, value: string | undefined): PatchOperation[] {
  if (present === value) return [];
  if (value === undefined) return [{ op: 'remove', path: pointer(path) }];
  return [{ op: 'add', path: pointer(path), value }];
}

function missingParents(metadata: unknown, annotations: unknown, path: readonly string[]): PatchOperation[] {
  if (!isObject(metadata)) return [{ op: 'add', path: pointer(path), value: { annotations: {} } }];
  if (!isObject(annotations)) return [{ op: 'add', path: pointer([...path, 'annotations']), value: {} }];
  return [];
}

/** RFC 6901 §3: `~` and `/` inside a name are escaped. */
function pointer(path: readonly string[]): string {
  return path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Writes the record alone, and the history where it has grown: the template is not touched, so nothing rolls. */
export function recordPatch(
  resourceVersion: string,
  { record, history }: Pick<Ours, 'record' | 'history'>,
): JsonObject {
  const annotations = { [RECORD]: record, ...(history === undefined ? {} : { [HISTORY]: history }) };
  return { metadata: { resourceVersion, annotations } };
}

/** Stamp, record and history in one write: no crash can come between them. */
export function rolloutPatch(resourceVersion: string, ours: Ours, { templatePath }: TemplatePath): JsonObject {
  const template = { metadata: { annotations: { [CONFIG_HASH]: ours.stamp } } };
  return mergePatches(recordPatch(resourceVersion, ours), nested(templatePath, template));
}

/** `{ a: { b: value } }` for the path `a`, `b`. */
export function nested(path: readonly string[], value: JsonObject): JsonObject {
  return path.reduceRight<JsonObject>((inner, name) => ({ [name]: inner }), value);
}

/** One merge patch that does what all of them do; where two write the same member, the later one counts. */
export function mergePatches(...patches: readonly JsonObject[]): JsonObject {
  return patches.reduce((all, patch) => merge(all, patch));
}

function merge(a: JsonObject, b: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const known = merged[name];
    merged[name] = isObject(known) && isObject(value) ? merge(known, value) : value;
  }
  return merged;
}
