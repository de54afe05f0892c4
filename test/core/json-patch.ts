/** A strict JSON Patch applier (RFC 6902, `add` and `remove` on objects): whatever the API server would refuse throws. */
import { isObject, type JsonObject } from '../../core/json.ts';
import type { PatchOperation } from '../../core/patch.ts';
import { copy } from './build.ts';

export function applyJsonPatch(object: JsonObject, operations: readonly PatchOperation[]): JsonObject {
  return operations.reduce(applyOperation, copy(object));
}

function applyOperation(object: JsonObject, { op, path, value }: PatchOperation): JsonObject {
  const names = namesOf(path);
  const last = names.pop();
  if (last === undefined) throw new Error('the patch is for the whole document');
  const parent = names.reduce<Record<string, unknown>>(descend, object);
  if (op === 'remove' && !Object.hasOwn(parent, last)) throw new Error(`nothing to remove at ${path}`);
  if (op === 'add' && value === undefined) throw new Error(`nothing to add at ${path}`);
  if (op === 'remove') delete parent[last];
  else Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true });
  return copy(object);
}

function descend(parent: Record<string, unknown>, name: string): Record<string, unknown> {
  const child = Object.hasOwn(parent, name) ? parent[name] : undefined;
  if (!isObject(child)) throw new Error(`no object called ${name} to go into`);
  return child as Record<string, unknown>;
}

/** RFC 6901 §4: a lone `~` is an error, `~1` is read before `~0`. */
function namesOf(path: string): string[] {
  if (!/^(\/([^~]|~[01])*)+$/.test(path)) throw new Error(`not a JSON pointer: ${path}`);
  return path
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** JSON merge patch (RFC 7386 §2). */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = applyMergePatch(merged[name], value);
  }
  return merged;
}
