/** AdmissionReview, admission.k8s.io/v1: read from a request, built for an answer. */
import { asObject, asText, isObject } from '../core/json.ts';
import { isObjectName } from '../core/object-name.ts';
import type { PatchOperation } from '../core/patch.ts';

/** What is read of an AdmissionRequest. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  readonly kind: string;
  /** Of the resource that the rule matched, to whose version objects were converted. */
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly dryRun: boolean;
  readonly object: unknown;
  readonly oldObject: unknown;
}

export type ParsedReview =
  | { readonly ok: true; readonly request: AdmissionRequest }
  | { readonly ok: false; readonly message: string };

const API_VERSION = 'admission.k8s.io/v1';

/** Reads a review. What is no review gets a message that says what was expected, and is answered with a 400. */
export function parseReview(body: unknown): ParsedReview {
  const review = asObject(body);
  if (review.kind !== 'AdmissionReview' || review.apiVersion !== API_VERSION) {
    return { ok: false, message: `expected an AdmissionReview of ${API_VERSION}` };
  }
  if (!isObject(review.request)) return { ok: false, message: 'expected the AdmissionReview to hold a request' };
  const { request } = review;
  const uid = asText(request.uid);
  if (uid === undefined) return { ok: false, message: 'expected request.uid to be a text' };
  return {
    ok: true,
    request: {
      uid,
      operation: asText(request.operation) ?? '',
      kind: asText(asObject(request.kind).kind) ?? '',
      group: asText(asObject(request.resource).group) ?? '',
      resource: asText(asObject(request.resource).resource) ?? '',
      namespace: asText(request.namespace) ?? '',
      name: asText(request.name) ?? '',
      dryRun: request.dryRun === true,
      object: request.object,
      oldObject: request.oldObject,
    },
  };
}

/**
 * Whether a request stores an object in a namespace. Whoever reaches the port can send anything: the object of a DELETE
 * must not be taken for a new one, nor a namespace like `..` become part of a path.
 */
export function storesObject({ operation, namespace }: AdmissionRequest): boolean {
  return (operation === 'CREATE' || operation === 'UPDATE') && isObjectName(namespace);
}

/** How a request is answered. It is allowed, but for what a namespace asked to have denied (DESIGN §9). */
export interface Verdict {
  /** Why it is denied. */
  readonly denied?: string;
  readonly patch?: readonly PatchOperation[];
  readonly warnings?: readonly string[];
  /** Shows in the API server's audit log, under the webhook's name. */
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

/** The API server passes warnings of up to 256 characters on, and cuts when they exceed 4,096 in all. */
const WARNING_LIMIT = 256;

/** The review to answer with; the uid is the request's own. */
export function reviewOf(uid: string, { denied, patch = [], warnings = [], auditAnnotations }: Verdict): unknown {
  return {
    apiVersion: API_VERSION,
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: denied === undefined,
      ...(denied === undefined ? {} : { status: { code: 403, reason: 'Forbidden', message: denied } }),
      ...(patch.length === 0
        ? {}
        : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
      ...(warnings.length === 0 ? {} : { warnings: warnings.map((warning) => warning.slice(0, WARNING_LIMIT)) }),
      ...(auditAnnotations === undefined ? {} : { auditAnnotations }),
    },
  };
}
