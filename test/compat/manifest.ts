/** Manifests of the compatibility cases: one workload named `app`, and what it takes its configuration from. */
import { asList, asObject, type JsonObject } from '../../core/json.ts';
import type { Use } from './case.ts';
import { apiVersionOf, type SourceKind, type WorkloadKind } from './kinds.ts';

export type Texts = Readonly<Record<string, string>>;

/** What every source holds at first: a key that single-key references use, and one that they do not. */
export const FIRST: Texts = { used: 'one', unused: 'one' };

const IMAGE = 'registry.example/app:1';

export function configMap(name = 'source', data: Texts = FIRST, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}

export function secret(name = 'source', stringData: Texts = FIRST, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, ...metadata }, stringData };
}

export function sourceObject(kind: SourceKind, name = 'source', metadata: JsonObject = {}): JsonObject {
  return kind === 'ConfigMap' ? configMap(name, FIRST, metadata) : secret(name, FIRST, metadata);
}

/** Parts of a pod spec. */
export interface Pod {
  /** Members of the one container. */
  readonly container?: JsonObject;
  readonly initContainers?: readonly JsonObject[];
  readonly volumes?: readonly JsonObject[];
}

export interface Using {
  readonly name?: string;
  readonly optional?: true;
  readonly key?: string;
}

/** The pod that uses a source in a certain way. */
export function podUsing(use: Use, kind: SourceKind, { name = 'source', optional, key = 'used' }: Using = {}): Pod {
  const may = optional === undefined ? {} : { optional };
  const envFrom = { envFrom: [{ [kind === 'ConfigMap' ? 'configMapRef' : 'secretRef']: { name, ...may } }] };
  const keyRef = { [kind === 'ConfigMap' ? 'configMapKeyRef' : 'secretKeyRef']: { name, key, ...may } };
  const env = { env: [{ name: 'VALUE', valueFrom: keyRef }] };
  const mount = (more: JsonObject = {}): JsonObject => ({
    volumeMounts: [{ name, mountPath: `/config/${name}`, ...more }],
  });
  const volume = (more: JsonObject = {}): JsonObject => ({
    name,
    ...(kind === 'ConfigMap'
      ? { configMap: { name, ...may, ...more } }
      : { secret: { secretName: name, ...may, ...more } }),
  });
  switch (use) {
    case 'env-key':
      return { container: env };
    case 'env-from':
      return { container: envFrom };
    case 'volume':
      return { container: mount(), volumes: [volume()] };
    case 'volume-item':
      return { container: mount(), volumes: [volume({ items: [{ key, path: 'file' }] })] };
    case 'sub-path':
      return { container: mount({ subPath: key }), volumes: [volume()] };
    case 'projected': {
      const source = { [kind === 'ConfigMap' ? 'configMap' : 'secret']: { name, ...may } };
      return { container: mount(), volumes: [{ name, projected: { sources: [source] } }] };
    }
    case 'init-env-key':
      return { initContainers: [container('init', env)] };
    case 'init-env-from':
      return { initContainers: [container('init', envFrom)] };
    case 'init-volume':
      return { initContainers: [container('init', mount())], volumes: [volume()] };
    case 'sidecar-env-from':
      return { initContainers: [container('sidecar', { restartPolicy: 'Always', ...envFrom })] };
    case 'none':
      return {};
  }
}

/** A pod that does what each of these does. */
export function together(...pods: readonly Pod[]): Pod {
  const lists = (member: string): JsonObject => {
    const all = pods.flatMap(({ container = {} }) => asList(container[member]));
    return all.length === 0 ? {} : { [member]: all };
  };
  return {
    container: { ...lists('env'), ...lists('envFrom'), ...lists('volumeMounts') },
    initContainers: pods.flatMap(({ initContainers = [] }) => initContainers),
    volumes: pods.flatMap(({ volumes = [] }) => volumes),
  };
}

export function container(name: string, more: JsonObject): JsonObject {
  return { name, image: IMAGE, ...more };
}

export interface WorkloadParts {
  readonly annotations?: Texts;
  readonly templateAnnotations?: Texts;
  readonly labels?: Texts;
  readonly pod?: Pod;
  /** More of the pod spec, as it is written. */
  readonly podSpec?: JsonObject;
  /** More of the workload's spec. */
  readonly spec?: JsonObject;
  /** More of the workload's metadata. */
  readonly metadata?: JsonObject;
}

/** A workload that starts no pods: no replicas, no node to run on, never due. */
export function workload(kind: WorkloadKind, parts: WorkloadParts = {}): JsonObject {
  const { annotations = {}, metadata = {}, spec = {} } = parts;
  return {
    apiVersion: apiVersionOf(kind),
    kind,
    metadata: { name: 'app', annotations, ...metadata },
    spec: { ...specOf(kind, templateFrom(kind, parts)), ...spec },
  };
}

function templateFrom(kind: WorkloadKind, parts: WorkloadParts): JsonObject {
  const { templateAnnotations = {}, pod = {}, podSpec = {} } = parts;
  return {
    metadata: { labels: { app: 'app' }, annotations: templateAnnotations },
    spec: {
      ...(kind === 'CronJob' || kind === 'Job' ? { restartPolicy: 'Never' } : {}),
      ...(kind === 'DaemonSet' ? { nodeSelector: { compat: 'no-such-node' } } : {}),
      ...(pod.initContainers === undefined ? {} : { initContainers: pod.initContainers }),
      ...(pod.volumes === undefined ? {} : { volumes: pod.volumes }),
      containers: [container('app', pod.container ?? {})],
      ...podSpec,
    },
  };
}

function specOf(kind: WorkloadKind, template: JsonObject): JsonObject {
  const selector = { matchLabels: { app: 'app' } };
  switch (kind) {
    case 'Deployment':
    case 'Rollout':
    case 'CloneSet':
      return { replicas: 0, selector, template };
    case 'StatefulSet':
      return { replicas: 0, serviceName: 'app', selector, template };
    case 'DaemonSet':
      return { selector, template };
    case 'DeploymentConfig':
      return { replicas: 0, selector: { app: 'app' }, template };
    case 'CronJob':
      // Once a year, and not in the minutes that a test takes.
      return { schedule: '0 0 29 2 *', jobTemplate: { spec: { parallelism: 0, template } } };
    case 'Job':
      // Without pods a Job stays unfinished.
      return { parallelism: 0, template };
  }
}

/** Adds labels to an object, and to its pod template if it has one: its revisions carry those of the template. */
export function labelled(object: JsonObject, labels: Texts): JsonObject {
  const spec = asObject(object.spec);
  const template = asObject(spec.template);
  const jobTemplate = asObject(spec.jobTemplate);
  return {
    ...withLabels(object, labels),
    ...('spec' in object && {
      spec: {
        ...spec,
        ...('template' in spec && { template: withLabels(template, labels) }),
        ...('jobTemplate' in spec && { jobTemplate: withLabels(jobTemplate, labels) }),
      },
    }),
  };
}

function withLabels(object: JsonObject, labels: Texts): JsonObject {
  const metadata = asObject(object.metadata);
  return { ...object, metadata: { ...metadata, labels: { ...asObject(metadata.labels), ...labels } } };
}
