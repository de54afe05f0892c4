/** Manifests of the live tests: small, complete, and valid to a real API server. */
import type { JsonObject } from '../../core/json.ts';

export function configMap(name: string, data: Readonly<Record<string, string>>): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

export function secret(name: string, stringData: Readonly<Record<string, string>>): JsonObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
}

export type Kind = 'Deployment' | 'StatefulSet' | 'DaemonSet';

export interface WorkloadOptions {
  readonly kind?: Kind;
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Replaces or adds to the pod spec. */
  readonly pod?: JsonObject;
  /** Adds to the one container. */
  readonly container?: JsonObject;
}

const IMAGE = 'registry.example/app:1';

/** A workload with one container. */
export function workload(options: WorkloadOptions = {}): JsonObject {
  const { kind = 'Deployment', name = 'app', annotations = {}, pod = {}, container = {} } = options;
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, annotations },
    spec: {
      ...(kind === 'DaemonSet' ? {} : { replicas: 1 }),
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: IMAGE, ...container }], ...pod } },
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
