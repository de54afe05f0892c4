/** Manifests of the live tests: small, complete, and valid to a real API server. */
import { asObject, type JsonObject } from '../../core/json.ts';

export function configMap(name: string, data: Readonly<Record<string, string>>): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

export function secret(name: string, stringData: Readonly<Record<string, string>>): JsonObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
}

export function serviceAccount(name: string, more: JsonObject = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name }, ...more };
}

/** The kinds of workload, written as test/live/api.ts names them. */
export type Kind =
  | 'Deployment'
  | 'StatefulSet'
  | 'DaemonSet'
  | 'CronJob'
  | 'Job'
  | 'Rollout'
  | 'CloneSet'
  | 'StatefulSet.apps.kruise.io'
  | 'DaemonSet.apps.kruise.io'
  | 'DeploymentConfig'
  | 'Widget';

export interface WorkloadOptions {
  readonly kind?: Kind;
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** On the pod template. */
  readonly templateAnnotations?: Readonly<Record<string, string>>;
  /** Replaces or adds to the pod spec. */
  readonly pod?: JsonObject;
  /** Adds to the one container. */
  readonly container?: JsonObject;
  /** How many pods, 1 unless told: a Job's `parallelism`; 0 sends a DaemonSet to a node that does not exist. */
  readonly replicas?: number;
  /** Replaces or adds to the workload's spec: `paused`, `updateStrategy`, `suspend`. */
  readonly spec?: JsonObject;
}

const IMAGE = 'registry.example/app:1';

/** What the spec of a workload is made of, whatever its kind. */
interface Parts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly template: JsonObject;
}

interface Shape {
  readonly apiVersion: string;
  readonly spec: (parts: Parts) => JsonObject;
}

const SHAPES: Readonly<Record<Kind, Shape>> = {
  Deployment: { apiVersion: 'apps/v1', spec: scaled },
  StatefulSet: { apiVersion: 'apps/v1', spec: named },
  DaemonSet: { apiVersion: 'apps/v1', spec: onNodes },
  CronJob: {
    apiVersion: 'batch/v1',
    // At midnight of New Year: no test is to see a run that it did not ask for.
    spec: (parts) => ({ schedule: '0 0 1 1 *', jobTemplate: { spec: once(parts) } }),
  },
  Job: { apiVersion: 'batch/v1', spec: once },
  Rollout: { apiVersion: 'argoproj.io/v1alpha1', spec: (parts) => ({ ...scaled(parts), strategy: { canary: {} } }) },
  CloneSet: { apiVersion: 'apps.kruise.io/v1alpha1', spec: scaled },
  'StatefulSet.apps.kruise.io': { apiVersion: 'apps.kruise.io/v1beta1', spec: named },
  'DaemonSet.apps.kruise.io': { apiVersion: 'apps.kruise.io/v1alpha1', spec: onNodes },
  DeploymentConfig: {
    apiVersion: 'apps.openshift.io/v1',
    // Its selector is the labels themselves, with no matchLabels around them.
    spec: ({ labels, replicas, template }) => ({ replicas, selector: labels, template }),
  },
  Widget: { apiVersion: 'example.com/v1', spec: ({ replicas, template }) => ({ pods: { replicas, template } }) },
};

/** A workload with one container. */
export function workload(options: WorkloadOptions = {}): JsonObject {
  const { kind = 'Deployment', name = 'app', replicas = 1, labels, annotations = {}, spec = {} } = options;
  const { apiVersion, spec: shaped } = SHAPES[kind];
  const parts = { name, labels: { app: name }, replicas, template: template(name, options) };
  return {
    apiVersion,
    kind: kind.split('.')[0],
    metadata: { name, annotations, ...(labels && { labels }) },
    spec: { ...shaped(parts), ...spec },
  };
}

function template(name: string, options: WorkloadOptions): JsonObject {
  const { templateAnnotations: annotations, pod = {}, container = {} } = options;
  return {
    metadata: { labels: { app: name }, ...(annotations && { annotations }) },
    spec: { containers: [{ name: 'app', image: IMAGE, ...container }], ...pod },
  };
}

function scaled({ labels, replicas, template }: Parts): JsonObject {
  return { replicas, selector: { matchLabels: labels }, template };
}

function named(parts: Parts): JsonObject {
  return { ...scaled(parts), serviceName: parts.name };
}

function onNodes({ labels, replicas, template }: Parts): JsonObject {
  const selector = { matchLabels: labels };
  return {
    selector,
    template: replicas === 0 ? withPod({ nodeSelector: { 'example.com/no': 'node' } }, template) : template,
  };
}

/** A Job makes its own selector, and its pods may not be restarted for ever. */
function once({ replicas, template }: Parts): JsonObject {
  return { parallelism: replicas, template: withPod({ restartPolicy: 'Never' }, template) };
}

/** A template with defaults for its pod spec. */
function withPod(defaults: JsonObject, template: JsonObject): JsonObject {
  return { ...template, spec: { ...defaults, ...asObject(template.spec) } };
}

type Options<More = unknown> = Omit<WorkloadOptions, 'kind'> & More;

