/** A workload as it is read live, with all that a decision and its write need to know of it. */
import { isMadeByController, workloadRef } from '../core/effect.ts';
import { asObject } from '../core/json.ts';
import { type Ours, oursOf } from '../core/ours.ts';
import { parseWorkload } from '../core/parse.ts';
import { type Pause, pauseOf } from '../core/pause.ts';
import { policy, type Verdict } from '../core/policy.ts';
import { isStrategyRestart, type Settings, settingsOf } from '../core/settings.ts';
import { kindOf, WORKLOAD_KINDS, type Workload, type WorkloadKind } from '../core/workload.ts';
import { readWorkload } from '../kube/reader.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { indexedWorkload } from './indexed.ts';
import type { WatcherRules } from './rules.ts';
import type { IndexedWorkload, WorkloadIndex } from './workload-index.ts';

export interface LiveWorkload {
  /** The object as it came; with a borrowed template, that one is in its place. */
  readonly raw: unknown;
  readonly workload: Workload;
  readonly indexed: IndexedWorkload;
  readonly kindInfo: WorkloadKind;
  readonly ours: Ours;
  readonly verdict: Verdict;
  readonly settings: Settings;
  readonly pause: Pause;
}

export interface ReadOptions {
  readonly transport: KubeTransport;
  readonly index: WorkloadIndex;
  readonly rules: WatcherRules;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Reads a workload; `undefined` where it is gone, or has become its controller's business. */
export async function readLive(known: IndexedWorkload, options: ReadOptions): Promise<LiveWorkload | undefined> {
  const { transport, index, rules, now } = options;
  const { kindInfo, namespace } = known;
  const raw = await withTemplate(await readWorkload(transport, kindInfo, known), { kindInfo, namespace, transport });
  const workload = parseWorkload(raw, kindInfo, namespace);
  if (workload === undefined || isMadeByController(raw, kindInfo)) return undefined;
  const indexed = indexedWorkload(workload, kindInfo, rules);
  const facts = index.namespaceFacts(namespace);
  const judged = { ...workload, annotations: index.effectiveAnnotations(indexed) };
  return {
    ...{ raw, workload, indexed, kindInfo, ours: oursOf(workload) },
    verdict:
      kindInfo.effect === 'rollout' && isLent(raw, workload, rules)
        ? { managed: false, reason: 'not-opted-in' }
        : policy(judged, facts, rules.policy),
    settings: settingsOf(judged, facts.settings, { defaults: rules.settings, vocabulary: rules.vocabulary }),
    pause: pauseOf(judged, { raw, now, vocabulary: rules.vocabulary }),
  };
}

/** A Rollout that runs another's template, and is not restarted by itself, is that one's business, as in the index. */
function isLent(raw: unknown, { annotations }: Workload, { vocabulary }: WatcherRules): boolean {
  if (workloadRef(raw) === undefined) return false;
  return !isStrategyRestart({ annotations, template: { annotations: {}, spec: undefined } }, vocabulary);
}

interface Borrowing {
  readonly kindInfo: WorkloadKind;
  readonly namespace: string;
  readonly transport: KubeTransport;
}

/** The object with the template it runs, where that is another's (Argo's `workloadRef`). */
async function withTemplate(raw: unknown, { kindInfo, namespace, transport }: Borrowing): Promise<unknown> {
  const name = kindInfo.effect === 'rollout' ? workloadRef(raw) : undefined;
  const deployments = kindOf(WORKLOAD_KINDS, { group: 'apps', resource: 'deployments' });
  if (name === undefined || deployments === undefined) return raw;
  const lender = asObject(await readWorkload(transport, deployments, { namespace, name }));
  const object = asObject(raw);
  return { ...object, spec: { ...asObject(object.spec), template: asObject(lender.spec).template } };
}
