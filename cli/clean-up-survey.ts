/** What Reloader and wave left in a cluster: every workload is looked at, and where wave was, ConfigMaps and Secrets. */
import {
  type Pods,
  podsAfter,
  type Remnant,
  remnantsOf,
  sourceRemnants,
  type Tool,
  waveOwner,
  waveReferences,
} from '../core/clean-up.ts';
import { asObject, asText } from '../core/json.ts';
import { WORKLOAD_KINDS, type WorkloadKind } from '../core/workload.ts';
import { discover } from '../kube/discovery.ts';
import { describeError, isStatus, KubeError } from '../kube/error.ts';
import { METADATA_ONLY_LIST } from '../kube/metadata.ts';
import { pages } from '../kube/pages.ts';
import { CONFIG_MAPS, type Resource, resourcePath, SECRETS } from '../kube/path.ts';
import type { KubeTransport } from '../kube/transport.ts';

interface Found {
  readonly kind: string;
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly remnants: readonly Remnant[];
  readonly pods: Pods;
}

/** An object on which something is left. */
export type Target =
  | (Found & { readonly on: 'workload'; readonly kindInfo: WorkloadKind; readonly uid: string })
  /** `owners` are the uids that its references of wave's name. */
  | (Found & { readonly on: 'source'; readonly owners: readonly string[] });

export interface Survey {
  /** In the order in which they are to be dealt with: references first, then the workloads that they name. */
  readonly targets: readonly Target[];
  /** The workloads that are or were wave's, by uid. */
  readonly owners: ReadonlySet<string>;
  /** Those of which nobody knows whether references to them are left: their finalizer stays. */
  readonly held: ReadonlySet<string>;
  /** Jobs whose template has something of Reloader's that nobody can change. */
  readonly fixedJobs: number;
  /** What could not be looked at: one sentence each. */
  readonly warnings: readonly string[];
}

export interface SurveyOptions {
  readonly transport: KubeTransport;
  /** All of them if there are none. */
  readonly namespaces: readonly string[];
  readonly tools: readonly Tool[];
  readonly signal: AbortSignal;
}

/** Looks at everything. Rejects where the API server does not answer, or does not know who is asking. */
export async function survey(options: SurveyOptions): Promise<Survey> {
  const warnings: string[] = [];
  const workloads = await surveyWorkloads(options, warnings);
  const { targets: sources, unseen } = await surveySources(workloads.owners, options, warnings);
  const owners = new Set(workloads.owners.keys());
  const held = new Set([...workloads.owners].filter(([, at]) => unseen.has(at)).map(([uid]) => uid));
  const targets = workloads.targets.flatMap((target) => withoutHeld(target, held, warnings));
  return { targets: [...sources, ...targets], owners, held, fixedJobs: workloads.fixedJobs, warnings };
}

/** What of a workload may be removed while references to it may be left: all but wave's guard, and its mark. */
export function unheld(
  remnants: readonly Remnant[],
  { uid, held }: { uid: string; held: ReadonlySet<string> },
): readonly Remnant[] {
  return held.has(uid) ? remnants.filter(({ what }) => what !== 'finalizer') : remnants;
}

function withoutHeld(target: Target, held: ReadonlySet<string>, warnings: string[]): readonly Target[] {
  if (target.on !== 'workload') return [target];
  const remnants = unheld(target.remnants, { uid: target.uid, held });
  if (remnants.length === target.remnants.length) return [target];
  warnings.push(`${nameOf(target)} keeps wave's finalizer: a ConfigMap or Secret may still name it as its owner`);
  return remnants.length === 0 ? [] : [{ ...target, remnants }];
}

