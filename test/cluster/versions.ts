/**
 * The versions of the control plane. They are pinned here and, for the build from source, in binaries/go.mod; a test compares the two.
 * `kubernetes` is the newest minor version restamp supports.
 */
export const VERSIONS = { kubernetes: '1.37.2', etcd: '3.7.0', kwok: '0.8.0' } as const;

/** The programs of a cluster, in the order in which they start. kubectl is a tool, not a component. */
export const COMPONENTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const;
export type ComponentName = (typeof COMPONENTS)[number];

/** Every program a cluster needs. */
export const PROGRAMS = [...COMPONENTS, 'kubectl'] as const;
export type ProgramName = (typeof PROGRAMS)[number];

/** Absolute paths of the programs. */
export interface Binaries {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly kubeScheduler: string;
  readonly kwok: string;
  readonly kubectl: string;
}

const KEYS: Readonly<Record<ProgramName, keyof Binaries>> = {
  etcd: 'etcd',
  'kube-apiserver': 'kubeApiserver',
  'kube-controller-manager': 'kubeControllerManager',
  'kube-scheduler': 'kubeScheduler',
  kwok: 'kwok',
  kubectl: 'kubectl',
};

/** The path of one program. */
export function programPath(binaries: Binaries, program: ProgramName): string {
  return binaries[KEYS[program]];
}
