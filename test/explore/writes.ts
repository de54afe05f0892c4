/** One write to a workload, by a person or by restamp's watcher: what it leaves in the store, and what the books say of it. */
import type { Answers } from './answers.ts';
import type { Contents } from './cast.ts';
import {
  born,
  type Life,
  missingNoted,
  NO_NOTES,
  type Notes,
  notesOfRecord,
  notesOfStamp,
  notesReplaced,
  type Place,
  rewritten,
  sameTemplate,
  sameTold,
  toldBy,
  toldOf,
  usesOf,
} from './life.ts';
import type { Stored } from './objects.ts';
import { type Fault, faultOfRollout, isSecond } from './promises.ts';
import type { Outcome, Setting, Webhook } from './restamp.ts';

/** What a person does to a workload through the API server. */
export const ACTS = ['create', 'edit', 'replace', 'reset', 'strip', 'undo', 'restore'] as const;
export type Act = (typeof ACTS)[number];

export interface Written {
  readonly life: Life;
  readonly fault?: Fault;
  /** A rollout that was asked for, and brought the pods nothing. */
  readonly second?: boolean;
}

export interface Scene extends Place {
  readonly setting: Setting;
  readonly answers: Answers;
}

/** What a person sends; `undefined` where there is nothing to do it to, or it would change nothing. */
export function sentBy(act: Act, life: Life | undefined): Stored | undefined {
  if (act === 'create') return life === undefined ? { variant: 1, stamp: undefined, record: undefined } : undefined;
  if (life === undefined) return undefined;
  const sent = changed(act, life);
  return sent === undefined || sameStored(sent, life.object) ? undefined : sent;
}

function changed(act: Exclude<Act, 'create'>, { object, previous }: Life): Stored | undefined {
  switch (act) {
    case 'edit':
      return { ...object, variant: object.variant === 1 ? 2 : 1 };
    case 'replace':
      return { variant: 1, stamp: undefined, record: undefined };
    case 'reset':
      return { ...object, stamp: undefined };
    case 'strip':
      return { ...object, record: undefined };
    case 'undo':
      return previous?.object;
    case 'restore':
      return previous && { ...previous.object, record: object.record };
  }
}

function sameStored(a: Stored, b: Stored): boolean {
  return sameTemplate(a, b) && a.record === b.record;
}

/** A person's request lands. */
export function personWrites(act: Act, life: Life | undefined, webhook: Webhook, scene: Scene): Written | undefined {
  const sent = sentBy(act, life);
  if (sent === undefined) return undefined;
  const { workload, setting, answers } = scene;
  const stored = answers.store({ workload, before: life?.object, sent }, webhook, setting);
  if (typeof stored === 'string') return { life: life ?? born(sent, NO_NOTES, scene), fault: stored };
  const notes = notesOfPerson(act, { life, sent, stored }, webhook, scene);
  if (life === undefined) return { life: born(stored, notes, scene) };
  const fault = faultOfAnswer({ life, sent, stored }, webhook, scene);
  const written = rewritten(life, stored, notes, scene);
  const after = webhook.is === 'down' ? notesReplaced(written, scene) : written;
  return fault === undefined ? { life: after } : { life: after, fault };
}

interface Change {
  readonly life: Life | undefined;
  readonly sent: Stored;
  readonly stored: Stored;
}

/** What is written down after a person's request: what the webhook read, where it was asked and new pods start. */
function notesOfPerson(act: Act, { life, sent, stored }: Change, webhook: Webhook, { workload }: Scene): Notes {
  const before = life?.notes ?? NO_NOTES;
  if (webhook.is === 'blind') return before;
  if (webhook.is === 'down') return notesBroughtBy(act, life);
  const uses = usesOf(workload, stored.variant);
  const isNew = life === undefined || sent.variant !== life.object.variant || stored.stamp !== life.object.stamp;
  if (isNew) return notesOfStamp(uses, webhook.read);
  return stored.record === life.object.record ? before : notesOfRecord(life, uses, webhook.read);
}

/** Nobody looks at what a request carries of restamp's, or takes away. */
function notesBroughtBy(act: Act, life: Life | undefined): Notes {
  const before = life?.notes ?? NO_NOTES;
  switch (act) {
    case 'edit':
      return before;
    case 'create':
    case 'replace':
      return NO_NOTES;
    case 'undo':
      return life?.previous?.notes ?? NO_NOTES;
    case 'restore':
      return { ...before, stamp: (life?.previous?.notes ?? NO_NOTES).stamp };
    case 'reset':
      return { ...before, stamp: NO_NOTES.stamp };
    case 'strip':
      return { ...before, record: NO_NOTES.record };
  }
}

/** The webhook causes no rollout that the request would not, and lets nothing pass that is not true. */
function faultOfAnswer(
  { life, sent, stored }: { life: Life; sent: Stored; stored: Stored },
  webhook: Webhook,
  { workload }: Scene,
): Fault | undefined {
  if (webhook.is === 'down' || sent.variant !== life.object.variant || sameStored(stored, life.object))
    return undefined;
  // What an undo brings back may be the truth by now.
  const isTrue =
    webhook.is === 'up' &&
    sameStored(stored, sent) &&
    sameTold(
      life.previous === undefined ? NO_NOTES.record : toldOf(life.previous),
      toldBy(usesOf(workload, sent.variant), webhook.read),
    );
  return isTrue ? undefined : "Never unasked: the webhook let a false stamp or record pass in somebody's request.";
}

/** What the watcher has read, and which of its writes is due. */
export interface Decided {
  readonly object: Stored;
  readonly read: Contents;
  readonly write: 0 | 1;
  /** The workload has changed since it was read. */
  readonly overtaken: boolean;
}

/** One of the watcher's writes lands on the workload as it is. */
export function watcherWrites(life: Life, by: Decided, webhook: Webhook, scene: Scene): Written {
  const { workload, setting, answers } = scene;
  const { outcome, patches } = answers.look(workload, by.object, by.read, setting);
  const sent = answers.patched(workload, life.object, patches[by.write]);
  if (typeof sent === 'string') return { life, fault: sent };
  const stored = answers.store({ workload, before: life.object, sent }, webhook, setting);
  if (typeof stored === 'string') return { life, fault: stored };
  return sameStored(stored, life.object) ? { life } : landed({ life, stored, outcome }, by, webhook, scene);
}

interface Landing {
  readonly life: Life;
  readonly stored: Stored;
  readonly outcome: Outcome;
}

function landed({ life, stored, outcome }: Landing, by: Decided, webhook: Webhook, scene: Scene): Written {
  const { workload } = scene;
  const uses = usesOf(workload, life.object.variant);
  const note = (read: Contents): Notes =>
    outcome === 'roll' ? notesOfStamp(uses, read) : notesOfRecord(life, uses, read);
  const notes = note(by.read);
  const after = missingNoted(rewritten(life, stored, notes, scene), scene);
  if (webhook.is === 'up' && !sameTold(notes.record, note(webhook.read).record)) {
    return { life: after, fault: 'Never unasked: the webhook let a stamp or record pass that is not true.' };
  }
  if (sameTemplate(stored, life.object)) return { life: after };
  // What was read before the workload was as it is now is no reason to roll it.
  const fault = faultOfRollout(life, workload, by.overtaken ? scene.now : by.read);
  return fault === undefined ? { life: after, second: isSecond(life, workload, by.read) } : { life: after, fault };
}
