/**
 * Admissions through a real API server while its webhook is replaced and given other certificates all the time. Two
 * instances stand behind one port, as they do behind a Service.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Mount, makeMount } from '../certs/mount.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { startCluster } from '../cluster/cluster.ts';
import type { Progress } from '../cluster/progress.ts';
import { install } from '../install/installation.ts';
import { Balancer } from './balancer.ts';
import { makePairs, type Pairs, SERVER_NAME } from './certificates.ts';
import { Fleet } from './fleet.ts';
import { type Traffic, traffic } from './traffic.ts';
import { since, type WebhookCounts, webhookCounts } from './webhook-metrics.ts';

export interface AdmissionsOptions {
  readonly count: number;
  readonly clients: number;
  /** Another certificate this often; each third one is bad and has to be refused. */
  readonly rotateEveryMs: number;
  readonly shutdownDelayMs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface AdmissionsResult {
  readonly traffic: Traffic;
  readonly counts: WebhookCounts;
  readonly replaced: number;
  /** Good pairs that were offered, and bad ones. */
  readonly rotations: { readonly good: number; readonly bad: number };
  /** How often instances said so. */
  readonly logged: ReadonlyMap<string, number>;
  /** What was wrong with the instances or the way to them: of no interest to anybody if the API server noticed nothing. */
  readonly faults: readonly string[];
  readonly seconds: number;
  /** What the API server counted in `failOpen` for one request that was sent when no instance was left. */
  readonly failOpenAlone: number;
}

const NAMESPACE = 'shop';
const CONFIG_MAP = 'app';

/** Endpoints follow readiness within about this in a cluster. */
const ENDPOINTS_MS = 500;

export async function runAdmissions(options: AdmissionsOptions): Promise<AdmissionsResult> {
  const { progress, signal } = options;
  const cluster = await startCluster({ name: 'admissions', report: progress.line, progress, signal });
  const mount = await makeMount();
  try {
    const pairs = await makePairs();
    await mount.swap(pairs.good[0]);
    const { webhookPort } = await install(cluster, { without: ['webhook', 'watcher'] });
    await Promise.all([pointTo(cluster, webhookPort, pairs.authorities), prepareNamespace(cluster)]);
    return await onStage({ cluster, mount, pairs, port: webhookPort }, options);
  } finally {
    await mount.end();
    await cluster.stop();
  }
}

interface Stage {
  readonly cluster: Cluster;
  readonly mount: Mount;
  readonly pairs: Pairs;
  readonly port: number;
}

async function onStage(stage: Stage, options: AdmissionsOptions): Promise<AdmissionsResult> {
  const { cluster, mount, port } = stage;
  const balancer = await Balancer.start({ port, everyMs: ENDPOINTS_MS });
  const kubeconfig = await cluster.serviceAccountKubeconfig('restamp', 'restamp-webhook');
  const { shutdownDelayMs } = options;
  const fleet = new Fleet({ balancer, kubeconfig, tlsDirectory: mount.path, shutdownDelayMs });
  try {
    await Promise.all([fleet.grow(), fleet.grow()]);
    const before = await webhookCounts(cluster);
    const began = performance.now();
    const disturbed = await disturbedTraffic(stage, fleet, options);
    const seconds = (performance.now() - began) / 1_000;
    const counts = since(before, await webhookCounts(cluster));
    const faults = [...fleet.faults, ...(balancer.refused === 0 ? [] : [`${balancer.refused} connections met nobody`])];
    const { logged, replaced } = fleet;
    const failOpenAlone = await countedWithNobodyThere(cluster, fleet, options);
    return { ...disturbed, counts, replaced, logged, faults, seconds, failOpenAlone };
  } finally {
    await fleet.stop();
    await balancer.stop();
  }
}

/** Sends the requests while instances come and go. Rejects if they cease to: in a quiet cluster all goes well. */
async function disturbedTraffic(
  { cluster, mount, pairs }: Stage,
  fleet: Fleet,
  options: AdmissionsOptions,
): Promise<Pick<AdmissionsResult, 'traffic' | 'rotations'>> {
  const over = new AbortController();
  const going = AbortSignal.any([over.signal, options.signal]);
  const replacing = keepReplacing(fleet, going);
  const rotating = keepRotating(mount, pairs, { everyMs: options.rotateEveryMs, going });
  const broken = Promise.all([replacing, rotating]).then(() => new Promise<never>(() => {}));
  try {
    const traffic = await Promise.race([send(cluster, options), broken]);
    over.abort();
    const [rotations] = await Promise.all([rotating, replacing]);
    options.signal.throwIfAborted();
    return { traffic, rotations };
  } finally {
    over.abort();
    await Promise.allSettled([replacing, rotating]);
  }
}

/** One more request, when all instances have gone: the API server does count what went wrong, had anything. */
async function countedWithNobodyThere(cluster: Cluster, fleet: Fleet, options: AdmissionsOptions): Promise<number> {
  const before = await webhookCounts(cluster);
  await fleet.stop();
  await send(cluster, { ...options, count: 1, clients: 1 });
  return since(before, await webhookCounts(cluster)).failOpen;
}

function send({ kubeconfig }: Cluster, { count, clients, progress, signal }: AdmissionsOptions): Promise<Traffic> {
  const onProgress = (done: number): void => progress.update(`${done} of ${count} admissions`);
  return traffic({ kubeconfig, namespace: NAMESPACE, configMap: CONFIG_MAP, count, clients, signal, onProgress });
}

async function keepReplacing(fleet: Fleet, going: AbortSignal): Promise<void> {
  while (!going.aborted) await fleet.replace();
}

/** Ends on a good pair, so that whoever starts last can start. */
async function keepRotating(
  mount: Mount,
  { good, bad }: Pairs,
  { everyMs, going }: { readonly everyMs: number; readonly going: AbortSignal },
): Promise<{ good: number; bad: number }> {
  const offered = { good: 0, bad: 0 };
  for (let turn = 1; !going.aborted; turn += 1) {
    await sleep(everyMs, undefined, { signal: going }).catch(() => {});
    const kind = turn % 3 === 0 && !going.aborted ? 'bad' : 'good';
    const pairs = kind === 'bad' ? bad : good;
    const pair = pairs[offered[kind] % pairs.length] ?? pairs[0];
    offered[kind] += 1;
    await mount.swap(pair);
  }
  return offered;
}

async function prepareNamespace(cluster: Cluster): Promise<void> {
  await cluster.kubectl(['create', 'namespace', NAMESPACE]);
  await cluster.kubectl(['label', 'namespace', NAMESPACE, 'restamp.dev/inject=enabled']);
  await cluster.kubectl(['-n', NAMESPACE, 'create', 'configmap', CONFIG_MAP, '--from-literal=a=1']);
}

const CONFIGURATIONS = {
  mutatingwebhookconfiguration: ['/mutate'],
  validatingwebhookconfiguration: ['/validate', '/validate/enforce'],
} as const;

/** The one address that the API server calls, under a name that pairs of every sort are made for. */
async function pointTo(cluster: Cluster, port: number, authorities: string): Promise<void> {
  const caBundle = Buffer.from(authorities).toString('base64');
  for (const [kind, paths] of Object.entries(CONFIGURATIONS)) {
    const patch = paths.map((path, index) => ({
      op: 'replace',
      path: `/webhooks/${index}/clientConfig`,
      value: { url: `https://${SERVER_NAME}:${port}${path}`, caBundle },
    }));
    await cluster.kubectl(['patch', kind, 'restamp', '--type=json', '-p', JSON.stringify(patch)]);
  }
}
