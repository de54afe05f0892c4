/** Sends a request through the webhook's decision as `/mutate` does, less HTTP and reading. */
import { type Admitted, type Answer, admit, admitUnread, consider, type Question } from '../../core/admission.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Keyring } from '../../core/key.ts';
import { admissionPatch, type PatchOperation } from '../../core/patch.ts';
import { configurationOf, DEPLOYMENT, KEYRING, workloadOf } from './build.ts';
import { applyJsonPatch } from './json-patch.ts';

export interface Request {
  /** Absent at CREATE. */
  readonly old?: JsonObject;
  readonly object: JsonObject;
  /** The ConfigMaps and Secrets there are, or that they could not be read. */
  readonly objects: readonly JsonObject[] | 'unreadable';
  readonly keyring?: Keyring;
}

export interface Admission {
  readonly answer: Answer;
  readonly patch: readonly PatchOperation[];
  /** The object as it is stored. */
  readonly stored: JsonObject;
}

export function questionOf({ old, object }: Request): Question {
  return consider(admitted(object), old === undefined ? undefined : admitted(old));
}

export function admission(request: Request): Admission {
  const answer = answerTo(request);
  const patch = admissionPatch(request.object, answer.ours, DEPLOYMENT);
  return { answer, patch, stored: applyJsonPatch(request.object, patch) };
}

function answerTo(request: Request): Answer {
  const { object, objects, keyring = KEYRING } = request;
  const question = questionOf(request);
  if (question.ask === 'nothing') return question.answer;
  if (objects === 'unreadable') return admitUnread(question);
  const { spec } = workloadOf(object).template;
  return admit(question, admitted(object), {
    keyring,
    configurationOf: (id) => configurationOf(spec, objects, keyring.byId.get(id) ?? keyring.current),
  });
}

function admitted(raw: JsonObject): Admitted {
  return { workload: workloadOf(raw), kindInfo: DEPLOYMENT, raw };
}
