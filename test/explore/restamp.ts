/** restamp's steps in the explored world: `core/` decides, unchanged; what is around it is what watcher and webhook do. */
import { admit, admitUnread, consider, type Known } from '../../core/admission.ts';
import { type Decision, decide, type Facts } from '../../core/decision.ts';
import { configurationOf, type Gathered, nextStamp } from '../../core/digest.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Key, Keyring } from '../../core/key.ts';
import { type Ours, oursOf } from '../../core/ours.ts';
import { admissionPatch, recordPatch, rolloutPatch } from '../../core/patch.ts';
import { LABELLED_NAMESPACE, PLAIN_NAMESPACE, type PolicyOptions, policy } from '../../core/policy.ts';
import { formatRecord } from '../../core/record.ts';
import { NO_EXTRA_REFERENCES, podUses } from '../../core/reference.ts';
import { comparisonKeyId, type Running, running } from '../../core/running.ts';
import { applicable, patternTexts, type Selection, selectReferences } from '../../core/selection.ts';
import type { Workload } from '../../core/workload.ts';
import { applyJsonPatch } from '../core/json-patch.ts';
import { type Contents, KEYRINGS, sourcesOf } from './cast.ts';
import { admittedOf, KIND_INFO, VERSION } from './objects.ts';

/** Where a bug can be seeded: restamp's steps, and what its watcher keeps to. */
export interface Restamp {
  readonly decide: (facts: Facts) => Decision;
  readonly admit: typeof admit;
  readonly comparisonKey: (known: Running, keyring: Keyring) => Key;
  readonly nextStamp: typeof nextStamp;
  /** What is sent of a write. */
  readonly send: (patch: JsonObject) => JsonObject;
  /** Stamp and record go in one write, or the record in one of its own. */
  readonly writes: 'together' | 'stamp-first';
  /** What is decided on is read after the workload, once more. */
  readonly readsAgain: boolean;
  /** A write is refused if the workload has changed since it was read. */
  readonly carriesVersion: boolean;
  /** What changes while a workload is worked on makes it looked at again. */
  readonly remembers: boolean;
}

/** restamp as it is. */
export const RESTAMP: Restamp = {
  decide,
  admit,
  comparisonKey: (known, keyring) => keyring.byId.get(comparisonKeyId(known, keyring)) ?? keyring.current,
  nextStamp,
  send: (patch) => patch,
  writes: 'together',
  readsAgain: true,
  carriesVersion: true,
  remembers: true,
};

/** What holds for a whole installation. */
export interface Setting {
  /** The namespace is labelled: the webhook is asked, and its workloads are managed. */
  readonly optedIn: boolean;
  readonly rotated: boolean;
}

export function keyringOf({ rotated }: Setting): Keyring {
  return KEYRINGS[rotated ? 1 : 0];
}

const POLICY: PolicyOptions = { excludedNamespaces: new Set(), ownNamespace: 'restamp', all: false };

export type Outcome = Decision['outcome'] | 'not-managed';

/** What a look comes to: nothing to write, or these writes, one after the other. */
export interface Look {
  readonly outcome: Outcome;
  readonly patches: readonly JsonObject[];
}

/** The watcher decides on an object and on what it has read of the sources. */
export function look(raw: unknown, read: Contents, setting: Setting, restamp: Restamp): Look {
  const { workload } = admittedOf(raw);
  const verdict = policy(workload, setting.optedIn ? LABELLED_NAMESPACE : PLAIN_NAMESPACE, POLICY);
  if (!verdict.managed) return { outcome: 'not-managed', patches: [] };
  const gathered = gather(workload, verdict.selection, read);
  const keyring = keyringOf(setting);
  const ours = oursOf(workload);
  const known = running(ours, keyring);
  const key = restamp.comparisonKey(known, keyring);
  const wanted = configurationOf(gathered, key);
  const decision = restamp.decide({ running: known, stamp: ours.stamp, wanted, key });
  const patches = patchesOf(decision, { ours, gathered, keyring, restamp });
  return { outcome: decision.outcome, patches: patches.map(restamp.send) };
}

interface Circumstances {
  readonly ours: Ours;
  readonly gathered: Gathered;
  readonly keyring: Keyring;
  readonly restamp: Restamp;
}

function patchesOf(decision: Decision, { ours, gathered, keyring, restamp }: Circumstances): readonly JsonObject[] {
  if (decision.outcome === 'adopt' || decision.outcome === 'accept') {
    return [recordPatch(VERSION, { record: formatRecord(decision.record), history: undefined })];
  }
  if (decision.outcome !== 'roll') return [];
  const wanted = configurationOf(gathered, keyring.current);
  const stamp = restamp.nextStamp(ours.stamp, wanted, keyring.current);
  const next: Ours = { stamp, record: formatRecord({ ...wanted, stamp }), history: undefined };
  if (restamp.writes === 'together') return [rolloutPatch(VERSION, next, KIND_INFO)];
  return [rolloutPatch(VERSION, { ...next, record: ours.record }, KIND_INFO), recordPatch(VERSION, next)];
}

/** How a request fares at the webhook: not asked, asked but unable to read, or it read this. */
export type Webhook =
  | { readonly is: 'down' }
  | { readonly is: 'blind' }
  | { readonly is: 'up'; readonly read: Contents };

export interface Request {
  readonly before: JsonObject | undefined;
  readonly sent: JsonObject;
}

/** What a request leaves in the store. Throws where the webhook would fail or its patch not apply. */
export function admitted({ before, sent }: Request, webhook: Webhook, setting: Setting, restamp: Restamp): JsonObject {
  if (webhook.is === 'down' || !setting.optedIn) return sent;
  const object = admittedOf(sent);
  const verdict = policy(object.workload, LABELLED_NAMESPACE, POLICY);
  if (!verdict.managed) return sent;
  const question = consider(object, before === undefined ? undefined : admittedOf(before));
  const answered = (ours: Ours): JsonObject => applyJsonPatch(sent, admissionPatch(sent, ours, KIND_INFO));
  if (question.ask === 'nothing') return answered(question.answer.ours);
  if (webhook.is === 'blind') return answered(admitUnread(question).ours);
  const gathered = gather(object.workload, verdict.selection, webhook.read);
  const keyring = keyringOf(setting);
  const known: Known = {
    keyring,
    configurationOf: (keyId) => configurationOf(gathered, keyring.byId.get(keyId) ?? keyring.current),
  };
  return answered(restamp.admit(question, object, known).ours);
}

/** As `kube/gather.ts` does it, with the sources at hand. */
function gather({ template }: Workload, selection: Selection, contents: Contents): Gathered {
  const sources = sourcesOf(contents);
  const selected = selectReferences(podUses(template.spec, NO_EXTRA_REFERENCES), selection);
  return { references: applicable(selected, sources, {}), sources, patterns: patternTexts(selection) };
}
