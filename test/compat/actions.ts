/** What users do, in short words. */
import type { JsonObject } from '../../core/json.ts';
import type { Action, Owner, Target } from './case.ts';
import { type SourceKind, templatePatch, type WorkloadKind } from './kinds.ts';

/** Gives keys of a source a value; `null` removes one. */
export function edit(
  kind: SourceKind,
  data: Readonly<Record<string, string | null>> = { used: 'two' },
  name = 'source',
  namespace?: string,
): Action {
  const target = { kind, name, ...(namespace !== undefined && { namespace }) };
  if (kind === 'ConfigMap') return { do: 'patch', ...target, patch: { data } };
  // A Secret takes plain text under `stringData`, and can lose a key only under `data`.
  const removed = Object.entries(data).filter(([, value]) => value === null);
  const written = Object.entries(data).filter(([, value]) => value !== null);
  const body = { data: Object.fromEntries(removed), stringData: Object.fromEntries(written) };
  return { do: 'patch', ...target, patch: body };
}

export function create(object: JsonObject, ownedBy?: Owner): Action {
  return { do: 'create', object, ...(ownedBy && { ownedBy }) };
}

export function remove(kind: string, name = 'source'): Action {
  return { do: 'delete', kind, name };
}

/** Writes annotations of an object; `null` removes one. */
export function annotate(
  kind: string,
  annotations: Readonly<Record<string, string | null>>,
  name = kind === 'ConfigMap' || kind === 'Secret' ? 'source' : 'app',
): Action {
  return { do: 'patch', kind, name, patch: { metadata: { annotations } } };
}

/** Writes annotations of the workload's pod template: a rollout by its owner. */
export function annotateTemplate(kind: WorkloadKind, annotations: Readonly<Record<string, string | null>>): Action {
  return { do: 'patch', kind, name: 'app', patch: templatePatch(kind, { metadata: { annotations } }) };
}

export function label(kind: string, labels: Readonly<Record<string, string | null>>, name = 'source'): Action {
  return { do: 'patch', kind, name, patch: { metadata: { labels } } };
}

export function patch(target: Target, body: JsonObject): Action {
  return { do: 'patch', ...target, patch: body };
}

export function patchStatus(target: Target, status: JsonObject): Action {
  return { do: 'patch', ...target, patch: { status }, status: true };
}

export function wait(ms: number): Action {
  return { do: 'wait', ms };
}
