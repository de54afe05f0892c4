/** The Jobs restamp makes: one of a CronJob for a change, or a Job made again under its name. Pure. */
import { asObject, asText, isObject, type JsonObject, stringMap } from '../core/json.ts';
import { HISTORY, INSTANTIATE, RECORD } from '../core/names.ts';
import type { Ours } from '../core/ours.ts';

/** A Job's name is a label of its pods, at most 63 characters, and ends in our 11; a CronJob's is at most 52 already. */
const NAME_LENGTH = 52;

/** The Job of a CronJob's template, as `kubectl create job --from` makes it. Its name is that of the change: made once. */
export function manualJob(cronJob: unknown, changeId: string): JsonObject {
  const { name, namespace, uid } = asObject(asObject(cronJob).metadata);
  const template = asObject(asObject(asObject(cronJob).spec).jobTemplate);
  const { labels, annotations } = asObject(template.metadata);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${String(name).slice(0, NAME_LENGTH)}-${changeId}`,
      namespace,
      labels: stringMap(labels),
      annotations: { ...stringMap(annotations), [INSTANTIATE]: 'manual' },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name, uid, controller: true }],
    },
    spec: template.spec,
  };
}

/** Labels that the Job controller makes up for each Job; on a new one they would be those of the old. */
const GENERATED_LABELS: readonly string[] = [
  'controller-uid',
  'job-name',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
];

/** The same Job to be created again, with what the API server made up for the old one left out. */
export function sameJob(job: unknown, ours: Pick<Ours, 'record' | 'history'>): JsonObject {
  const { metadata, spec } = asObject(job);
  const { name, namespace, labels, annotations, finalizers, ownerReferences } = asObject(metadata);
  const { selector, template, ...rest } = asObject(spec);
  const manual = rest.manualSelector === true;
  const kept = isObject(template) ? { ...template, metadata: withoutGenerated(template.metadata, manual) } : template;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: asText(name),
      namespace,
      labels: dropLabels(labels, manual),
      annotations: { ...stringMap(annotations), [RECORD]: ours.record, [HISTORY]: ours.history },
      ...(Array.isArray(finalizers) ? { finalizers } : {}),
      ...(Array.isArray(ownerReferences) ? { ownerReferences } : {}),
    },
    spec: { ...rest, ...(manual ? { selector } : {}), template: kept },
  };
}

function withoutGenerated(metadata: unknown, manual: boolean): JsonObject {
  const { labels, ...rest } = asObject(metadata);
  return { ...rest, labels: dropLabels(labels, manual) };
}

function dropLabels(labels: unknown, manual: boolean): Readonly<Record<string, string>> {
  if (manual) return stringMap(labels);
  return Object.fromEntries(Object.entries(stringMap(labels)).filter(([name]) => !GENERATED_LABELS.includes(name)));
}
