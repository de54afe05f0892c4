/** What holds for every answer of the webhook, whatever it was asked. */
import { asObject, asText, equalJson, isObject, type JsonObject, parseJson } from '../../core/json.ts';
import { CONFIG_HASH, HISTORY, RECORD } from '../../core/names.ts';
import { kindOf, WORKLOAD_KINDS } from '../../core/workload.ts';
import { copy } from '../core/build.ts';
import { applyJsonPatch } from '../core/json-patch.ts';
import { patchOf } from '../webhook/build.ts';

export const PATHS = ['/mutate', '/validate', '/validate/enforce'] as const;
export type Path = (typeof PATHS)[number];

export interface Exchange {
  readonly path: Path;
  /** The body as it was sent. */
  readonly sent: string;
  readonly status: number;
  /** The body that came back. */
  readonly answer: string;
}

/** What is wrong with an answer; nothing where all is well. */
export function faultOf({ path, sent, status, answer }: Exchange): string | undefined {
  const body = asObject(parseJson(answer));
  if (status >= 400 && status < 500) {
    return asText(body.error) === undefined ? `a ${status} that says no reason` : undefined;
  }
  if (status !== 200) return `status ${status}`;
  const request = asObject(asObject(parseJson(sent)).request);
  const response = asObject(body.response);
  return reviewFault(body, response, request) ?? denialFault(path, response, request) ?? patchFault(response, request);
}

function reviewFault(body: JsonObject, response: JsonObject, request: JsonObject): string | undefined {
  if (body.kind !== 'AdmissionReview' || body.apiVersion !== 'admission.k8s.io/v1') return 'no AdmissionReview';
  if (response.uid !== request.uid) return 'another uid';
  if (typeof response.allowed !== 'boolean') return 'neither allowed nor denied';
  const warnings = response.warnings ?? [];
  const isText = (text: unknown): boolean => typeof text === 'string' && text.length <= 256;
  return Array.isArray(warnings) && warnings.every(isText) ? undefined : 'warnings that the API server would cut';
}

/** Only one path may deny, and only because of annotations that are restamp's own. */
function denialFault(path: Path, response: JsonObject, request: JsonObject): string | undefined {
  if (response.allowed === true) return undefined;
  if (path !== '/validate/enforce') return `${path} denied`;
  const { annotations } = asObject(asObject(request.object).metadata);
  return Object.keys(asObject(annotations)).some((name) => name.startsWith('restamp.dev/'))
    ? undefined
    : 'denied for what is not restamp’s';
}

function patchFault(response: JsonObject, request: JsonObject): string | undefined {
  const patch = patchOf(response);
  if (patch.length === 0) return response.patch === undefined ? undefined : 'an empty patch';
  if (response.patchType !== 'JSONPatch') return 'a patch of no type';
  if (!isObject(request.object)) return 'a patch for what is no object';
  try {
    const patched = applyJsonPatch(request.object, patch);
    const path = templatePath(request);
    return equalJson(withoutOurs(request.object, path), withoutOurs(patched, path))
      ? undefined
      : 'a patch of what is not restamp’s';
  } catch (error) {
    return `a patch that does not apply: ${String(error)}`;
  }
}

function templatePath({ resource }: JsonObject): readonly string[] {
  const { group, resource: name } = asObject(resource);
  return kindOf(WORKLOAD_KINDS, { group: asText(group) ?? '', resource: asText(name) ?? '' })?.templatePath ?? [];
}

/** The object less restamp's annotations, and less the empty maps that are left where they were. */
function withoutOurs(object: JsonObject, path: readonly string[]): JsonObject {
  const copied = copy(object);
  removeFrom(copied, [RECORD, HISTORY]);
  removeFrom(
    path.reduce<unknown>((parent, name) => own(parent, name), copied),
    [CONFIG_HASH],
  );
  return copied;
}

function removeFrom(holder: unknown, names: readonly string[]): void {
  if (!isObject(holder)) return;
  const mutable = holder as Record<string, unknown>;
  const metadata = own(mutable, 'metadata');
  const annotations = own(metadata, 'annotations');
  const left = Object.entries(asObject(annotations)).filter(([name]) => !names.includes(name));
  const kept = Object.entries(asObject(metadata)).filter(([name]) => name !== 'annotations');
  // From entries: a key called __proto__ is one like any other.
  const rebuilt = Object.fromEntries(left.length === 0 ? kept : [...kept, ['annotations', Object.fromEntries(left)]]);
  if (Object.keys(rebuilt).length === 0) delete mutable.metadata;
  else mutable.metadata = rebuilt;
}

function own(parent: unknown, name: string): unknown {
  return isObject(parent) && Object.hasOwn(parent, name) ? asObject(parent)[name] : undefined;
}
