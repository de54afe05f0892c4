/** `--enable-csi-integration`: a SecretProviderClass counts by the versions that its pods' statuses tell. */
import type { JsonObject } from '../../../core/json.ts';
import { annotate, create, edit, patch } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { Action, CompatCase, Group } from '../case.ts';
import type { WorkloadKind } from '../kinds.ts';
import { configMap, podUsing } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { CSI, NO_CSI } from './groups.ts';

const TYPED = 'secretproviderclass.reloader.stakater.com/auto';
const RELOAD = 'secretproviderclass.reloader.stakater.com/reload';
const EXCLUDE = 'secretproviderclasses.exclude.reloader.stakater.com/reload';
const TRUE = { [AUTO]: 'true' };
const table = (group: Group): Table => ({ tool: 'reloader', group, form: 'auto' });

const API = 'secrets-store.csi.x-k8s.io/v1';

function providerClass(name = 'vault'): JsonObject {
  return { apiVersion: API, kind: 'SecretProviderClass', metadata: { name }, spec: { provider: 'vault' } };
}

/** What one pod tells of the class. */
function podStatus(pod: string, version: string, secretProviderClassName = 'vault'): JsonObject {
  return {
    apiVersion: API,
    kind: 'SecretProviderClassPodStatus',
    metadata: { name: `${pod}-${secretProviderClassName}` },
    status: { podName: pod, mounted: true, secretProviderClassName, objects: [{ id: 'password', version }] },
  };
}

function rotate(pod: string, version: string, secretProviderClassName = 'vault'): Action {
  const at = { kind: 'SecretProviderClassPodStatus', name: `${pod}-${secretProviderClassName}` };
  return patch(at, { status: { objects: [{ id: 'password', version }] } });
}

/** A pod with a volume of the class. */
const mounting = (annotations: Readonly<Record<string, string>>, kind: WorkloadKind = 'Deployment'): Partial<Row> => {
  const driver = { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass: 'vault' } };
  return {
    kind,
    use: 'volume',
    annotations,
    sources: [providerClass(), podStatus('app-1', 'v1'), podStatus('app-2', 'v1')],
    parts: {
      pod: {
        container: { volumeMounts: [{ name: 'vault', mountPath: '/vault' }] },
        volumes: [{ name: 'vault', csi: { ...driver, readOnly: true } }],
      },
    },
    change: [rotate('app-1', 'v2'), rotate('app-2', 'v2')],
  };
};

const ROTATED: readonly Row[] = [
  {
    ...mounting(TRUE),
    id: 'csi-auto',
    name: 'csi: a rotation that two pods tell of is one rollout of a Deployment',
  },
  {
    ...mounting({ [TYPED]: 'true' }, 'StatefulSet'),
    id: 'csi-typed',
    name: 'csi: typed auto for SecretProviderClasses rolls a StatefulSet',
    form: 'typed-auto',
  },
  {
    ...mounting({ [RELOAD]: 'vault' }, 'DaemonSet'),
    id: 'csi-named',
    name: 'csi: a named SecretProviderClass rolls a DaemonSet',
    form: 'named',
  },
  {
    ...mounting({ [RELOAD]: 'va.*' }),
    id: 'csi-regex',
    name: 'csi: a SecretProviderClass that an expression names rolls',
    form: 'regex',
  },
  {
    ...mounting(TRUE),
    id: 'csi-labels',
    name: 'csi: a change of nothing but a label of a pod status does not roll',
    change: [
      patch({ kind: 'SecretProviderClassPodStatus', name: 'app-1-vault' }, { metadata: { labels: { team: 'a' } } }),
    ],
    outcome: 'stays',
    flip: { change: [rotate('app-1', 'v2'), rotate('app-2', 'v2')] },
  },
  {
    ...mounting(TRUE),
    id: 'csi-new-pod',
    name: 'csi: a pod that comes and tells the same versions does not roll',
    change: [create(podStatus('app-3', 'v1'))],
    outcome: 'stays',
    flip: { change: [rotate('app-1', 'v2'), rotate('app-2', 'v2'), rotate('app-3', 'v2')] },
  },
  {
    ...mounting(TRUE),
    id: 'csi-another-class',
    name: 'csi: a rotation of a class that the pod does not mount does not roll',
    sources: [
      ...[providerClass(), podStatus('app-1', 'v1'), podStatus('app-2', 'v1')],
      ...[providerClass('azure'), podStatus('other', 'v1', 'azure')],
    ],
    change: [rotate('other', 'v2', 'azure')],
    outcome: 'stays',
    flip: { change: [rotate('app-1', 'v2'), rotate('app-2', 'v2')] },
  },
  {
    ...mounting({ ...TRUE, [EXCLUDE]: 'vault' }),
    id: 'csi-excluded',
    name: 'csi: a rotation of an excluded class does not roll',
    unrecorded: true,
    outcome: 'stays',
    flip: {
      set: [annotate('Deployment', { [EXCLUDE]: null })],
      change: [rotate('app-1', 'v3'), rotate('app-2', 'v3')],
    },
  },
  {
    ...mounting({ 'configmap.reloader.stakater.com/auto': 'true' }),
    id: 'csi-configmap-auto',
    name: 'csi: typed auto for ConfigMaps does not roll for a rotation',
    form: 'typed-auto',
    sources: [providerClass(), podStatus('app-1', 'v1'), configMap()],
    parts: {
      pod: {
        container: { ...podUsing('env-from', 'ConfigMap').container, ...mounting({}).parts?.pod?.container },
        volumes: mounting({}).parts?.pod?.volumes ?? [],
      },
    },
    change: [rotate('app-1', 'v2')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
];

const WITHOUT: readonly Row[] = [
  {
    ...mounting(TRUE),
    id: 'csi-off',
    name: 'csi: without the flag a rotation does not roll',
    unrecorded: true,
    outcome: 'stays',
    flip: { change: [rotate('app-1', 'v3'), rotate('app-2', 'v3')] },
  },
];

export const CASES: readonly CompatCase[] = [...casesOf(table(CSI), ROTATED), ...casesOf(table(NO_CSI), WITHOUT)];
