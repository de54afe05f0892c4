/** Clients of the API server that create, change, try and delete workloads, and note what came of each request. */
import { KubeConfig } from '@kubernetes/client-node';
import { asObject, type JsonObject } from '../../core/json.ts';
import { CONFIG_HASH } from '../../core/names.ts';
import { templateOf } from '../../core/parse.ts';
import { kindOf, WORKLOAD_KINDS, type WorkloadKind } from '../../core/workload.ts';
import { describeError, isStatus } from '../../kube/error.ts';
import { resourcePath } from '../../kube/path.ts';
import { createTransport, type KubeRequest, type KubeTransport } from '../../kube/transport.ts';
import { envFrom, type Kind, workload } from '../live/manifest.ts';

export interface TrafficOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
  /** The ConfigMap that each workload uses. */
  readonly configMap: string;
  readonly clients: number;
  /** Requests in all that go through admission. */
  readonly count: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

export interface Traffic {
  readonly admissions: number;
  /** What was said about each request that failed, denied ones excepted. */
  readonly failed: readonly string[];
  /** Those that came back with a 403. */
  readonly denied: readonly string[];
  /** Answers whose pod template carries no stamp. */
  readonly unstamped: number;
  /** Different stamps seen: the configuration never changes, so that there is one. */
  readonly stamps: number;
  /** Milliseconds that each took, from the least. */
  readonly tookMs: readonly number[];
}

interface Notes {
  started: number;
  done: number;
  unstamped: number;
  readonly failed: string[];
  readonly denied: string[];
  readonly stamps: Set<string>;
  readonly tookMs: number[];
}

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'] as const satisfies readonly Kind[];

const DRY_RUN = { dryRun: 'All' };

export async function traffic(options: TrafficOptions): Promise<Traffic> {
  const notes: Notes = {
    ...{ started: 0, done: 0, unstamped: 0, failed: [], denied: [], stamps: new Set<string>(), tookMs: [] },
  };
  await Promise.all(Array.from({ length: options.clients }, (_, number) => client(number, options, notes)));
  const { done, failed, denied, unstamped, stamps, tookMs } = notes;
  return {
    ...{ admissions: done, failed, denied, unstamped, stamps: stamps.size },
    tookMs: tookMs.toSorted((a, b) => a - b),
  };
}

/** One workload after the other, each through a life of six admissions. A client has connections of its own. */
async function client(number: number, options: TrafficOptions, notes: Notes): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(options.kubeconfig);
  const transport = createTransport(config, 'restamp-traffic');
  try {
    for (let round = 0; notes.started < options.count && !options.signal.aborted; round += 1) {
      const kind = KINDS[round % KINDS.length] ?? 'Deployment';
      await life({ kind, name: `load-${number}-${round}` }, { transport, options, notes });
    }
  } finally {
    transport.close();
  }
}

interface Subject {
  readonly kind: Kind;
  readonly name: string;
}

interface Parts {
  readonly transport: KubeTransport;
  readonly options: TrafficOptions;
  readonly notes: Notes;
}

async function life({ kind, name }: Subject, parts: Parts): Promise<void> {
  const { namespace, configMap } = parts.options;
  const object = workload({ kind, name, replicas: 0, container: envFrom('configMapRef', configMap) });
  const info = infoOf(object);
  const all = resourcePath(info, { namespace });
  const one = resourcePath(info, { namespace, name });
  const patch = (body: JsonObject, query = {}): KubeRequest => ({
    ...{ method: 'PATCH', path: one, contentType: 'application/merge-patch+json', body, query },
  });
  const create = (query = {}): KubeRequest => ({ method: 'POST', path: all, body: object, query });
  for (const request of [
    create(DRY_RUN),
    create(),
    patch(templatePatch(info, { version: '2' })),
    patch(templatePatch(info, { version: '3' }), DRY_RUN),
    patch({ metadata: { labels: { version: '2' } } }),
    // Somebody takes the stamp away: it is put back.
    patch(templatePatch(info, { [CONFIG_HASH]: null })),
  ]) {
    if (parts.notes.started < parts.options.count) await admission(request, info, parts);
  }
  await parts.transport.request({ method: 'DELETE', path: one }).catch(() => {});
}

async function admission(
  request: KubeRequest,
  info: WorkloadKind,
  { transport, options, notes }: Parts,
): Promise<void> {
  notes.started += 1;
  const began = performance.now();
  try {
    const stamp = stampOf(await transport.request(request), info);
    if (stamp === undefined) notes.unstamped += 1;
    else notes.stamps.add(stamp);
  } catch (error) {
    notes[isStatus(error, 403) ? 'denied' : 'failed'].push(describeError(error));
  }
  notes.tookMs.push(performance.now() - began);
  notes.done += 1;
  options.onProgress?.(notes.done);
}

function infoOf({ apiVersion, kind }: JsonObject): WorkloadKind {
  const [group = ''] = String(apiVersion).split('/');
  const resource = `${String(kind).toLowerCase()}s`;
  const info = kindOf(WORKLOAD_KINDS, { group, resource });
  if (info === undefined) throw new Error(`${resource}.${group} is no workload that restamp knows`);
  return info;
}

function templatePatch({ templatePath }: WorkloadKind, annotations: JsonObject): JsonObject {
  const template: JsonObject = { metadata: { annotations } };
  return templatePath.reduceRight<JsonObject>((inner, name) => ({ [name]: inner }), template);
}

function stampOf(object: unknown, info: WorkloadKind): string | undefined {
  const { annotations } = asObject(asObject(templateOf(object, info)).metadata);
  const stamp = asObject(annotations)[CONFIG_HASH];
  return typeof stamp === 'string' ? stamp : undefined;
}