/** Starts nothing by itself within the time of a test. */
export function cronJob(
  options: Options<{ suspend?: boolean; concurrencyPolicy?: 'Allow' | 'Forbid' | 'Replace' }> = {},
): JsonObject {
  const { suspend, concurrencyPolicy, spec, ...rest } = options;
  return workload({
    ...rest,
    kind: 'CronJob',
    spec: { ...(suspend && { suspend }), ...(concurrencyPolicy && { concurrencyPolicy }), ...spec },
  });
}

/** Unfinished for ever with `suspend` or `replicas: 0`; its pods complete on their own otherwise. */
export function job(options: Options<{ suspend?: boolean }> = {}): JsonObject {
  const { suspend, spec, ...rest } = options;
  return workload({ ...rest, kind: 'Job', spec: { ...(suspend && { suspend }), ...spec } });
}

/** With `workloadRef`, the name of a Deployment whose template it takes, it has no template and selector of its own. */
export function rollout(options: Options<{ workloadRef?: string; restartAt?: string }> = {}): JsonObject {
  const { workloadRef, restartAt, spec, ...rest } = options;
  return workload({
    ...rest,
    kind: 'Rollout',
    spec: { ...(workloadRef && borrowed(workloadRef)), ...(restartAt && { restartAt }), ...spec },
  });
}

/** What JSON has no word for is left out of the object. */
function borrowed(name: string): JsonObject {
  return { selector: undefined, template: undefined, workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name } };
}

export function cloneSet(options: Options = {}): JsonObject {
  return workload({ ...options, kind: 'CloneSet' });
}

export function kruiseStatefulSet(options: Options = {}): JsonObject {
  return workload({ ...options, kind: 'StatefulSet.apps.kruise.io' });
}

export function kruiseDaemonSet(options: Options = {}): JsonObject {
  return workload({ ...options, kind: 'DaemonSet.apps.kruise.io' });
}

export function deploymentConfig(options: Options = {}): JsonObject {
  return workload({ ...options, kind: 'DeploymentConfig' });
}

/** Of a kind that nobody knows; its template is at `spec.pods.template`. */
export function widget(options: Options = {}): JsonObject {
  return workload({ ...options, kind: 'Widget' });
}

/** A pod that nobody controls, or whose owner is among `owners`. */
export function pod(options: Options<{ owners?: readonly JsonObject[] }> = {}): JsonObject {
  const { name = 'app', labels, annotations = {}, owners } = options;
  const metadata = { name, annotations, labels: labels ?? { app: name }, ...(owners && { ownerReferences: owners }) };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: template(name, options).spec };
}

/** Of the Secrets Store CSI driver: which objects of an outside store a volume is to hold. */
export function secretProviderClass(name: string, parameters: Readonly<Record<string, string>> = {}): JsonObject {
  return {
    apiVersion: 'secrets-store.csi.x-k8s.io/v1',
    kind: 'SecretProviderClass',
    metadata: { name },
    spec: { provider: 'example', parameters },
  };
}

export interface PodStatusOptions {
  readonly secretProviderClass: string;
  readonly namespace: string;
  readonly podName: string;
  /** The version of each object that the pod has mounted, by id. */
  readonly objects: Readonly<Record<string, string>>;
  readonly mounted?: boolean;
}

/** What the driver says about one pod's volume, under the name that the driver gives it. */
export function secretProviderClassPodStatus(options: PodStatusOptions): JsonObject {
  const { secretProviderClass, namespace, podName, objects, mounted = true } = options;
  return {
    apiVersion: 'secrets-store.csi.x-k8s.io/v1',
    kind: 'SecretProviderClassPodStatus',
    metadata: { name: `${podName}-${namespace}-${secretProviderClass}` },
    status: {
      podName,
      secretProviderClassName: secretProviderClass,
      mounted,
      targetPath: `/var/lib/kubelet/pods/${podName}/volumes/kubernetes.io~csi/config/mount`,
      objects: Object.entries(objects).map(([id, version]) => ({ id, version })),
    },
  };
}

/** A volume of the Secrets Store CSI driver, for {@link mounted}. */
export function csiVolume(secretProviderClass: string, nodePublishSecret?: string): JsonObject {
  return {
    csi: {
      driver: 'secrets-store.csi.k8s.io',
      readOnly: true,
      volumeAttributes: { secretProviderClass },
      ...(nodePublishSecret && { nodePublishSecretRef: { name: nodePublishSecret } }),
    },
  };
}

/** A container beside the one that {@link workload} makes. */
export function container(name: string, more: JsonObject): JsonObject {
  return { name, image: IMAGE, ...more };
}

export function envFrom(kind: 'configMapRef' | 'secretRef', name: string, optional?: true): JsonObject {
  return { envFrom: [{ [kind]: { name, ...(optional && { optional }) } }] };
}

export function envKey(kind: 'configMapKeyRef' | 'secretKeyRef', name: string, key: string): JsonObject {
  return { env: [{ name: 'VALUE', valueFrom: { [kind]: { name, key } } }] };
}

/** A volume together with its mount: spread into a pod and its container. */
export function mounted(volume: JsonObject, mount: JsonObject = {}): { pod: JsonObject; container: JsonObject } {
  return {
    pod: { volumes: [{ name: 'config', ...volume }] },
    container: { volumeMounts: [{ name: 'config', mountPath: '/config', ...mount }] },
  };
}
