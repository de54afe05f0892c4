/**
 * How one workload is brought in step: gather, decide, act (DESIGN §8). What the index knows only says whether it is
 * worth reading more. Before anything is written the workload and its sources are read live and the decision is
 * taken again; the write carries the resourceVersion it was decided on, so a second writer changes nothing.
 */
import { type Decision, decide } from '../core/decision.ts';
import { configurationOf, type Gathered } from '../core/digest.ts';
import type { Ours } from '../core/ours.ts';
import { usesOf } from '../core/reference.ts';
import { comparisonKeyId, running } from '../core/running.ts';
import { matchesPattern, type Selection } from '../core/selection.ts';
import { parseSourceId } from '../core/source.ts';
import { describeError } from '../kube/error.ts';
import { gather } from '../kube/gather.ts';
import { type ActOptions, act, DONE, type WritingDecision } from './act.ts';
import { forgetPause, type Released, release, removal, resume, tellKept } from './care.ts';
import { type LiveWorkload, readLive } from './live.ts';
import type { Told } from './told.ts';
import type { WorkResult } from './workers.ts';
import type { IndexedWorkload, WorkloadIndex } from './workload-index.ts';

export interface ReconcileOptions extends ActOptions {
  readonly index: WorkloadIndex;
  /** What was taken off workloads that wave had left there. */
  readonly released: Released;
  /** Told of advice about a workload that is not managed, perhaps because of just that. */
  readonly onAdvice: (facts: { workload: IndexedWorkload; advice: readonly string[] }) => void;
}

/** Looks at one workload. Resolves to `again` with a cause where it has to be looked at later; never rejects. */
export async function reconcile(id: string, options: ReconcileOptions): Promise<WorkResult> {
  try {
    return await look(id, options);
  } catch (error) {
    return { result: 'again', cause: describeError(error) };
  }
}

async function look(id: string, given: ReconcileOptions): Promise<WorkResult> {
  const entry = given.index.get(id);
  if (entry === undefined) return DONE;
  const { workload, verdict, advice } = entry;
  const options = { ...given, onDecision: (told: Told) => given.onDecision({ ...told, advice }) };
  if (workload.needsCare === true) return lookLive(workload, options);
  if (!verdict.managed) {
    options.onAdvice({ workload, advice });
    return DONE;
  }
  const { selection } = verdict;
  const gathered = await gatherFor(workload, selection, options);
  const decision = judge({ gathered, ours: workload.ours, selection, namespace: workload.namespace }, options);
  if (writes(decision)) return lookLive(workload, options);
  options.onDecision({ workload, decision });
  return DONE;
}

/** The same again on live reads, and then the write. */
async function lookLive(indexed: IndexedWorkload, options: ReconcileOptions): Promise<WorkResult> {
  const live = await readLive(indexed, { ...options, now: options.clock.now().getTime() });
  if (live === undefined) return DONE; // Gone: the watch will say so too.
  const { pause } = live;
  if (pause.pause === 'running' && pause.leftMs === 0) return resume(live, options);
  if (pause.pause === 'ended') return forgetPause(live, options);
  const result = await decideLive(live, options);
  return pause.pause === 'running' ? noLaterThan(pause.leftMs, result) : result;
}

/** Whatever a workload waits for besides, its pause has to end in time. */
function noLaterThan(inMs: number, result: WorkResult): WorkResult {
  switch (result.result) {
    case 'again':
      return result;
    case 'done':
      return { result: 'later', inMs };
    case 'later':
      return { result: 'later', inMs: Math.min(inMs, result.inMs) };
  }
}

async function decideLive(live: LiveWorkload, options: ReconcileOptions): Promise<WorkResult> {
  const { verdict, indexed, ours, workload } = live;
  if (!verdict.managed) return DONE;
  const { selection } = verdict;
  const gathered = await gatherFor(indexed, selection, options);
  const left = await removal(live, gathered, options);
  if (left.remove.length > 0) return release(live, left.remove, options);
  if ('keep' in left) tellKept(live, left.keep, options);
  const decision = judge({ gathered, ours, selection, namespace: workload.namespace }, options);
  if (writes(decision)) return act(live, { decision, gathered }, options);
  options.onDecision({ workload: indexed, decision });
  return DONE;
}

function gatherFor(
  { namespace, references }: IndexedWorkload,
  selection: Selection,
  { transport, rules }: ReconcileOptions,
): Promise<Gathered> {
  return gather({ namespace, uses: references.flatMap(usesOf), selection }, { transport, sources: rules });
}

interface Judged {
  readonly gathered: Gathered;
  readonly ours: Ours;
  readonly selection: Selection;
  readonly namespace: string;
}

function judge({ gathered, ours, selection, namespace }: Judged, { keyring, rules }: ReconcileOptions): Decision {
  const known = running(ours, keyring);
  const key = keyring.byId.get(comparisonKeyId(known, keyring)) ?? keyring.current;
  const { onCreate, onDelete } = rules;
  return decide({
    ...{ running: known, stamp: ours.stamp, wanted: configurationOf(gathered, key), key },
    rules: { onCreate, onDelete, matches: (id) => matchesPattern(selection, parseSourceId(id, namespace)) },
  });
}

function writes(decision: Decision): decision is WritingDecision {
  return decision.outcome === 'adopt' || decision.outcome === 'accept' || decision.outcome === 'roll';
}
