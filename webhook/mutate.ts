/** `/mutate`: gather, decide, answer (DESIGN §9). Stateless and without a cache, so it cannot stamp an old value. */
import { type Admitted, type Answer, admit, admitUnread, consider, type Question } from '../core/admission.ts';
import { type Configuration, configuration } from '../core/digest.ts';
import type { Keyring } from '../core/key.ts';
import { parseWorkload } from '../core/parse.ts';
import { admissionPatch } from '../core/patch.ts';
import { type PolicyOptions, policy } from '../core/policy.ts';
import type { Reason } from '../core/reason.ts';
import { type Reference, references } from '../core/reference.ts';
import { describeError } from '../kube/error.ts';
import { readSources } from '../kube/reader.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { type AdmissionRequest, storesObject, type Verdict } from './review.ts';

export interface MutateOptions {
  readonly transport: KubeTransport;
  /** Absent until the key could be read: then every request passes unstamped. */
  readonly keyring: () => Keyring | undefined;
  readonly policy: PolicyOptions;
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
  const object = storesObject(request) ? admitted(request.object, request) : undefined;
  if (object === undefined) return passed('untouched');
  const old = request.operation === 'UPDATE' ? admitted(request.oldObject, request) : undefined;
  // Nothing to compare with: taken for a new workload, its pods could roll without a reason.
  if (request.operation === 'UPDATE' && old === undefined) return passed('untouched');
  // The webhook configuration selects labelled namespaces: what arrives here counts as labelled.
  const verdict = policy(object.workload, 'enabled', options.policy);
  if (!verdict.managed) return passed(verdict.reason);
  const question = consider(object, old);
  if (question.ask === 'nothing') return answered(object, question.answer);
  return answerRead(question, object, options);
}

function admitted(raw: unknown, { kind, namespace }: AdmissionRequest): Admitted | undefined {
  const workload = parseWorkload(raw, { kind, namespace });
  return workload === undefined ? undefined : { workload: { ...workload, namespace }, raw };
}

function passed(reason: Reason): Mutation {
  return { verdict: {}, told: { outcome: 'pass', reason, patched: false } };
}

async function answerRead(
  question: Exclude<Question, { ask: 'nothing' }>,
  object: Admitted,
  options: MutateOptions,
): Promise<Mutation> {
  try {
    const keyring = options.keyring();
    if (keyring === undefined) throw new Error('the key of the installation is not known yet');
    const refers = references(object.workload.template.spec);
    const configurationOf = await readConfiguration(object.workload.namespace, refers, keyring, options);
    return answered(object, admit(question, object, { keyring, configurationOf }));
  } catch (error) {
    return unread(question, object, describeError(error));
  }
}

async function readConfiguration(
  namespace: string,
  refers: readonly Reference[],
  keyring: Keyring,
  { transport, budgetMs }: MutateOptions,
): Promise<(keyId: string) => Configuration> {
  const sources = await readSources(transport, namespace, refers, AbortSignal.timeout(budgetMs));
  return (keyId) => configuration(refers, sources, keyring.byId.get(keyId) ?? keyring.current);
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
  const patch = admissionPatch(object.raw, ours);
  const auditAnnotations = { outcome, reason };
  return { verdict: { patch, auditAnnotations }, told: { outcome, reason, patched: patch.length > 0 } };
}
