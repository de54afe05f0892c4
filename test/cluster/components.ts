import type { ClusterFiles, ClusterSpec, Ports } from './state.ts';
import type { ComponentName } from './versions.ts';

/** All that the command lines depend on. */
export interface Layout {
  readonly spec: ClusterSpec;
  readonly files: ClusterFiles;
  readonly ports: Ports;
}

/** The user that each program that talks to the API server is, so that the audit log tells them apart. */
export const USERS = {
  admin: 'restamp-admin',
  'kube-controller-manager': 'system:kube-controller-manager',
  'kube-scheduler': 'system:kube-scheduler',
  kwok: 'kwok',
} as const;

/** The command line of a component. Each talks and listens on 127.0.0.1 only. */
export function componentArguments(component: ComponentName, layout: Layout): string[] {
  return ARGUMENTS[component](layout);
}

const ARGUMENTS: Readonly<Record<ComponentName, (layout: Layout) => string[]>> = {
  etcd: etcdArguments,
  'kube-apiserver': apiserverArguments,
  'kube-controller-manager': controllerManagerArguments,
  'kube-scheduler': schedulerArguments,
  kwok: kwokArguments,
};

function etcdArguments({ files, ports }: Layout): string[] {
  const client = `http://127.0.0.1:${ports.etcdClient}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    '--name=default',
    `--data-dir=${files.etcdData}`,
    // The data need not survive the machine; it does survive a kill of etcd.
    '--unsafe-no-fsync=true',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
  ];
}

function apiserverArguments({ spec, files, ports }: Layout): string[] {
  const gates = Object.entries(spec.featureGates).map(([gate, on]) => `${gate}=${on}`);
  const uncached = spec.uncached.map((resource) => `${resource}#0`);
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcdClient}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${ports.apiserver}`,
    // It writes a self-signed certificate here, which is its own authority, and reads it again after a restart.
    `--cert-dir=${files.certificates}`,
    // 127.0.0.1 is not a legal endpoint address.
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    `--token-auth-file=${files.tokens}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    // A request is in the log before its answer arrives, so a test need not wait.
    '--audit-log-mode=blocking-strict',
    // A cluster that stays up for days keeps at most 600 MB of it.
    '--audit-log-maxsize=100',
    '--audit-log-maxbackup=5',
    '--profiling=false',
    ...(gates.length === 0 ? [] : [`--feature-gates=${gates.join(',')}`]),
    ...(uncached.length === 0 ? [] : [`--watch-cache-sizes=${uncached.join(',')}`]),
  ];
}

function controllerManagerArguments({ files }: Layout): string[] {
  return [
    `--kubeconfig=${files.componentKubeconfig('kube-controller-manager')}`,
    '--leader-elect=false',
    // No server of its own: nobody scrapes it, and it would need a port and a certificate.
    '--secure-port=0',
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--root-ca-file=${files.certificateAuthority}`,
    // The default of 20 requests per second makes tests with many objects wait for the client's own throttle.
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    '--profiling=false',
  ];
}

function schedulerArguments({ files }: Layout): string[] {
  return [
    `--kubeconfig=${files.componentKubeconfig('kube-scheduler')}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    '--profiling=false',
  ];
}

function kwokArguments({ spec, files }: Layout): string[] {
  return [
    `--kubeconfig=${files.componentKubeconfig('kwok')}`,
    '--manage-all-nodes=true',
    // As long as a kubelet's.
    '--node-lease-duration-seconds=40',
    '--cidr=10.244.0.0/16',
    '--node-ip=127.0.0.1',
    ...spec.stages.map((_, index) => `--config=${files.stage(index)}`),
  ];
}

/**
 * Who did what to which object, without bodies. Each request is logged when it is answered, a watch also when it starts.
 * Probes are left out: they would be most of the log.
 */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', nonResourceURLs: ['/healthz*', '/livez*', '/readyz*'] },
    { level: 'Metadata', omitManagedFields: true },
  ],
};
