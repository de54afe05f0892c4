/** Builders for tests of the webhook: reviews as the API server sends them, and the server with handlers that do nothing. */
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { asObject, asText, type JsonObject, parseJson } from '../../core/json.ts';
import { oursOf } from '../../core/ours.ts';
import type { PatchOperation } from '../../core/patch.ts';
import { NO_EXTRA_REFERENCES } from '../../core/reference.ts';
import { WORKLOAD_KINDS } from '../../core/workload.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { type MutateOptions, mutate, type ToldAdmission } from '../../webhook/mutate.ts';
import { type AdmissionRequest, parseReview, reviewOf } from '../../webhook/review.ts';
import { createServer, type ServerOptions } from '../../webhook/server.ts';
import { copy, KEYRING, NAMESPACE, workloadJson, workloadOf } from '../core/build.ts';
import { applyJsonPatch } from '../core/json-patch.ts';

/** A budget that no test uses up. */
const PATIENT_MS = 30_000;

export const UID = '705ab4f5-6393-11e8-b7cc-42010a800002';

/** An AdmissionReview for a new Deployment, unless told otherwise. */
export function reviewJson(request: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: UID,
      kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      namespace: NAMESPACE,
      name: 'web',
      operation: 'CREATE',
      userInfo: { username: 'someone' },
      object: workloadJson(),
      oldObject: null,
      dryRun: false,
      ...request,
    },
  };
}

/** A review for an update from one object to the other. */
export function updateJson(oldObject: JsonObject, object: JsonObject, request: JsonObject = {}): JsonObject {
  return reviewJson({ operation: 'UPDATE', oldObject, object, ...request });
}

/** The server without TLS, for `inject()`. */
export function serverWith(options: Partial<ServerOptions> = {}): FastifyInstance {
  return createServer({
    mutate: async () => ({}),
    validate: async () => ({}),
    enforce: async () => ({}),
    draining: () => false,
    onCrash: () => {},
    ...options,
  });
}

/** `/mutate` as it is wired. */
export function mutating(transport: KubeTransport, options: Partial<MutateOptions> = {}): FastifyInstance {
  return serverWith({ mutate: async (request) => (await mutate(request, mutateOptions(transport, options))).verdict });
}

export function mutateOptions(transport: KubeTransport, options: Partial<MutateOptions> = {}): MutateOptions {
  const policy = { excludedNamespaces: new Set(['excluded']), ownNamespace: 'restamp', all: false };
  return {
    ...{ transport, policy, keyring: () => KEYRING, budgetMs: PATIENT_MS },
    ...{ kinds: WORKLOAD_KINDS, references: NO_EXTRA_REFERENCES, sources: {} },
    ...{ onCreate: false, onDelete: false, rollsElsewhere: false },
    ...options,
  };
}

export interface Post {
  readonly body?: string | Buffer;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends bytes as they are. */
export function post(app: FastifyInstance, { body, path = '/mutate', headers }: Post): Promise<LightMyRequestResponse> {
  return app.inject({
    method: 'POST',
    url: path,
    headers: headers ?? { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { payload: body }),
  });
}

export function postReview(
  app: FastifyInstance,
  review: JsonObject,
  path = '/mutate',
): Promise<LightMyRequestResponse> {
  return post(app, { body: JSON.stringify(review), path });
}

/** The `response` of the review that came back. */
export function responseOf(answer: { readonly body: string }): JsonObject {
  return asObject(asObject(parseJson(answer.body)).response);
}

export function patchOf(response: JsonObject): readonly PatchOperation[] {
  const encoded = asText(response.patch);
  if (encoded === undefined) return [];
  return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as readonly PatchOperation[];
}

/** The object as the API server stores it after this answer. */
export function storedAfter(object: JsonObject, response: JsonObject): JsonObject {
  return applyJsonPatch(object, patchOf(response));
}

/** What the stored object carries of restamp's. */
export function oursAfter(object: JsonObject, response: JsonObject): ReturnType<typeof oursOf> {
  return oursOf(workloadOf(storedAfter(object, response)));
}

/** A review answered by `/mutate`, and what logs are told. */
export interface Done {
  /** `response` of the review. */
  readonly response: JsonObject;
  readonly told: ToldAdmission;
}

/** One review through `/mutate`, less HTTP. */
export async function send(review: JsonObject, options: MutateOptions): Promise<Done> {
  const { verdict, told } = await mutate(requestOf(review), options);
  return { response: responseOf({ body: JSON.stringify(reviewOf('u', verdict)) }), told };
}

export function requestOf(review: JsonObject): AdmissionRequest {
  const parsed = parseReview(copy(review));
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.request;
}
