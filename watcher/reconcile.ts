/**
 * How one workload is brought in step: gather, decide, act (DESIGN §8). What the index knows only says whether it is
 * worth reading more. Before anything is written the workload and its sources are read live and the decision is
 * taken again; the write carries the resourceVersion it was decided on, so a second writer changes nothing.
 */
import { type Decision, decide } from '../core/decision.ts';
import { configuration, nextStamp, type Sources } from '../core/digest.ts';
import { appendHistory, type ExplainedCause, explain } from '../core/history.ts';
import type { Keyring } from '../core/key.ts';
import { FIELD_MANAGER } from '../core/names.ts';
import { type Ours, oursOf } from '../core/ours.ts';
import { parseWorkload } from '../core/parse.ts';
import { recordPatch, rolloutPatch } from '../core/patch.ts';
import { type PolicyOptions, policy } from '../core/policy.ts';
import { formatRecord } from '../core/record.ts';
import { type Reference, references } from '../core/reference.ts';
import { comparisonKeyId, running } from '../core/running.ts';
import type { Workload, WorkloadKind } from '../core/workload.ts';
import type { Clock } from '../kube/clock.ts';
import { describeError, isStatus } from '../kube/error.ts';
import { resourcePath } from '../kube/path.ts';
import { readSources, readWorkload } from '../kube/reader.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { indexedWorkload } from './feeds.ts';
import type { WorkResult } from './workers.ts';
import type { IndexedWorkload, WorkloadIndex } from './workload-index.ts';

export interface ReconcileOptions {
  readonly index: WorkloadIndex;
  readonly keyring: Keyring;
  readonly policy: PolicyOptions;
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly onDecision: (told: Told) => void;
}

/** A decision as it is told to logs, metrics and Events: names and keys, never content. */
export interface Told {
  readonly workload: IndexedWorkload;
  readonly decision: Decision;
  /** Present with a rollout that was written. */
  readonly rollout?: { readonly causes: readonly ExplainedCause[]; readonly from: string | null; readonly to: string };
}

/** Looks at one workload. Resolves to `again` with a cause where it has to be looked at later; never rejects. */
export async function reconcile(id: string, options: ReconcileOptions): Promise<WorkResult> {
  try {
    return await look(id, options);
  } catch (error) {
    return { result: 'again', cause: describeError(error) };
  }
}

const DONE: WorkResult = { result: 'done' };

async function look(id: string, options: ReconcileOptions): Promise<WorkResult> {
  const entry = options.index.get(id);
  if (!entry?.verdict.managed) return DONE;
  const { workload } = entry;
  const sources = await readSources(options.transport, workload.namespace, workload.references);
  const decision = judge({ ...workload, sources }, options.keyring);
  if (writes(decision)) return actLive(workload, options);
  options.onDecision({ workload, decision });
  return DONE;
}

/** The same again on live reads, and then the write. */
async function actLive(indexed: IndexedWorkload, options: ReconcileOptions): Promise<WorkResult> {
  const { transport, index } = options;
  const raw = await readWorkload(transport, indexed.kindInfo, indexed);
  const live = parseWorkload(raw, indexed);
  if (live === undefined) return DONE; // Gone: the watch will say so too.
  if (!policy(live, index.namespaceLabel(live.namespace), options.policy).managed) return DONE;
  const refers = references(live.template.spec);
  const sources = await readSources(transport, live.namespace, refers);
  const ours = oursOf(live);
  const decision = judge({ references: refers, ours, sources }, options.keyring);
  const workload = indexedWorkload(live, indexed.kindInfo);
  if (!writes(decision)) {
    options.onDecision({ workload, decision });
    return DONE;
  }
  return write({ live, workload, ours, refers, sources, decision }, options);
}

interface Gathered {
  readonly references: readonly Reference[];
  readonly ours: Ours;
  readonly sources: Sources;
}

function judge({ references, ours, sources }: Gathered, keyring: Keyring): Decision {
  const known = running(ours, keyring);
  const key = keyring.byId.get(comparisonKeyId(known, keyring)) ?? keyring.current;
  return decide({ running: known, stamp: ours.stamp, wanted: configuration(references, sources, key), key });
}

type WritingDecision = Extract<Decision, { outcome: 'adopt' | 'accept' | 'roll' }>;

function writes(decision: Decision): decision is WritingDecision {
  return decision.outcome === 'adopt' || decision.outcome === 'accept' || decision.outcome === 'roll';
}

interface Write {
  readonly live: Workload;
  readonly workload: IndexedWorkload;
  readonly ours: Ours;
  readonly refers: readonly Reference[];
  readonly sources: Sources;
  readonly decision: WritingDecision;
}

async function write(write: Write, options: ReconcileOptions): Promise<WorkResult> {
  const { live, workload, ours, decision } = write;
  const plan = planWrite(write, options);
  const answer = await patchWorkload(workload, plan.patch, options.transport);
  if (answer === 'changed meanwhile') return { result: 'again', cause: 'the workload changed meanwhile' };
  if (answer === 'gone') return DONE;
  const written = parseWorkload(answer, live);
  if (written === undefined) return { result: 'again', cause: 'the answer to the write holds no workload' };
  // The webhook puts back what is not true any more: then the configuration changed between the read and the write.
  const { stamp, record } = oursOf(written);
  if (stamp !== plan.ours.stamp || record !== plan.ours.record) {
    return { result: 'again', cause: 'the configuration changed meanwhile' };
  }
  options.onDecision({
    workload,
    decision,
    ...(plan.causes === undefined
      ? {}
      : { rollout: { causes: plan.causes, from: ours.stamp ?? null, to: plan.ours.stamp ?? '' } }),
  });
  return DONE;
}

interface Plan {
  readonly patch: unknown;
  /** What the workload carries when the patch has been applied. */
  readonly ours: Ours;
  readonly causes?: readonly ExplainedCause[];
}

function planWrite({ live, ours, refers, sources, decision }: Write, { keyring, clock }: ReconcileOptions): Plan {
  if (decision.outcome !== 'roll') {
    const record = formatRecord(decision.record);
    return { patch: recordPatch(live.resourceVersion, record), ours: { ...ours, record } };
  }
  const { current } = keyring;
  const wanted = configuration(refers, sources, current);
  const stamp = nextStamp(ours.stamp, wanted, current);
  const causes = explain(decision.causes, sources);
  const rollout = {
    at: clock.now().toISOString(),
    decision: decision.reason,
    causes,
    from: ours.stamp ?? null,
    to: stamp,
  };
  const next: Ours = {
    stamp,
    record: formatRecord({ ...wanted, stamp }),
    history: appendHistory(ours.history, rollout),
  };
  return { patch: rolloutPatch(live.resourceVersion, next), ours: next, causes };
}

async function patchWorkload(
  workload: { kindInfo: WorkloadKind; namespace: string; name: string },
  patch: unknown,
  transport: KubeTransport,
): Promise<unknown> {
  const { kindInfo, namespace, name } = workload;
  try {
    return await transport.request({
      method: 'PATCH',
      path: resourcePath(kindInfo, { namespace, name }),
      query: { fieldManager: FIELD_MANAGER },
      contentType: 'application/merge-patch+json',
      body: patch,
    });
  } catch (error) {
    if (isStatus(error, 409)) return 'changed meanwhile';
    if (isStatus(error, 404)) return 'gone';
    throw error;
  }
}
