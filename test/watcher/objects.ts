/** Workloads of the kinds that differ from a Deployment, as the API server shows them. */
import { asObject, type JsonObject } from '../../core/json.ts';
import { CONFIG_HASH, HISTORY, RECORD } from '../../core/names.ts';
import type { Ours } from '../../core/ours.ts';
import { NAMESPACE } from '../core/build.ts';
import { APP } from '../core/decision-worlds.ts';

export interface ObjectFields {
  readonly name?: string;
  readonly annotations?: JsonObject;
  readonly metadata?: JsonObject;
  readonly spec?: JsonObject;
  readonly podSpec?: JsonObject;
  readonly templateAnnotations?: JsonObject;
  readonly status?: JsonObject;
}

/** An object of a kind, with its pod template at the usual place. */
export function objectOf(apiVersion: string, kind: string, fields: ObjectFields = {}): JsonObject {
  const { name = 'web', annotations = {}, metadata, spec, podSpec = APP, templateAnnotations = {}, status } = fields;
  return {
    ...{ apiVersion, kind },
    metadata: { namespace: NAMESPACE, name, uid: `uid-of-${name}`, annotations, ...metadata },
    spec: { template: { metadata: { annotations: templateAnnotations }, spec: podSpec }, ...spec },
    ...(status && { status }),
  };
}

export const deployment = (fields: ObjectFields = {}): JsonObject => objectOf('apps/v1', 'Deployment', fields);

export const rollout = (fields: ObjectFields = {}): JsonObject => objectOf('argoproj.io/v1alpha1', 'Rollout', fields);

/** An Argo Rollout that runs the template of a Deployment. */
export function borrower(lender: string, { name = 'canary', spec, ...fields }: ObjectFields = {}): JsonObject {
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: lender };
  const made = rollout({ ...fields, name });
  return { ...made, spec: { workloadRef, ...spec } };
}

export const job = (fields: ObjectFields = {}): JsonObject => objectOf('batch/v1', 'Job', { name: 'load', ...fields });

/** A CronJob, whose pod template is two templates deep. */
export function cronJob({ name = 'nightly', spec, ...fields }: ObjectFields = {}): JsonObject {
  const made = objectOf('batch/v1', 'CronJob', { ...fields, name });
  const { template } = asObject(made.spec);
  return { ...made, spec: { schedule: '@daily', jobTemplate: { spec: { template } }, ...spec } };
}

/** The object with these annotations of restamp's, the stamp where its template is. */
export function carrying(object: JsonObject, { stamp, record, history }: Ours): JsonObject {
  const metadata = asObject(object.metadata);
  const ours = { ...(record && { [RECORD]: record }), ...(history && { [HISTORY]: history }) };
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...asObject(metadata.annotations), ...ours } },
    spec: stamp === undefined ? object.spec : stamped(asObject(object.spec), stamp),
  };
}

function stamped(spec: JsonObject, stamp: string): JsonObject {
  if (spec.template !== undefined) {
    const template = asObject(spec.template);
    const metadata = asObject(template.metadata);
    const annotations = { ...asObject(metadata.annotations), [CONFIG_HASH]: stamp };
    return { ...spec, template: { ...template, metadata: { ...metadata, annotations } } };
  }
  const jobTemplate = asObject(spec.jobTemplate);
  return { ...spec, jobTemplate: { ...jobTemplate, spec: stamped(asObject(jobTemplate.spec), stamp) } };
}
