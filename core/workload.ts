/** A workload: an object that holds a pod template. Only what restamp reads of it. */

/** What a pod template says about configuration. */
export interface PodTemplate {
  readonly annotations: Readonly<Record<string, string>>;
  /** `spec` as it came: references are read out of it, defensively, by `references.ts`. */
  readonly spec: unknown;
}

/** How a change of configuration reaches the pods of a kind (DESIGN §8, and the table of kinds in the README). */
export type KindEffect = 'template' | 'rollout' | 'cronjob' | 'job';

/** How a kind of workload is found at the API server, and where it has its pod template. */
export interface WorkloadKind {
  /** As it is called here: the API's own kind, followed by the group where that kind is another one's first. */
  readonly kind: string;
  /** The API's own kind; that of a declared one is known once the API server serves it. */
  readonly apiKind: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** `['spec', 'template']` for most. */
  readonly templatePath: readonly string[];
  readonly effect: KindEffect;
  /** Part of every cluster; the others are there when their definition is. */
  readonly builtIn: boolean;
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

const TEMPLATE = ['spec', 'template'];
const JOB_TEMPLATE = ['spec', 'jobTemplate', 'spec', 'template'];

type Row = Pick<WorkloadKind, 'kind' | 'group' | 'version' | 'resource'> & Partial<WorkloadKind>;

const row = (kind: Row): WorkloadKind => ({
  ...{ apiKind: kind.kind, templatePath: TEMPLATE, effect: 'template', builtIn: false },
  ...kind,
});
const builtIn = (kind: Row): WorkloadKind => row({ builtIn: true, ...kind });

/** The kinds restamp knows. Adding one is a line here, or a `--workload-kind`. */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  builtIn({ kind: 'Deployment', group: 'apps', version: 'v1', resource: 'deployments' }),
  builtIn({ kind: 'StatefulSet', group: 'apps', version: 'v1', resource: 'statefulsets' }),
  builtIn({ kind: 'DaemonSet', group: 'apps', version: 'v1', resource: 'daemonsets' }),
  builtIn({
    ...{ kind: 'CronJob', group: 'batch', version: 'v1', resource: 'cronjobs' },
    ...{ templatePath: JOB_TEMPLATE, effect: 'cronjob' },
  }),
  builtIn({ kind: 'Job', group: 'batch', version: 'v1', resource: 'jobs', effect: 'job' }),
  row({ kind: 'Rollout', group: 'argoproj.io', version: 'v1alpha1', resource: 'rollouts', effect: 'rollout' }),
  row({ kind: 'DeploymentConfig', group: 'apps.openshift.io', version: 'v1', resource: 'deploymentconfigs' }),
  row({ kind: 'CloneSet', group: 'apps.kruise.io', version: 'v1alpha1', resource: 'clonesets' }),
  row({
    ...{ kind: 'StatefulSet.apps.kruise.io', apiKind: 'StatefulSet' },
    ...{ group: 'apps.kruise.io', version: 'v1beta1', resource: 'statefulsets' },
  }),
  row({
    ...{ kind: 'DaemonSet.apps.kruise.io', apiKind: 'DaemonSet' },
    ...{ group: 'apps.kruise.io', version: 'v1alpha1', resource: 'daemonsets' },
  }),
];

/** A kind that an installation declares (`--workload-kind`): called by its resource and group, its template is stamped. */
export function declaredKind(
  declared: Pick<WorkloadKind, 'group' | 'version' | 'resource' | 'templatePath'>,
): WorkloadKind {
  const { group, resource } = declared;
  return row({ ...declared, apiKind: '', kind: group === '' ? resource : `${resource}.${group}` });
}

/** The kind with this group and resource; the version does not count, objects are converted. */
export function kindOf(
  kinds: readonly WorkloadKind[],
  { group, resource }: { group: string; resource: string },
): WorkloadKind | undefined {
  return kinds.find((known) => known.group === group && known.resource === resource);
}

/** `Deployment shop/web`: how a workload is written in logs and used as a key. */
export function workloadId(workload: WorkloadName): string {
  return `${workload.kind} ${workload.namespace}/${workload.name}`;
}
