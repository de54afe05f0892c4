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
import { READS_PER_REVIEW } from '../core/defaults.ts';
import { configurationOf } from '../core/digest.ts';
import { isMadeByController, workloadRef } from '../core/effect.ts';
import type { Keyring } from '../core/key.ts';
import { CONFIG_HASH, HISTORY, RECORD } from '../core/names.ts';
import { type Ours, oursOf } from '../core/ours.ts';
import { parseWorkload } from '../core/parse.ts';
import { admissionPatch } from '../core/patch.ts';
import { LABELLED_NAMESPACE, type PolicyOptions, policy } from '../core/policy.ts';
import type { Reason } from '../core/reason.ts';
import { podUses, type ReferenceOptions, type Use } from '../core/reference.ts';
import { matchesPattern, type Selection, type SourceRules, selectReferences } from '../core/selection.ts';
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
  const uses = podUses(object.workload.template.spec, options.references);
  return answerRead(question, { object, uses, selection: verdict.selection }, options);
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
function isElsewhere(raw: unknown, kindInfo: WorkloadKind): boolean {
  return isMadeByController(raw, kindInfo) || (kindInfo.effect === 'rollout' && workloadRef(raw) !== undefined);
}

function passed(reason: Reason): Mutation {
  return { verdict: {}, told: { outcome: 'pass', reason, patched: false } };
}

interface Selected {
  readonly object: Admitted;
  readonly uses: readonly Use[];
  readonly selection: Selection;
}

/** Why nothing was read: for the log, and for whoever sent the request. */
interface Unread {
  readonly cause: string;
  readonly warning: string;
}

const UNREAD_WARNING =
  'restamp could not read the configuration in time and stamped nothing; its watcher sees to this workload';

/**
 * Annotations that the API server takes in one object (apimachinery's TotalAnnotationSizeLimitB) less room for those that
 * controllers add later: the Deployment controller copies ours to ReplicaSets, beside its own. One byte more, and the
 * request would be denied because of us.
 */
const ANNOTATIONS_LIMIT = (256 - 8) * 1024;

const NO_ROOM: Unread = {
  cause: 'the record has no room among the annotations',
  warning: 'restamp stamped nothing: its record has no room in the 256 KiB that the annotations of an object share',
};

async function answerRead(
  question: Exclude<Question, { ask: 'nothing' }>,
  selected: Selected,
  options: MutateOptions,
): Promise<Mutation> {
  const tooMany = beyondBound(selected);
  if (tooMany !== undefined) return unread(question, selected.object, tooMany);
  try {
    const keyring = options.keyring();
    if (keyring === undefined) throw new Error('the key of the installation is not known yet');
    const known = await readKnown(selected, keyring, options);
    const answer = admit(question, selected.object, known);
    if (!hasRoom(selected.object, answer.ours)) return unread(question, selected.object, NO_ROOM);
    return answered(selected.object, answer);
  } catch (error) {
    return unread(question, selected.object, { cause: describeError(error), warning: UNREAD_WARNING });
  }
}

function hasRoom({ workload }: Admitted, { stamp, record, history }: Ours): boolean {
  const { annotations, template } = workload;
  return (
    sizeOf({ ...annotations, [RECORD]: record, [HISTORY]: history }) <= ANNOTATIONS_LIMIT &&
    sizeOf({ ...template.annotations, [CONFIG_HASH]: stamp }) <= ANNOTATIONS_LIMIT
  );
}

function sizeOf(annotations: Readonly<Record<string, string | undefined>>): number {
  return Object.entries(annotations)
    .map(([name, value]) => (value === undefined ? 0 : Buffer.byteLength(name) + Buffer.byteLength(value)))
    .reduce((total, size) => total + size, 0);
}

/** Told before anything is read. What expressions find besides is bounded by itself (SELECTED_SOURCES). */
function beyondBound({ uses, selection }: Selected): Unread | undefined {
  const count = selectReferences(uses, selection).length;
  if (count <= READS_PER_REVIEW) return undefined;
  const cause = `${count} ConfigMaps and Secrets are referred to, and no more than ${READS_PER_REVIEW} are read`;
  return { cause, warning: `restamp stamped nothing: ${cause} for one workload` };
}

async function readKnown(
  { object: { workload }, uses, selection }: Selected,
  keyring: Keyring,
  { transport, budgetMs, sources, onCreate, onDelete, rollsElsewhere }: MutateOptions,
): Promise<Known> {
  const { namespace } = workload;
  const gathered = await gather({ namespace, uses, selection }, { transport, sources }, AbortSignal.timeout(budgetMs));
  return {
    keyring,
    rollsElsewhere,
    configurationOf: (keyId) => configurationOf(gathered, keyring.byId.get(keyId) ?? keyring.current),
    rules: { onCreate, onDelete, matches: (id) => matchesPattern(selection, parseSourceId(id, namespace)) },
  };
}

function unread(
  question: Exclude<Question, { ask: 'nothing' }>,
  object: Admitted,
  { cause, warning }: Unread,
): Mutation {
  const answer = admitUnread(question);
  // Where not even what was there before has room, the object stays as it came.
  const ours = hasRoom(object, answer.ours) ? answer.ours : oursOf(object.workload);
  const { verdict, told } = answered(object, { ...answer, ours });
  return { verdict: { ...verdict, warnings: [warning] }, told: { ...told, cause } };
}

function answered(object: Admitted, answer: Answer): Mutation {
  const { outcome, reason, ours } = answer;
  const patch = admissionPatch(object.raw, ours, object.kindInfo);
  const auditAnnotations = { outcome, reason };
  return { verdict: { patch, auditAnnotations }, told: { outcome, reason, patched: patch.length > 0 } };
}
