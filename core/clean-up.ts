/**
 * What Reloader and old versions of wave leave behind in a cluster, and the patches (RFC 7386) that remove it. Nothing
 * that people write is among it, such as the annotations that select, and nothing of restamp's own.
 */
import { effectOf } from './effect.ts';
import { asList, asObject, asText, type JsonObject, stringMap } from './json.ts';
import { type Leftover, leftovers, releasePatch } from './leftover.ts';
import { LAST_RELOADED_FROM, RELOADER, RELOADER_VARIABLE_PREFIX, WAVE } from './names.ts';
import { templateOf } from './parse.ts';
import { mergePatches, nested } from './patch.ts';
import { shown } from './phrase.ts';
import type { WorkloadKind } from './workload.ts';

export const TOOLS = ['reloader', 'wave'] as const;
export type Tool = (typeof TOOLS)[number];

/** One thing that is left on an object. */
export interface Remnant {
  readonly tool: Tool;
  readonly what: 'last-reloaded-from' | 'variables' | 'pause' | 'config-hash' | Leftover | 'owner-references';
  /** What a person would look for: the names on the wire. */
  readonly texts: readonly string[];
}

/** What becomes of a workload's pods: replaced at once, when somebody or something else has them replaced, or nothing. */
export type Pods = 'roll' | 'later' | 'stay';

type KindInfo = Pick<WorkloadKind, 'kind' | 'templatePath' | 'effect'>;

interface Remnants {
  readonly removable: readonly Remnant[];
  /** In a template that the API server does not let anybody change: a Job's. They go with the Job. */
  readonly fixed: readonly Remnant[];
}

/** Removing one of these changes the pod template. */
const IN_TEMPLATE: readonly Remnant['what'][] = ['last-reloaded-from', 'variables', 'config-hash', 'parked'];

/** What is left of these tools on a workload. */
export function remnantsOf(
  raw: unknown,
  { kindInfo, tools }: { kindInfo: KindInfo; tools: readonly Tool[] },
): Remnants {
  const all = [...reloaderRemnants(raw, kindInfo), ...waveRemnants(raw, kindInfo)];
  const wanted = all.filter(({ tool }) => tools.includes(tool));
  // What is being deleted has no other use for a change than to be let go.
  if (metadataOf(raw).deletionTimestamp !== undefined) {
    return { removable: wanted.filter(({ what }) => what === 'finalizer'), fixed: [] };
  }
  const isFixed = ({ what }: Remnant): boolean => kindInfo.effect === 'job' && IN_TEMPLATE.includes(what);
  return { removable: wanted.filter((remnant) => !isFixed(remnant)), fixed: wanted.filter(isFixed) };
}

function reloaderRemnants(raw: unknown, kindInfo: KindInfo): readonly Remnant[] {
  const { annotations, spec } = templateParts(raw, kindInfo);
  const variables = variablesOf(spec);
  return [
    ...remnant('reloader', 'last-reloaded-from', LAST_RELOADED_FROM in annotations ? ['last-reloaded-from'] : []),
    ...remnant('reloader', 'variables', variables),
    ...remnant('reloader', 'pause', pauseOf(raw, kindInfo)),
  ];
}

function waveRemnants(raw: unknown, kindInfo: KindInfo): readonly Remnant[] {
  const { annotations } = templateParts(raw, kindInfo);
  const texts = { parked: 'scheduling-disabled', finalizer: 'finalizer' } as const;
  return [
    ...remnant('wave', 'config-hash', WAVE.configHash in annotations ? ['config-hash'] : []),
    ...leftovers(raw).flatMap((what) => remnant('wave', what, [texts[what]])),
  ];
}

function remnant(tool: Tool, what: Remnant['what'], texts: readonly string[]): readonly Remnant[] {
  return texts.length === 0 ? [] : [{ tool, what, texts }];
}

/** Reloader's variables: `STAKATER_<NAME>_<TYPE>` with a hash in them, which is never taken from somewhere else. */
const VARIABLE = new RegExp(`^${RELOADER_VARIABLE_PREFIX}[A-Z0-9_]+_(CONFIGMAP|SECRET|SECRETPROVIDERCLASS)$`);

function isVariable(variable: unknown): boolean {
  const { name, valueFrom } = asObject(variable);
  return VARIABLE.test(asText(name) ?? '') && valueFrom === undefined;
}

const CONTAINERS = ['initContainers', 'containers'] as const;

function variablesOf(podSpec: JsonObject): readonly string[] {
  const env = CONTAINERS.flatMap((list) => asList(podSpec[list])).flatMap((container) =>
    asList(asObject(container).env),
  );
  return [...new Set(env.filter(isVariable).map((variable) => shown(String(asObject(variable).name))))];
}

/** A period that is still asked for is the watcher's to end; a pause without a mark is a person's. */
function pauseOf(raw: unknown, kindInfo: KindInfo): readonly string[] {
  const own = stringMap(metadataOf(raw).annotations);
  const isOver = ![own, templateParts(raw, kindInfo).annotations].some((where) => RELOADER.pausePeriod in where);
  return kindInfo.kind === 'Deployment' && RELOADER.pausedAt in own && isOver ? ['paused-at'] : [];
}

/** The merge patch that removes them, from the object as it was read and no other version of it. */
export function workloadPatch(
  raw: unknown,
  { kindInfo, remnants }: { kindInfo: KindInfo; remnants: readonly Remnant[] },
): JsonObject {
  const { resourceVersion } = metadataOf(raw);
  return mergePatches({ metadata: { resourceVersion } }, ...remnants.map(({ what }) => patchOf(raw, kindInfo, what)));
}

