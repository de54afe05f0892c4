/** A workload: an object that holds a pod template. Only what restamp reads of it. */

/** What a pod template says about configuration. */
export interface PodTemplate {
  readonly annotations: Readonly<Record<string, string>>;
  /** `spec` as it came: references are read out of it, defensively, by `references.ts`. */
  readonly spec: unknown;
}

/** How a kind of workload is found at the API server. */
export interface WorkloadKind {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export interface WorkloadName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Workload extends WorkloadName {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly template: PodTemplate;
}

/** The kinds restamp knows, all with their template at `spec.template`. Adding a kind is a line. */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  { kind: 'Deployment', group: 'apps', version: 'v1', resource: 'deployments' },
  { kind: 'StatefulSet', group: 'apps', version: 'v1', resource: 'statefulsets' },
  { kind: 'DaemonSet', group: 'apps', version: 'v1', resource: 'daemonsets' },
];

/** `Deployment shop/web`: how a workload is written in logs and used as a key. */
export function workloadId(workload: WorkloadName): string {
  return `${workload.kind} ${workload.namespace}/${workload.name}`;
}