/** `Deployment shop/web`. */
export function nameOf({ kind, namespace, name }: Pick<Found, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`;
}

interface Workloads {
  readonly targets: Target[];
  /** The namespace of each, by uid. */
  readonly owners: Map<string, string>;
  fixedJobs: number;
}

async function surveyWorkloads(options: SurveyOptions, warnings: string[]): Promise<Workloads> {
  const found: Workloads = { targets: [], owners: new Map(), fixedJobs: 0 };
  const scopes = options.namespaces.length === 0 ? [undefined] : options.namespaces;
  for (const kindInfo of await servedKinds(options, warnings)) {
    for (const namespace of scopes) {
      const list = { kind: kindInfo.kind, resource: kindInfo, namespace };
      await eachItem(list, { ...options, warnings }, (raw) => take(raw, kindInfo, { found, tools: options.tools }));
    }
  }
  return found;
}

function take(raw: unknown, kindInfo: WorkloadKind, { found, tools }: { found: Workloads; tools: readonly Tool[] }) {
  const at = placeOf(raw);
  const owner = tools.includes('wave') ? waveOwner(raw, kindInfo) : undefined;
  if (owner !== undefined) found.owners.set(owner, at.namespace);
  const { removable: remnants, fixed } = remnantsOf(raw, { kindInfo, tools });
  if (fixed.length > 0) found.fixedJobs += 1;
  if (remnants.length === 0) return;
  const pods = podsAfter(raw, { kindInfo, remnants });
  const uid = asText(asObject(asObject(raw).metadata).uid) ?? '';
  found.targets.push({ on: 'workload', kind: kindInfo.kind, resource: kindInfo, kindInfo, uid, ...at, remnants, pods });
}

/** The kinds that there are. A group that cannot be asked after (an aggregated API that is down) is left out. */
async function servedKinds({ transport, signal }: SurveyOptions, warnings: string[]): Promise<readonly WorkloadKind[]> {
  const served = new Set<string>();
  const groups = Map.groupBy(WORKLOAD_KINDS, ({ builtIn, group }) => (builtIn ? '' : group));
  for (const [group, kinds] of groups) {
    try {
      for (const { group, resource } of await discover(transport, kinds, signal)) served.add(`${resource}.${group}`);
    } catch (error) {
      if (group === '' || !isAnswer(error)) throw error;
      warnings.push(`${kinds.map(({ kind }) => kind).join(', ')} cannot be looked for: ${describeError(error)}`);
    }
  }
  return WORKLOAD_KINDS.filter(({ group, resource }) => served.has(`${resource}.${group}`));
}

const SOURCES = { ConfigMap: CONFIG_MAPS, Secret: SECRETS } as const;

interface Sources {
  readonly targets: readonly Target[];
  /** Namespaces in which not all of them could be listed. */
  readonly unseen: ReadonlySet<string>;
}

/** An owner reference names something in its own namespace: no other is looked at. */
async function surveySources(
  owners: ReadonlyMap<string, string>,
  options: SurveyOptions,
  warnings: string[],
): Promise<Sources> {
  const uids = new Set(owners.keys());
  const targets: Target[] = [];
  const unseen = new Set<string>();
  for (const namespace of new Set(owners.values())) {
    for (const [kind, resource] of Object.entries(SOURCES)) {
      const list = { kind, resource, namespace, accept: METADATA_ONLY_LIST };
      const isListed = await eachItem(list, { ...options, warnings }, (raw) => {
        const remnants = sourceRemnants(raw, uids);
        if (remnants.length === 0) return;
        const named = waveReferences(raw, uids).map(({ uid }) => String(uid));
        targets.push({ on: 'source', kind, resource, ...placeOf(raw), remnants, pods: 'stay', owners: named });
      });
      if (!isListed) unseen.add(namespace);
    }
  }
  return { targets, unseen };
}

function placeOf(raw: unknown): { namespace: string; name: string } {
  const { namespace, name } = asObject(asObject(raw).metadata);
  return { namespace: asText(namespace) ?? '', name: asText(name) ?? '' };
}

interface List {
  readonly kind: string;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly accept?: string;
}

/** Whether the whole list could be read; where not, a warning says why. */
async function eachItem(
  list: List,
  options: { transport: KubeTransport; signal: AbortSignal; warnings: string[] },
  act: (raw: unknown) => void,
): Promise<boolean> {
  try {
    const { resource, namespace, accept } = list;
    const request = { path: resourcePath(resource, { namespace }), signal: options.signal };
    const asked = accept === undefined ? request : { ...request, accept };
    for await (const { items } of pages(options.transport, asked)) items.forEach(act);
    return true;
  } catch (error) {
    if (!isAnswer(error)) throw error;
    const everywhere =
      list.namespace === undefined && isStatus(error, 403) ? ' (--namespaces asks in those alone)' : '';
    options.warnings.push(`${list.kind} cannot be listed and is left out: ${describeError(error)}${everywhere}`);
    return false;
  }
}

/** A refusal of this one request, and not of all that follow: no answer at all, or not knowing who asks. */
function isAnswer(error: unknown): boolean {
  return error instanceof KubeError && error.status !== 0 && !isStatus(error, 401);
}
