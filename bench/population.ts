/** The objects of a busy cluster, as a bench needs them. The same sizes give the same objects. */
import { createHash } from 'node:crypto';
import { INJECT } from '../core/names.ts';
import { CONFIG_MAPS, NAMESPACES, type Resource, resourcePath, SECRETS } from '../kube/path.ts';

export interface Sizes {
  readonly deployments: number;
  readonly secrets: number;
}

export interface Creation {
  /** The collection to create it in. */
  readonly path: string;
  readonly body: object;
}

export interface Placed {
  readonly namespace: string;
  readonly name: string;
}

/** An object to create; only where it goes is of interest. */
interface Manifest {
  readonly metadata: Placed & { readonly labels: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

export const DEPLOYMENTS: Resource = { group: 'apps', version: 'v1', resource: 'deployments' };

const NAMESPACE_COUNT = 20;

/** Of the Secrets that nobody uses, every third is a release that Helm keeps. */
const HELM_EVERY = 3;

/** Objects are spread over the namespaces one by one, like cards. */
const namespaceOf = (index: number): string => `team-${String((index % NAMESPACE_COUNT) + 1).padStart(2, '0')}`;
const appName = (index: number): string => `app-${String(index).padStart(4, '0')}`;

/** The Deployment of that number; its ConfigMap and its Secret have the same name. */
export function app(index: number): Placed {
  return { namespace: namespaceOf(index), name: appName(index) };
}

/** The namespaces, opted in. */
export function* namespaces(): Generator<Creation> {
  for (let index = 0; index < NAMESPACE_COUNT; index += 1) {
    const metadata = { name: namespaceOf(index), labels: { [INJECT]: 'enabled' } };
    yield { path: resourcePath(NAMESPACES), body: { apiVersion: 'v1', kind: 'Namespace', metadata } };
  }
}

/** ConfigMaps and Secrets. */
export function* sources({ deployments, secrets }: Sizes): Generator<Creation> {
  for (let index = 0; index < deployments; index += 1) {
    yield created(CONFIG_MAPS, configMap(app(index), 'first'));
    yield created(SECRETS, opaque(app(index), index));
  }
  for (let index = 0; index < secrets - deployments; index += 1) {
    const at = unused(index);
    yield created(SECRETS, at.helm ? helmRelease(at, index) : opaque(at, index));
  }
}

/** A Secret that no Deployment uses. */
export function unused(index: number): Placed & { readonly helm: boolean } {
  const helm = index % HELM_EVERY === 0;
  const name = helm ? `sh.helm.release.v1.${appName(index)}.v3` : `unused-${String(index).padStart(4, '0')}`;
  return { namespace: namespaceOf(index), name, helm };
}

export function* deployments(sizes: Sizes): Generator<Creation> {
  for (let index = 0; index < sizes.deployments; index += 1) yield created(DEPLOYMENTS, deployment(app(index)));
}

export function configMap(at: Placed, version: string): Manifest {
  const data = { VERSION: version, LOG_LEVEL: 'info', 'application.yaml': filler(`${at.name}/yaml`, 1_500) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...at, labels: labels(at.name) }, data };
}

function created(resource: Resource, body: Manifest): Creation {
  return { path: resourcePath(resource, { namespace: body.metadata.namespace }), body };
}

/** 1 to 4 KB. */
function opaque({ namespace, name }: Placed, index: number): Manifest {
  const metadata = { namespace, name, labels: labels(name) };
  const stringData = {
    username: name,
    password: filler(`${name}/password`, 32),
    'tls.pem': filler(name, 900 + (index % 4) * 900),
  };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', stringData };
}

function helmRelease({ namespace, name }: Placed, index: number): Manifest {
  const labels = { name: appName(index), owner: 'helm', status: 'deployed', version: '3' };
  const metadata = { namespace, name, labels };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: 'helm.sh/release.v1',
    stringData: { release: filler(name, 4_000) },
  };
}

/** No replicas, so that thousands of pods do not keep the machine busy; the watcher never looks at pods. */
function deployment(at: Placed): Manifest {
  const spec = {
    replicas: 0,
    selector: { matchLabels: { app: at.name } },
    template: { metadata: { labels: { app: at.name, ...labels(at.name) } }, spec: podSpec(at.name) },
  };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...at, labels: labels(at.name) }, spec };
}

function podSpec(name: string): object {
  return {
    serviceAccountName: 'default',
    securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
    initContainers: [{ ...container(name, 'migrate'), command: ['/bin/migrate', '--wait', '--timeout=5m'] }],
    containers: [{ ...container(name, 'server'), ...probes() }, container(name, 'proxy')],
    volumes: [
      { name: 'config', configMap: { name } },
      { name: 'credentials', secret: { secretName: name, items: [{ key: 'tls.pem', path: 'tls.pem' }] } },
      { name: 'scratch', emptyDir: { sizeLimit: '64Mi' } },
    ],
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { app: name } },
      },
    ],
  };
}

function container(app: string, name: string): object {
  const plain = Array.from({ length: 8 }, (_, index) => ({
    name: `SETTING_${index}`,
    value: filler(`${app}/${name}/${index}`, 24),
  }));
  return {
    name,
    image: `registry.example.com/shop/${app}/${name}:1.4.2`,
    env: [...plain, { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: app, key: 'password' } } }],
    envFrom: [{ configMapRef: { name: app } }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'config', mountPath: '/etc/app' },
      { name: 'credentials', mountPath: '/etc/tls', readOnly: true },
      { name: 'scratch', mountPath: '/tmp' },
    ],
  };
}

function probes(): object {
  const get = (path: string): object => ({ httpGet: { path, port: 8080 }, periodSeconds: 10, timeoutSeconds: 2 });
  return {
    ports: [{ name: 'http', containerPort: 8080 }],
    livenessProbe: get('/healthz'),
    readinessProbe: get('/readyz'),
    startupProbe: get('/healthz'),
  };
}

function labels(name: string): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/name': name,
    'app.kubernetes.io/part-of': 'shop',
    'app.kubernetes.io/managed-by': 'bench',
    'app.kubernetes.io/version': '1.4.2',
  };
}

/** Text of that length that does not repeat itself. */
function filler(seed: string, length: number): string {
  let text = '';
  for (let index = 0; text.length < length; index += 1) {
    text += createHash('sha512').update(`${seed}/${index}`).digest('base64');
  }
  return text.slice(0, length);
}
