/** From an object of the API to what the index keeps of a workload. */
import { adviceOf } from '../core/advice.ts';
import { isInDomain } from '../core/advice-name.ts';
import { isMadeByController, workloadRef } from '../core/effect.ts';
import { asObject } from '../core/json.ts';
import { leftovers } from '../core/leftover.ts';
import * as names from '../core/names.ts';
import { oursOf } from '../core/ours.ts';
import { parseWorkload } from '../core/parse.ts';
import type { PolicyOptions } from '../core/policy.ts';
import { type ReferenceOptions, references } from '../core/reference.ts';
import { isStrategyRestart } from '../core/settings.ts';
import type { Workload, WorkloadKind } from '../core/workload.ts';
import type { IndexedWorkload } from './workload-index.ts';

export interface IndexingOptions {
  readonly vocabulary: names.Vocabulary;
  readonly references: ReferenceOptions;
  readonly policy: Pick<PolicyOptions, 'crossNamespaces'>;
}

/** A workload as it is told of; what there is to say about its annotations is found out when somebody asks. */
export interface ParsedWorkload extends IndexedWorkload {
  readonly advise: () => readonly string[];
}

/** Reads an object as a workload of a kind; `undefined` where it is none, or its controller's business. */
export function parseIndexed(
  raw: unknown,
  kindInfo: WorkloadKind,
  options: IndexingOptions,
): ParsedWorkload | undefined {
  if (isMadeByController(raw, kindInfo)) return undefined;
  const lender = kindInfo.effect === 'rollout' ? workloadRef(raw) : undefined;
  const workload = lender === undefined ? parseWorkload(raw, kindInfo) : parseBorrower(raw, kindInfo);
  if (workload === undefined) return undefined;
  const indexed = indexedWorkload(workload, kindInfo, options);
  const isPaused = workload.annotations[options.vocabulary.pausedAt] !== undefined && kindInfo.kind === 'Deployment';
  const restarts = isStrategyRestart(workload, options.vocabulary);
  return {
    ...indexed,
    advise: () => adviceOf(workload, { ...options.policy, vocabulary: options.vocabulary }).map(({ text }) => text),
    ...(isPaused || leftovers(raw).length > 0 ? { needsCare: true } : {}),
    ...(lender === undefined ? {} : { borrows: { name: lender, restarts } }),
    ...(asObject(asObject(raw).spec).replicas === 0 ? { idle: true } : {}),
  };
}

/** A Rollout without a template of its own. */
function parseBorrower(raw: unknown, kindInfo: WorkloadKind): Workload | undefined {
  const object = asObject(raw);
  return parseWorkload({ ...object, spec: { ...asObject(object.spec), template: {} } }, kindInfo);
}

/** What the index keeps of a workload: of its annotations those that are read, of its template the references. */
export function indexedWorkload(
  workload: Workload,
  kindInfo: WorkloadKind,
  { vocabulary, references: options }: IndexingOptions,
): IndexedWorkload {
  const { namespace, name, uid, annotations, template } = workload;
  const spoken = spokenNames(vocabulary);
  return {
    kind: kindInfo.kind,
    namespace,
    name,
    uid,
    kindInfo,
    annotations: only(annotations, spoken),
    templateAnnotations: only(template.annotations, spoken),
    references: references(template.spec, options),
    ours: oursOf(workload),
  };
}

/** What is spoken; of what somebody may have meant to be, the names, so that there is something to be said when they change. */
function only(annotations: Readonly<Record<string, string>>, spoken: ReadonlySet<string>): Record<string, string> {
  const kept = Object.entries(annotations).flatMap(([name, value]) => {
    if (spoken.has(name)) return [[name, value] as const];
    return isInDomain(name) && !OURS.has(name) ? [[name, ''] as const] : [];
  });
  return Object.fromEntries(kept);
}

const OURS: ReadonlySet<string> = new Set([names.RECORD, names.HISTORY, names.CONFIG_HASH]);

/** The annotations that say something about a workload, whoever's words they are. */
function spokenNames(vocabulary: names.Vocabulary): ReadonlySet<string> {
  const { autoOf, reload, exclude, ...single } = vocabulary;
  return new Set([
    ...[names.INJECT, names.INCLUDE, names.EXCLUDE, names.SETTLE, names.MIN_INTERVAL, names.STRATEGY],
    ...[autoOf, reload, exclude].flatMap((typed) => Object.values(typed)),
    ...Object.values(single),
    ...[names.WAVE.update, names.WAVE.extraConfigMaps, names.WAVE.extraSecrets],
  ]);
}
