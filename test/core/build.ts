/** Builders for tests: the smallest objects that say what a test is about. JSON in, so that parsing is part of every test. */
import { type Configuration, configuration, type Sources, stampOf } from '../../core/digest.ts';
import { asObject, type JsonObject, parseJson } from '../../core/json.ts';
import { type Key, type Keyring, keyOf, keyring } from '../../core/key.ts';
import { CONFIG_HASH, HISTORY, RECORD } from '../../core/names.ts';
import type { Ours } from '../../core/ours.ts';
import { parseSource, parseWorkload } from '../../core/parse.ts';
import { mergePatches, nested } from '../../core/patch.ts';
import { formatRecord } from '../../core/record.ts';
import { references } from '../../core/reference.ts';
import type { Selection } from '../../core/selection.ts';
import { type Source, type SourceId, type SourceKind, sourceId } from '../../core/source.ts';
import { WORKLOAD_KINDS, type Workload, type WorkloadKind } from '../../core/workload.ts';

export const NAMESPACE = 'shop';

/** One of the kinds restamp knows, by its name. */
export function kindNamed(name: string): WorkloadKind {
  const kind = WORKLOAD_KINDS.find(({ kind }) => kind === name);
  if (kind === undefined) throw new Error('the test asks for a kind of workload that there is none of');
  return kind;
}

export const DEPLOYMENT: WorkloadKind = kindNamed('Deployment');

/** Keys by number: the same number is the same key in every run. */
export function key(number: number): Key {
  return keyOf(new Uint8Array(32).fill(number));
}

export const KEY = key(1);
export const KEYRING: Keyring = keyring(KEY);

export function container(fields: JsonObject = {}): JsonObject {
  return { name: 'app', image: 'app:1', ...fields };
}

/** A pod spec of one container. */
export function podSpec(fields: JsonObject = {}, spec: JsonObject = {}): JsonObject {
  return { containers: [container(fields)], ...spec };
}

/** A pod spec whose container takes these variables with `valueFrom`. */
export function envSpec(...sources: readonly JsonObject[]): JsonObject {
  return podSpec({ env: sources.map((valueFrom, index) => ({ name: `V${index}`, valueFrom })) });
}

/** A pod spec whose container takes these objects with `envFrom`. */
export function envFromSpec(...sources: readonly JsonObject[]): JsonObject {
  return podSpec({ envFrom: sources });
}

export function configMapJson(name: string, data: JsonObject = {}, fields: JsonObject = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: NAMESPACE, name }, data, ...fields };
}

/** A Secret; values are given as they are and encoded here. */
export function secretJson(name: string, data: Readonly<Record<string, string>> = {}): JsonObject {
  const encoded = Object.entries(data).map(([name, text]) => [name, Buffer.from(text).toString('base64')]);
  return { ...configMapJson(name, Object.fromEntries(encoded)), kind: 'Secret' };
}

export function sourceOf(json: JsonObject): Source {
  const source = parseSource(json.kind as SourceKind, json);
  if (source === undefined) throw new Error('the test builds a source that cannot be parsed');
  return source;
}

/** What a reader of these objects hands to core for a workload in NAMESPACE, or in another one. */
export function sourcesOf(objects: readonly JsonObject[], home: string = NAMESPACE): Sources {
  return new Map(objects.map(sourceOf).map((source) => [relativeId(source, home), source]));
}

/** A source as a workload in `home` calls it. */
function relativeId({ kind, namespace, name }: Source, home: string): SourceId {
  return sourceId(namespace === home ? { kind, name } : { kind, namespace, name });
}

export function configurationOf(spec: unknown, objects: readonly JsonObject[], using: Key = KEY): Configuration {
  return configuration(references(spec), sourcesOf(objects), using);
}

export interface WorkloadFields {
  readonly annotations?: JsonObject;
  readonly templateAnnotations?: JsonObject;
  readonly spec?: JsonObject;
}

/** A Deployment as the API server shows it. */
export function workloadJson({ annotations, templateAnnotations, spec = podSpec() }: WorkloadFields = {}): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      namespace: NAMESPACE,
      name: 'web',
      uid: 'u1',
      resourceVersion: '7',
      ...(annotations && { annotations }),
    },
    spec: {
      replicas: 1,
      template: { metadata: { ...(templateAnnotations && { annotations: templateAnnotations }) }, spec },
    },
  };
}

/** A Deployment's JSON as another kind, which may have its template elsewhere; `spec` is put beside it. */
export function asKind(json: JsonObject, { apiKind, templatePath }: WorkloadKind, spec: JsonObject = {}): JsonObject {
  const { template } = asObject(json.spec);
  const { spec: _, ...rest } = json;
  return mergePatches({ ...rest, kind: apiKind }, { spec }, nested(templatePath, asObject(template)));
}

/** The workload with these annotations of restamp's on top of its own. */
export function withOurs({ annotations, templateAnnotations, ...fields }: WorkloadFields, ours: Ours): JsonObject {
  const text = (name: string, value: string | undefined): JsonObject => (value === undefined ? {} : { [name]: value });
  return workloadJson({
    ...fields,
    annotations: { ...annotations, ...text(RECORD, ours.record), ...text(HISTORY, ours.history) },
    templateAnnotations: { ...templateAnnotations, ...text(CONFIG_HASH, ours.stamp) },
  });
}

export function workloadOf(json: JsonObject, kind: WorkloadKind = DEPLOYMENT): Workload {
  const workload = parseWorkload(json, kind, NAMESPACE);
  if (workload === undefined) throw new Error('the test builds a workload that cannot be parsed');
  return workload;
}

/** What restamp writes for a configuration that it stamps. */
export function oursFor(wanted: Configuration, using: Key = KEY, history?: string): Ours {
  const stamp = stampOf(wanted, using);
  return { stamp, record: formatRecord({ ...wanted, stamp }), history };
}

/** The object after the API server has had it: plain JSON and nothing shared with the original. */
export function copy(json: JsonObject): JsonObject {
  return parseJson(JSON.stringify(json)) as JsonObject;
}

/** Every reference of the pod template, and no more. */
export const ALL_REFERENCES: Selection = {
  automatic: new Set<SourceKind>(['ConfigMap', 'Secret', 'SecretProviderClass']),
  searching: new Set(),
  named: [],
  excluded: [],
};
