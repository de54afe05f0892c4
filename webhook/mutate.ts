/** `/mutate`: gather, decide, answer (DESIGN §9). Stateless and without a cache, so it cannot stamp an old value. */
import {
  type Admitted,
  type Answer,
  admit,
  admitUnread,
  consider,
  type Known,
  type Question,
} from '../core/admission.ts';
import { configurationOf } from '../core/digest.ts';
import { isControlled, workloadRef } from '../core/effect.ts';
import type { Keyring } from '../core/key.ts';
import { parseWorkload } from '../core/parse.ts';
import { admissionPatch } from '../core/patch.ts';
import { LABELLED_NAMESPACE, type PolicyOptions, policy } from '../core/policy.ts';
import type { Reason } from '../core/reason.ts';
import { podUses, type ReferenceOptions } from '../core/reference.ts';
import { matchesPattern, type Selection, type SourceRules } from '../core/selection.ts';
import { parseSourceId } from '../core/source.ts';
import { kindOf, type WorkloadKind } from '../core/workload.ts';
import { describeError } from '../kube/error.ts';
import { gather } from '../kube/gather.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { type AdmissionRequest, storesObject, type Verdict } from './review.ts';

export interface MutateOptions {
  readonly transport: KubeTransport;
  /** Absent until the key could be read: then every request passes unstamped. */
  readonly keyring: () => Keyring | undefined;
  readonly policy: PolicyOptions;
  readonly kinds: readonly WorkloadKind[];
  readonly references: ReferenceOptions;
  readonly sources: SourceRules;
  readonly onCreate: boolean;
  readonly onDelete: boolean;
  /** Rollouts are told to a URL and performed by somebody else. */
  readonly rollsElsewhere: boolean;
  /** What reading may take in all. Milliseconds. */
  readonly budgetMs: number;
}

/** A decision at admission, as it is told to logs, metrics and the audit log. */
export interface ToldAdmission {
  readonly outcome: Answer['outcome'];
  readonly reason: Reason;
  readonly patched: boolean;
  /** Why the configuration could not be read. */
  readonly cause?: string;
}

export interface Mutation {
  readonly verdict: Verdict;
  readonly told: ToldAdmission;
}

/** Answers one request. Never rejects; whatever goes wrong, the request is allowed and the watcher repairs. */
export async function mutate(request: AdmissionRequest, options: MutateOptions): Promise<Mutation> {
  const object = storesObject(request) ? admitted(request.object, request, options) : undefined;
  if (object === undefined) return passed('untouched');
  const old = request.operation === 'UPDATE' ? admitted(request.oldObject, request, options) : undefined;
  // Nothing to compare with: taken for a new workload, its pods could roll without a reason.
  if (request.operation === 'UPDATE' && old === undefined) return passed('untouched');
  // The webhook configuration selects labelled namespaces: what arrives here counts as labelled.
  const verdict = policy(object.workload, LABELLED_NAMESPACE, options.policy);
  if (!verdict.managed) return passed(verdict.reason);
  const question = consider(object, old);
  if (question.ask === 'nothing') return answered(object, question.answer);
  return answerRead(question, { object, selection: verdict.selection }, options);
}

function admitted(
  raw: unknown,
  { group, resource, namespace }: AdmissionRequest,
  { kinds }: MutateOptions,
): Admitted | undefined {
  const kindInfo = kindOf(kinds, { group, resource });
  if (kindInfo === undefined || isElsewhere(raw, kindInfo)) return undefined;
  const workload = parseWorkload(raw, kindInfo);
  return workload === undefined ? undefined : { workload: { ...workload, namespace }, kindInfo, raw };
}

/** A Job that a CronJob made is its CronJob's business; what runs another's template, that one's. */
function isElsewhere(raw: unknown, { effect }: WorkloadKind): boolean {
  return (effect === 'job' && isControlled(raw)) || (effect === 'rollout' && workloadRef(raw) !== undefined);
}

function passed(reason: Reason): Mutation {
  return { verdict: {}, told: { outcome: 'pass', reason, patched: false } };
}

interface Selected {
  readonly object: Admitted;
  readonly selection: Selection;
}

async function answerRead(
  question: Exclude<Question, { ask: 'nothing' }>,
  selected: Selected,
  options: MutateOptions,
): Promise<Mutation> {
  try {
    const keyring = options.keyring();
    if (keyring === undefined) throw new Error('the key of the installation is not known yet');
    const known = await readKnown(selected, keyring, options);
    return answered(selected.object, admit(question, selected.object, known));
  } catch (error) {
    return unread(question, selected.object, describeError(error));
  }
}

async function readKnown(
  { object: { workload }, selection }: Selected,
  keyring: Keyring,
  { transport, budgetMs, references, sources, onCreate, onDelete, rollsElsewhere }: MutateOptions,
): Promise<Known> {
  const { namespace, template } = workload;
  const gatherable = { namespace, uses: podUses(template.spec, references), selection };
  const gathered = await gather(gatherable, { transport, sources }, AbortSignal.timeout(budgetMs));
  return {
    keyring,
    rollsElsewhere,
    configurationOf: (keyId) => configurationOf(gathered, keyring.byId.get(keyId) ?? keyring.current),
    rules: { onCreate, onDelete, matches: (id) => matchesPattern(selection, parseSourceId(id, namespace)) },
  };
}

function unread(question: Exclude<Question, { ask: 'nothing' }>, object: Admitted, cause: string): Mutation {
  const { verdict, told } = answered(object, admitUnread(question));
  const warnings = [
    'restamp could not read the configuration in time and stamped nothing; its watcher sees to this workload',
  ];
  return { verdict: { ...verdict, warnings }, told: { ...told, cause } };
}

function answered(object: Admitted, answer: Answer): Mutation {
  const { outcome, reason, ours } = answer;
  const patch = admissionPatch(object.raw, ours, object.kindInfo);
  const auditAnnotations = { outcome, reason };
  return { verdict: { patch, auditAnnotations }, told: { outcome, reason, patched: patch.length > 0 } };
}
