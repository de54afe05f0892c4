/** The kinds of object the compatibility cases speak of: where they are served, and where their pod template is. */
import { asObject, type JsonObject } from '../../core/json.ts';
import type { Resource } from '../../kube/path.ts';

/** Kinds that hold a pod template. */
export type WorkloadKind =
  | 'Deployment'
  | 'StatefulSet'
  | 'DaemonSet'
  | 'CronJob'
  | 'Job'
  | 'Rollout'
  | 'DeploymentConfig'
  | 'CloneSet';

export type SourceKind = 'ConfigMap' | 'Secret';

const RESOURCES: Readonly<Record<string, Resource>> = {
  Namespace: { group: '', version: 'v1', resource: 'namespaces' },
  ConfigMap: { group: '', version: 'v1', resource: 'configmaps' },
  Secret: { group: '', version: 'v1', resource: 'secrets' },
  Event: { group: 'events.k8s.io', version: 'v1', resource: 'events' },
  Deployment: { group: 'apps', version: 'v1', resource: 'deployments' },
  StatefulSet: { group: 'apps', version: 'v1', resource: 'statefulsets' },
  DaemonSet: { group: 'apps', version: 'v1', resource: 'daemonsets' },
  ReplicaSet: { group: 'apps', version: 'v1', resource: 'replicasets' },
  ControllerRevision: { group: 'apps', version: 'v1', resource: 'controllerrevisions' },
  CronJob: { group: 'batch', version: 'v1', resource: 'cronjobs' },
  Job: { group: 'batch', version: 'v1', resource: 'jobs' },
  Rollout: { group: 'argoproj.io', version: 'v1alpha1', resource: 'rollouts' },
  DeploymentConfig: { group: 'apps.openshift.io', version: 'v1', resource: 'deploymentconfigs' },
  CloneSet: { group: 'apps.kruise.io', version: 'v1alpha1', resource: 'clonesets' },
  SecretProviderClass: { group: 'secrets-store.csi.x-k8s.io', version: 'v1', resource: 'secretproviderclasses' },
  SecretProviderClassPodStatus: {
    group: 'secrets-store.csi.x-k8s.io',
    version: 'v1',
    resource: 'secretproviderclasspodstatuses',
  },
};

/** How a kind is served; throws for one that is not in the table. */
export function resourceOf(kind: string): Resource {
  const resource = RESOURCES[kind];
  if (resource === undefined) throw new Error(`${kind} is not among the kinds of test/compat/kinds.ts`);
  return resource;
}

/** `apps/v1`, `v1`. */
export function apiVersionOf(kind: string): string {
  const { group, version } = resourceOf(kind);
  return group === '' ? version : `${group}/${version}`;
}

/** The kind whose objects, owned by a workload, are its revisions; none where no controller runs for the kind. */
export function revisionKindOf(kind: WorkloadKind): 'ReplicaSet' | 'ControllerRevision' | undefined {
  if (kind === 'Deployment') return 'ReplicaSet';
  return kind === 'StatefulSet' || kind === 'DaemonSet' ? 'ControllerRevision' : undefined;
}

/** The pod template of a workload as the API server holds it. */
export function templateOf(kind: WorkloadKind, workload: JsonObject): JsonObject {
  const spec = asObject(workload.spec);
  return asObject(kind === 'CronJob' ? asObject(asObject(spec.jobTemplate).spec).template : spec.template);
}

/** A merge patch of a workload's pod template. */
export function templatePatch(kind: WorkloadKind, template: JsonObject): JsonObject {
  return { spec: kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template } };
}
