/** The writes: JSON Patch for the webhook (RFC 6902), JSON merge patch for the watcher (RFC 7386). */
import { asObject, isObject } from './json.ts';
import { CONFIG_HASH, HISTORY, RECORD } from './names.ts';
import type { Ours } from './ours.ts';

export interface PatchOperation {
  readonly op: 'add' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

const METADATA_PATH = ['metadata'] as const;
const TEMPLATE_METADATA_PATH = ['spec', 'template', 'metadata'] as const;

/**
 * The JSON Patch after which `object` carries `ours` and nothing else of restamp's; empty where it does already.
 * Missing parents are added, so the patch always applies.
 */
export function admissionPatch(object: unknown, ours: Ours): readonly PatchOperation[] {
  return [
    ...annotationOperations(object, METADATA_PATH, { [RECORD]: ours.record, [HISTORY]: ours.history }),
    ...annotationOperations(object, TEMPLATE_METADATA_PATH, { [CONFIG_HASH]: ours.stamp }),
  ];
}

type Annotations = Readonly<Record<string, string | undefined>>;

function annotationOperations(object: unknown, path: readonly string[], wanted: Annotations): PatchOperation[] {
  const metadata = path.reduce<unknown>((parent, name) => asObject(parent)[name], object);
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

/** Writes the record alone: the template is not touched, so nothing rolls. */
export function recordPatch(resourceVersion: string, record: string): unknown {
  return { metadata: { resourceVersion, annotations: { [RECORD]: record } } };
}

/** Stamp, record and history in one write: no crash can come between them. */
export function rolloutPatch(resourceVersion: string, ours: Ours): unknown {
  return {
    metadata: { resourceVersion, annotations: { [RECORD]: ours.record, [HISTORY]: ours.history } },
    spec: { template: { metadata: { annotations: { [CONFIG_HASH]: ours.stamp } } } },
  };
}