function patchOf(raw: unknown, kindInfo: KindInfo, what: Remnant['what']): JsonObject {
  const { templatePath } = kindInfo;
  switch (what) {
    case 'last-reloaded-from':
      return nested(templatePath, { metadata: { annotations: { [LAST_RELOADED_FROM]: null } } });
    case 'config-hash':
      return nested(templatePath, { metadata: { annotations: { [WAVE.configHash]: null } } });
    case 'variables':
      return nested(templatePath, { spec: withoutVariables(templateParts(raw, kindInfo).spec) });
    case 'pause':
      return {
        metadata: { annotations: { [RELOADER.pausedAt]: null } },
        ...(isPaused(raw) ? { spec: { paused: false } } : {}),
      };
    case 'parked':
    case 'finalizer':
      return releasePatch(raw, { kindInfo, which: [what] });
    case 'owner-references':
      return {};
  }
}

/** A merge patch replaces lists whole; the resourceVersion that goes with it says that this is still the list. */
function withoutVariables(podSpec: JsonObject): JsonObject {
  const changed = CONTAINERS.filter((list) => variablesOf({ [list]: podSpec[list] }).length > 0);
  return Object.fromEntries(changed.map((list) => [list, asList(podSpec[list]).map(withoutVariable)]));
}

function withoutVariable(container: unknown): unknown {
  const { env, ...rest } = asObject(container);
  const kept = asList(env).filter((variable) => !isVariable(variable));
  if (kept.length === asList(env).length) return container;
  return kept.length === 0 ? rest : { ...rest, env: kept };
}

/** What becomes of the pods once these are removed. */
export function podsAfter(
  raw: unknown,
  { kindInfo, remnants }: { kindInfo: KindInfo; remnants: readonly Remnant[] },
): Pods {
  // What was changed during the pause is rolled out when it ends.
  if (isPaused(raw) && remnants.some(({ what }) => what === 'pause')) return 'roll';
  if (templateOf(workloadPatch(raw, { kindInfo, remnants }), kindInfo) === undefined) return 'stay';
  if (kindInfo.effect === 'cronjob') return 'later';
  const facts = { kindInfo, raw, settings: { strategy: 'hash' }, pause: { pause: 'none' } } as const;
  const effect = effectOf(facts, { cronJobs: 'stamp', jobs: 'report', notify: false });
  return 'waiting' in effect ? 'later' : 'roll';
}

/** The kinds that wave knows, which is to say all that its owner references name. */
const OWNER_KINDS: readonly unknown[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** The uid of a workload that is or was wave's, by any mark of wave's on it: such a one can be named as an owner. */
export function waveOwner(raw: unknown, kindInfo: KindInfo): string | undefined {
  const { annotations, finalizers, uid } = metadataOf(raw);
  const own = stringMap(annotations);
  const isMarked =
    asList(finalizers).includes(WAVE.finalizer) ||
    WAVE.configHash in templateParts(raw, kindInfo).annotations ||
    [WAVE.update, WAVE.extraConfigMaps, WAVE.extraSecrets, WAVE.schedulingDisabled].some((name) => name in own);
  return OWNER_KINDS.includes(kindInfo.kind) && isMarked ? asText(uid) : undefined;
}

/**
 * The owner references of a ConfigMap or Secret that wave set, to one of these owners (by uid). They are told from
 * others by their shape: `controller` is written out as false, and `blockOwnerDeletion` is true.
 */
export function waveReferences(raw: unknown, owners: ReadonlySet<string>): readonly JsonObject[] {
  return asList(metadataOf(raw).ownerReferences)
    .map(asObject)
    .filter(
      ({ apiVersion, kind, uid, controller, blockOwnerDeletion }) =>
        apiVersion === 'apps/v1' &&
        OWNER_KINDS.includes(kind) &&
        controller === false &&
        blockOwnerDeletion === true &&
        owners.has(asText(uid) ?? ''),
    );
}

/** What is left of wave on a ConfigMap or Secret. */
export function sourceRemnants(raw: unknown, owners: ReadonlySet<string>): readonly Remnant[] {
  const names = waveReferences(raw, owners).map(({ kind, name }) => `${kind} ${name}`);
  return remnant('wave', 'owner-references', names.length === 0 ? [] : [`owner reference to ${names.join(', ')}`]);
}

/** The merge patch that takes the references off, from the object as it was read and no other version of it. */
export function sourcePatch(raw: unknown, owners: ReadonlySet<string>): JsonObject {
  const { resourceVersion, ownerReferences } = metadataOf(raw);
  const removed = waveReferences(raw, owners);
  const kept = asList(ownerReferences).filter((reference) => !removed.some((wave) => wave === reference));
  return { metadata: { resourceVersion, ownerReferences: kept } };
}

function templateParts(
  raw: unknown,
  kindInfo: KindInfo,
): { annotations: Readonly<Record<string, string>>; spec: JsonObject } {
  const template = asObject(templateOf(raw, kindInfo));
  return { annotations: stringMap(asObject(template.metadata).annotations), spec: asObject(template.spec) };
}

function metadataOf(raw: unknown): JsonObject {
  return asObject(asObject(raw).metadata);
}

function isPaused(raw: unknown): boolean {
  return asObject(asObject(raw).spec).paused === true;
}
