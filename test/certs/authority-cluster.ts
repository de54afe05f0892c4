/** What the tests of the self-signed authority share: a real control plane, and an account with the rights it needs. */
import { KubeConfig } from '@kubernetes/client-node';
import type { AuthorityEvent, SelfSignedOptions } from '../../certs/self-signed.ts';
import { asObject, type JsonObject, stringMap } from '../../core/json.ts';
import { createTransport, type KubeTransport } from '../../kube/transport.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { clockAt } from './build.ts';

export const SECRET = 'restamp-webhook-tls';
export const CONFIGURATION = 'restamp';

/** All that the authority may do: less than this and a test fails, more and nobody would notice. */
function rights(namespace: string): readonly JsonObject[] {
  const subjects = [{ kind: 'ServiceAccount', name: 'webhook', namespace }];
  const role = (kind: string): JsonObject => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: 'certificates' });
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'webhook', namespace } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'certificates', namespace },
      rules: [
        // A name cannot be given for create: RBAC does not know it yet.
        { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
        { apiGroups: [''], resources: ['secrets'], resourceNames: [SECRET], verbs: ['get', 'patch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'certificates', namespace },
      roleRef: role('Role'),
      subjects,
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'certificates' },
      rules: [
        {
          apiGroups: ['admissionregistration.k8s.io'],
          resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
          resourceNames: [CONFIGURATION],
          verbs: ['get', 'patch'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: `certificates-${namespace}` },
      roleRef: role('ClusterRole'),
      subjects,
    },
  ];
}

export interface AuthorityCluster {
  readonly cluster: Cluster;
  /** A new namespace with the account in it, and a transport that acts as it. */
  enter(namespace: string): Promise<KubeTransport>;
  apply(...objects: readonly JsonObject[]): Promise<void>;
  /** An object as the API server has it. */
  read(...args: readonly string[]): Promise<JsonObject>;
  stop(): Promise<void>;
}

export async function startAuthorityCluster(name: string): Promise<AuthorityCluster> {
  const cluster = await startCluster({ name });
  const transports: KubeTransport[] = [];
  const apply = async (...items: readonly JsonObject[]): Promise<void> => {
    const stdin = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await cluster.kubectl(['apply', '-f', '-'], { stdin });
  };
  return {
    cluster,
    apply,
    enter: async (namespace) => {
      await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, ...rights(namespace));
      const config = new KubeConfig();
      config.loadFromFile(await cluster.serviceAccountKubeconfig(namespace, 'webhook'));
      const transport = createTransport(config, `restamp-test-${namespace}`);
      transports.push(transport);
      return transport;
    },
    read: async (...args) =>
      asObject(JSON.parse((await cluster.kubectl(['get', '-o', 'json', '--show-managed-fields', ...args])).stdout)),
    stop: async () => {
      for (const transport of transports) transport.close();
      await cluster.stop();
    },
  };
}

/** Entries of a Secret, decoded. */
export function decoded(secret: JsonObject): Readonly<Record<string, string>> {
  const entries = Object.entries(stringMap(secret.data));
  return Object.fromEntries(entries.map(([entry, text]) => [entry, Buffer.from(text, 'base64').toString('utf8')]));
}

export type Recorded = SelfSignedOptions & {
  readonly clock: ReturnType<typeof clockAt>;
  readonly events: AuthorityEvent[];
};

/** Options of an authority that looks often and writes down what it reports. */
export function recorded(
  transport: KubeTransport,
  namespace: string,
  more: Partial<SelfSignedOptions> & { readonly clock?: ReturnType<typeof clockAt> } = {},
): Recorded {
  const events: AuthorityEvent[] = [];
  return {
    transport,
    secret: { namespace, name: SECRET },
    names: [`hook.${namespace}.svc`],
    pollMs: 50,
    report: (event) => void events.push(event),
    ...more,
    clock: more.clock ?? clockAt(new Date()),
    events,
  };
}
