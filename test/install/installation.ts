/** restamp on a test cluster: the shipped manifests applied, webhook and watcher as processes with their own accounts. */
import type { Cluster } from '../cluster/cluster.ts';
import { eventually } from '../cluster/deadline.ts';
import { freePorts } from '../cluster/ports.ts';
import { type LogLine, RestampProcess } from './process.ts';

export interface InstallationOptions {
  readonly webhookArgs?: readonly string[];
  readonly watcherArgs?: readonly string[];
  readonly program?: readonly string[];
  readonly onLine?: (line: LogLine) => void;
  /** Do not start these processes. */
  readonly without?: readonly ('webhook' | 'watcher')[];
}

export interface Installation {
  readonly webhook: RestampProcess;
  readonly watcher: RestampProcess;
  readonly webhookPort: number;
  stop(): Promise<void>;
}

export const OWN_NAMESPACE = 'restamp';

// The CA bundle is written within a moment of the start of the webhook.
const TRUST_DEADLINE_MS = 30_000;

/** Applies `deploy/base` and starts the processes; resolves when admissions reach the webhook and the watcher is in sync. */
export async function install(cluster: Cluster, options: InstallationOptions = {}): Promise<Installation> {
  const [port = 0] = await freePorts(1);
  await applyManifests(cluster, port);
  const [webhookConfig, watcherConfig] = await Promise.all([
    cluster.serviceAccountKubeconfig(OWN_NAMESPACE, 'restamp-webhook'),
    cluster.serviceAccountKubeconfig(OWN_NAMESPACE, 'restamp-watcher'),
  ]);
  const shared = {
    ...(options.program === undefined ? {} : { program: options.program }),
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
  };
  const local = ['--bind-address=127.0.0.1', '--ops-port=0'];
  const webhook = new RestampProcess({
    ...shared,
    command: 'webhook',
    args: [
      `--kubeconfig=${webhookConfig}`,
      `--port=${port}`,
      '--tls=self-signed',
      '--shutdown-delay=1s',
      ...local,
      ...(options.webhookArgs ?? []),
    ],
  });
  const watcher = new RestampProcess({
    ...shared,
    command: 'watcher',
    args: [`--kubeconfig=${watcherConfig}`, ...local, ...(options.watcherArgs ?? [])],
  });
  const started = { webhook, watcher };
  const wanted = (['webhook', 'watcher'] as const).filter((name) => !options.without?.includes(name));
  await Promise.all(wanted.map((name) => started[name].start()));
  if (wanted.includes('webhook')) await trusted(cluster);
  return {
    ...started,
    webhookPort: port,
    stop: async () => {
      await Promise.all([webhook.stop(), watcher.stop()]);
    },
  };
}

/** How many webhooks each configuration has. */
const WEBHOOKS = { mutatingwebhookconfiguration: 1, validatingwebhookconfiguration: 2 } as const;

/** The manifests as they ship; only how the API server finds the webhook is different for a process on loopback. */
async function applyManifests(cluster: Cluster, port: number): Promise<void> {
  await cluster.kubectl(['apply', '-k', 'deploy/base']);
  const service = {
    type: 'ExternalName',
    externalName: 'localhost',
    clusterIP: null,
    clusterIPs: null,
    selector: null,
  };
  await cluster.kubectl([
    ...['-n', OWN_NAMESPACE, 'patch', 'service', 'restamp-webhook', '--type=merge'],
    ...['-p', JSON.stringify({ spec: service })],
  ]);
  for (const [kind, webhooks] of Object.entries(WEBHOOKS)) {
    const toPort = Array.from({ length: webhooks }, (_, index) => ({
      ...{ op: 'replace', path: `/webhooks/${index}/clientConfig/service/port`, value: port },
    }));
    await cluster.kubectl(['patch', kind, 'restamp', '--type=json', '-p', JSON.stringify(toPort)]);
  }
}

/** Waits until the API server has been given the CA bundle. */
async function trusted(cluster: Cluster): Promise<void> {
  for (const kind of ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration']) {
    const bundle = ['get', kind, 'restamp', '-o', 'jsonpath={.webhooks[0].clientConfig.caBundle}'];
    await eventually(async () => ((await cluster.kubectl(bundle)).stdout === '' ? undefined : true), {
      what: `a CA bundle in the ${kind}`,
      deadlineMs: TRUST_DEADLINE_MS,
    });
  }
}
