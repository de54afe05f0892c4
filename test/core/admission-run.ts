/** Sends a request through the webhook's decision as `/mutate` does, less HTTP and reading. */
import { type Admitted, type Answer, admit, admitUnread, consider, type Question } from '../../core/admission.ts';
import type { DecisionRules } from '../../core/decision.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Keyring } from '../../core/key.ts';
import { admissionPatch, type PatchOperation } from '../../core/patch.ts';
import type { WorkloadKind } from '../../core/workload.ts';
import { configurationOf, DEPLOYMENT, KEYRING, workloadOf } from './build.ts';
import { applyJsonPatch } from './json-patch.ts';

export interface Request {
  /** Absent at CREATE. */
  readonly old?: JsonObject;
  readonly object: JsonObject;
  /** The ConfigMaps and Secrets there are, or that they could not be read. */
  readonly objects: readonly JsonObject[] | 'unreadable';
  readonly keyring?: Keyring;
  /** A Deployment, if absent. */
  readonly kind?: WorkloadKind;
  readonly rules?: DecisionRules;
  readonly rollsElsewhere?: boolean;
}

export interface Admission {
  readonly answer: Answer;
  readonly patch: readonly PatchOperation[];
  /** The object as it is stored. */
  readonly stored: JsonObject;
}

export function questionOf({ old, object, kind }: Request): Question {
  return consider(admitted(object, kind), old === undefined ? undefined : admitted(old, kind));
}

export function admission(request: Request): Admission {
  const answer = answerTo(request);
  const patch = admissionPatch(request.object, answer.ours, request.kind ?? DEPLOYMENT);
  return { answer, patch, stored: applyJsonPatch(request.object, patch) };
}

function answerTo(request: Request): Answer {
  const { object, objects, keyring = KEYRING, kind = DEPLOYMENT, rules, rollsElsewhere } = request;
  const question = questionOf(request);
  if (question.ask === 'nothing') return question.answer;
  if (objects === 'unreadable') return admitUnread(question);
  const { spec } = workloadOf(object, kind).template;
  return admit(question, admitted(object, kind), {
    keyring,
    ...(rules && { rules }),
    ...(rollsElsewhere === undefined ? {} : { rollsElsewhere }),
    configurationOf: (id) => configurationOf(spec, objects, keyring.byId.get(id) ?? keyring.current),
  });
}

function admitted(raw: JsonObject, kindInfo: WorkloadKind = DEPLOYMENT): Admitted {
  return { workload: workloadOf(raw, kindInfo), kindInfo, raw };
}
