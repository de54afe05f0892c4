/** Deployments as the API server stores them: whole objects, of which the model remembers only what differs. */
import { isDeepStrictEqual } from 'node:util';
import type { Admitted } from '../../core/admission.ts';
import { asObject, type JsonObject, parseJson } from '../../core/json.ts';
import { CONFIG_HASH, HISTORY, RECORD } from '../../core/names.ts';
import { oursOf } from '../../core/ours.ts';
import { parseWorkload } from '../../core/parse.ts';
import { WORKLOAD_KINDS, type WorkloadKind } from '../../core/workload.ts';
import { NAMESPACE, podSpecOf, type Variant, WORKLOADS, type WorkloadIndex } from './cast.ts';

/** What differs between two states of one Deployment. */
export interface Stored {
  readonly variant: Variant;
  readonly stamp: string | undefined;
  readonly record: string | undefined;
}

/** The version that every object claims to have: whether it changed is the model's business, not the text's. */
export const VERSION = '1';

const DEPLOYMENT = deployment();

function deployment(): WorkloadKind {
  const [kind] = WORKLOAD_KINDS;
  if (kind?.kind !== 'Deployment') throw new Error('the first kind of workload is not the Deployment');
  return kind;
}

/** The whole object, with annotations of others at both places where restamp has its own. */
export function rawOf(workload: WorkloadIndex, { variant, stamp, record }: Stored): JsonObject {
  const { name } = WORKLOADS[workload];
  const recorded = record === undefined ? {} : { [RECORD]: record };
  const stamped = stamp === undefined ? {} : { [CONFIG_HASH]: stamp };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      ...{ namespace: NAMESPACE, name, uid: name, resourceVersion: VERSION, labels: { app: name } },
      annotations: { 'example.org/owner': 'team', ...recorded },
    },
    spec: {
      ...{ replicas: 2, selector: { matchLabels: { app: name } } },
      template: {
        metadata: { labels: { app: name }, annotations: { 'example.org/variant': String(variant), ...stamped } },
        spec: podSpecOf(workload, variant),
      },
    },
  };
}

/** What the model remembers of an object. */
export function storedOf(raw: unknown): Stored {
  const { workload } = admittedOf(raw);
  const { stamp, record } = oursOf(workload);
  return { variant: workload.template.annotations['example.org/variant'] === '2' ? 2 : 1, stamp, record };
}

/** Which of restamp's annotations says what the pods have: the record, if it is that of the stamp or the stamp is gone. */
export function speakerOf({ stamp, record }: Stored): 'record' | 'stamp' | 'nobody' {
  if (record !== undefined && (stamp === undefined || asObject(parseJson(record)).stamp === stamp)) return 'record';
  return stamp === undefined ? 'nobody' : 'stamp';
}

/** The object as the webhook parses it. */
export function admittedOf(raw: unknown): Admitted {
  const workload = parseWorkload(raw, DEPLOYMENT, NAMESPACE);
  if (workload === undefined) throw new Error('a write left an object without a pod template');
  return { workload, kindInfo: DEPLOYMENT, raw };
}

export const KIND_INFO: WorkloadKind = DEPLOYMENT;

/** Whether two objects are the same but for restamp's own annotations. Shares no code with `core/`. */
export function sameButForOurs(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(withoutOurs(a), withoutOurs(b));
}

function withoutOurs(raw: unknown): unknown {
  const object = asObject(raw);
  const spec = asObject(object.spec);
  const template = asObject(spec.template);
  return {
    ...object,
    metadata: unannotated(object.metadata),
    spec: { ...spec, template: { ...template, metadata: unannotated(template.metadata) } },
  };
}

function unannotated(metadata: unknown): unknown {
  const {
    [CONFIG_HASH]: _hash,
    [RECORD]: _record,
    [HISTORY]: _history,
    ...others
  } = asObject(asObject(metadata).annotations);
  return { ...asObject(metadata), annotations: others };
}
