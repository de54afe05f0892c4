/** DESIGN §9 as data: what a request changes, what there is, and what has to be stored. */
import type { Answer } from '../../core/admission.ts';
import { asObject, type JsonObject } from '../../core/json.ts';
import { keyring } from '../../core/key.ts';
import { NOTHING_OURS, type Ours } from '../../core/ours.ts';
import type { Request } from './admission-run.ts';
import { key, type WorkloadFields, withOurs, workloadJson } from './build.ts';
import { noRecord, noStamp, ROTATED } from './decision-case.ts';
import { stampedFor } from './decision-run.ts';
import { APP, APP_AND_DB, app, of } from './decision-worlds.ts';

export interface AdmissionCase extends Request {
  readonly name: string;
  readonly expected: Pick<Answer, 'outcome' | 'reason' | 'ours'>;
}

/** The configuration of now, in all rows. */
export const objects = [app('2')];
const TRUE = stampedFor(of(APP, ...objects));
/** What a workload carries that was stamped before the configuration changed. */
export const OLD: Ours = { ...stampedFor(of(APP, app('1'))), history: '[{"at":"old"}]' };
/** The history after one more rollout. */
const CONTINUED = '[{"at":"new"},{"at":"old"}]';
/** From before that. */
export const OLDER: Ours = { ...stampedFor(of(APP, app('0'))), history: '[{"at":"older"}]' };
const FOREIGN = stampedFor(of(APP, ...objects), keyring(key(7)));

/** Made with a key of the ring, one would think. */
const FORGED = `${TRUE.stamp?.slice(0, -22)}${'A'.repeat(22)}`;

export const carrying = (ours: Ours, fields: WorkloadFields = {}): JsonObject =>
  withOurs({ spec: APP, ...fields }, ours);
/** The same workload with another pod template. */
const changed = (ours: Ours): JsonObject => carrying(ours, { spec: { ...APP, priorityClassName: 'high' } });
const bare = (ours: Ours): JsonObject => carrying(ours, { spec: {} });

const created = (ours: Ours): AdmissionCase['expected'] => ({ outcome: 'stamp', reason: 'created', ours });
const stamped = (ours: Ours): AdmissionCase['expected'] => ({ outcome: 'stamp', reason: 'template-changed', ours });
const restored = (ours: Ours): AdmissionCase['expected'] => ({ outcome: 'restore', reason: 'false-stamp', ours });
const passed = (ours: Ours): AdmissionCase['expected'] => ({ outcome: 'pass', reason: 'true-stamp', ours });
const untouched = (ours: Ours): AdmissionCase['expected'] => ({ outcome: 'pass', reason: 'untouched', ours });
const without = (ours: Ours): AdmissionCase['expected'] => ({ outcome: 'pass', reason: 'no-references', ours });
const skipped = (ours: Ours): AdmissionCase['expected'] => ({ outcome: 'skip', reason: 'read-failed', ours });

export const CREATE: readonly AdmissionCase[] = [
  { name: 'a new workload is stamped', object: workloadJson({ spec: APP }), objects, expected: created(TRUE) },
  {
    name: 'a new workload whose required source is missing is stamped all the same',
    object: workloadJson({ spec: APP }),
    objects: [],
    expected: created(stampedFor(of(APP))),
  },
  {
    name: 'a new workload that brings ours from elsewhere gets its own, and no history',
    object: carrying(OLD),
    objects,
    expected: created(TRUE),
  },
  {
    name: 'a new workload that brings what is true keeps it',
    object: carrying(TRUE),
    objects,
    expected: created(TRUE),
  },
  {
    name: 'a new workload without references gets nothing',
    object: workloadJson(),
    objects,
    expected: without(NOTHING_OURS),
  },
  {
    name: 'a new workload without references that brings ours loses it',
    object: bare(OLD),
    objects,
    expected: without(NOTHING_OURS),
  },
  {
    name: 'a new workload is stamped with the current key of the ring',
    object: workloadJson({ spec: APP }),
    objects,
    keyring: ROTATED,
    expected: created(stampedFor(of(APP, ...objects), ROTATED)),
  },
];

export const CHANGED: readonly AdmissionCase[] = [
  {
    name: 'a changed template is stamped with the configuration of now',
    old: carrying(OLD),
    object: changed(OLD),
    objects,
    expected: stamped({ ...TRUE, history: OLD.history }),
  },
  {
    name: 'a changed template that lacks ours is stamped, and the history carried over',
    old: carrying(OLD),
    object: changed(NOTHING_OURS),
    objects,
    expected: stamped({ ...TRUE, history: OLD.history }),
  },
  {
    name: 'a changed template with ours from elsewhere is stamped, and the history carried over',
    old: carrying(OLD),
    object: changed({ ...FOREIGN, history: '[]' }),
    objects,
    expected: stamped({ ...TRUE, history: OLD.history }),
  },
  {
    name: 'an undo of the template gets the stamp of now and the history of now',
    old: changed(OLD),
    object: carrying(OLDER),
    objects,
    expected: stamped({ ...TRUE, history: OLD.history }),
  },
  {
    name: 'a changed template that was never stamped is stamped',
    old: carrying(NOTHING_OURS),
    object: changed(NOTHING_OURS),
    objects,
    expected: stamped(TRUE),
  },
  {
    name: 'a changed annotation of the template is a changed template',
    old: carrying(OLD),
    object: carrying(OLD, { templateAnnotations: { 'example.com/restarted-at': 'now' } }),
    objects,
    expected: stamped({ ...TRUE, history: OLD.history }),
  },
  {
    name: 'a changed template is stamped with the current key of the ring',
    old: carrying(OLD),
    object: changed(OLD),
    objects,
    keyring: ROTATED,
    expected: stamped({ ...stampedFor(of(APP, ...objects), ROTATED), history: OLD.history }),
  },
  {
    name: 'a changed template that came to refer to another source is stamped with both',
    old: carrying(OLD),
    object: carrying(OLD, { spec: APP_AND_DB }),
    objects,
    expected: stamped({ ...stampedFor(of(APP_AND_DB, ...objects)), history: OLD.history }),
  },
  {
    name: 'a changed template that refers to nothing any more loses stamp and record, and keeps the history',
    old: carrying(OLD),
    object: bare(OLD),
    objects,
    expected: without({ ...NOTHING_OURS, history: OLD.history }),
  },
];

/** Requests that change nothing of the template but ours. */
export const UNCHANGED: readonly AdmissionCase[] = [
  {
    name: 'a stripped stamp is put back',
    old: carrying(OLD),
    object: carrying(noStamp(OLD)),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'a replace that strips all of ours is undone',
    old: carrying(OLD),
    object: carrying(NOTHING_OURS),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'an undo that differs in nothing but ours is undone',
    old: carrying(OLD),
    object: carrying(OLDER),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'a forged stamp is put back',
    old: carrying(OLD),
    object: carrying({ ...OLD, stamp: FORGED }),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'a forged stamp is put back, also where the record names it and is true otherwise',
    old: carrying(OLD),
    object: carrying({ stamp: FORGED, record: TRUE.record?.replace(`${TRUE.stamp}`, FORGED), history: undefined }),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'a stamp made with a key that is not in the ring is put back',
    old: carrying(OLD),
    object: carrying(FOREIGN),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'a true stamp on a workload that had none passes with its record',
    old: carrying(NOTHING_OURS),
    object: carrying(TRUE),
    objects,
    expected: passed(TRUE),
  },
  {
    name: 'a true stamp passes with its record and history',
    old: carrying(OLD),
    object: carrying({ ...TRUE, history: CONTINUED }),
    objects,
    expected: passed({ ...TRUE, history: CONTINUED }),
  },
  {
    name: 'a true stamp with a history that knows nothing of the present one passes, and the present one stays',
    old: carrying(OLD),
    object: carrying({ ...TRUE, history: '[{"at":"an old day"}]' }),
    objects,
    expected: passed({ ...TRUE, history: OLD.history }),
  },
  {
    name: 'a true stamp without a history passes, and the history is carried over',
    old: carrying(OLD),
    object: carrying(TRUE),
    objects,
    expected: passed({ ...TRUE, history: OLD.history }),
  },
  {
    name: 'a true stamp made with an older key of the ring passes',
    old: carrying(OLD),
    object: carrying(TRUE),
    objects,
    keyring: ROTATED,
    expected: passed({ ...TRUE, history: OLD.history }),
  },
  {
    name: 'a true stamp with the record of before is put back',
    old: carrying(OLD),
    object: carrying({ ...OLD, stamp: TRUE.stamp }),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'a true stamp without a record is put back',
    old: carrying(OLD),
    object: carrying(noRecord(TRUE)),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'a stamp that was true a moment ago is put back: whoever sent it decides again',
    old: carrying(OLDER),
    object: carrying(OLD),
    objects,
    expected: restored(OLDER),
  },
];

/** Requests that leave the stamp alone and change the record. */
export const RECORDS: readonly AdmissionCase[] = [
  {
    name: 'the record of an adoption passes',
    old: carrying(NOTHING_OURS),
    object: carrying({ ...NOTHING_OURS, record: TRUE.record?.replace(`"stamp":"${TRUE.stamp}",`, '') }),
    objects,
    expected: passed({ ...NOTHING_OURS, record: TRUE.record?.replace(`"stamp":"${TRUE.stamp}",`, '') }),
  },
  {
    name: 'the record of a source that appeared passes',
    old: carrying(stampedFor(of(APP))),
    object: carrying({
      ...stampedFor(of(APP)),
      record: TRUE.record?.replace(`${TRUE.stamp}`, `${stampedFor(of(APP)).stamp}`),
    }),
    objects,
    expected: passed({
      ...stampedFor(of(APP)),
      record: TRUE.record?.replace(`${TRUE.stamp}`, `${stampedFor(of(APP)).stamp}`),
    }),
  },
  {
    name: 'a lost record passes when it is written again',
    old: carrying(noRecord(TRUE)),
    object: carrying(TRUE),
    objects,
    expected: passed(TRUE),
  },
  {
    name: 'a lost record passes when it is written again, after the key was rotated',
    old: carrying(noRecord(TRUE)),
    object: carrying(TRUE),
    objects,
    keyring: ROTATED,
    expected: passed(TRUE),
  },
  {
    name: 'a record of now under the stamp of before is put back: it would hide the change',
    old: carrying(OLD),
    object: carrying({ ...OLD, record: TRUE.record }),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'a record of now that names the stamp of before is put back too',
    old: carrying(OLD),
    object: carrying({ ...OLD, record: TRUE.record?.replace(`${TRUE.stamp}`, `${OLD.stamp}`) }),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'a stripped record is put back',
    old: carrying(OLD),
    object: carrying(noRecord(OLD)),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'a broken record is put back',
    old: carrying(OLD),
    object: carrying({ ...OLD, record: '{' }),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'an invented record on a workload that had none is taken away',
    old: carrying(NOTHING_OURS),
    object: carrying({ ...NOTHING_OURS, record: OLD.record }),
    objects,
    expected: restored(NOTHING_OURS),
  },
  {
    name: 'a stripped history is put back',
    old: carrying(OLD),
    object: carrying({ ...OLD, history: undefined }),
    objects,
    expected: restored(OLD),
  },
  {
    name: 'a rewritten history is put back, also where the configuration is the same',
    old: carrying(TRUE),
    object: carrying({ ...TRUE, history: '[]' }),
    objects,
    expected: restored(TRUE),
  },
  {
    name: 'a true record does not smuggle a history in',
    old: carrying(noRecord(TRUE)),
    object: carrying({ ...TRUE, history: '[]' }),
    objects,
    expected: restored(noRecord(TRUE)),
  },
];

export const UNREADABLE: readonly AdmissionCase[] = [
  {
    name: 'a new workload that could not be read for is left as it came',
    object: workloadJson({ spec: APP }),
    objects: 'unreadable',
    expected: skipped(NOTHING_OURS),
  },
  {
    name: 'a new workload that could not be read for loses what it brings of ours from elsewhere',
    object: carrying(OLD),
    objects: 'unreadable',
    expected: skipped(NOTHING_OURS),
  },
  {
    name: 'a changed template that could not be read for keeps the old stamp, record and history',
    old: carrying(OLD),
    object: changed(OLD),
    objects: 'unreadable',
    expected: skipped(OLD),
  },
  {
    name: 'a changed template that lacks ours and could not be read for gets it back',
    old: carrying(OLD),
    object: changed(NOTHING_OURS),
    objects: 'unreadable',
    expected: skipped(OLD),
  },
  {
    name: 'a new stamp that cannot be proved true is put back',
    old: carrying(OLD),
    object: carrying(TRUE),
    objects: 'unreadable',
    expected: skipped(OLD),
  },
];

/** Requests that change nothing restamp looks at. */
export const SAME: readonly AdmissionCase[] = [
  {
    name: 'an edit of a label asks nothing',
    old: carrying(OLD),
    object: labelled(carrying(OLD)),
    objects: 'unreadable',
    expected: untouched(OLD),
  },
  {
    name: 'an edit of another annotation asks nothing',
    old: carrying(OLD),
    object: carrying(OLD, { annotations: { 'example.com/owner': 'us' } }),
    objects: 'unreadable',
    expected: untouched(OLD),
  },
  {
    name: 'a workload that carries nothing of ours is left to the watcher',
    old: carrying(NOTHING_OURS),
    object: carrying(NOTHING_OURS, { annotations: { a: 'b' } }),
    objects: 'unreadable',
    expected: untouched(NOTHING_OURS),
  },
  {
    name: 'an empty map of annotations in the template is as good as none',
    old: carrying(NOTHING_OURS),
    object: workloadJson({ spec: APP }),
    objects: 'unreadable',
    expected: untouched(NOTHING_OURS),
  },
  {
    name: 'a template without metadata is as good as one with empty metadata',
    old: workloadJson({ spec: APP }),
    object: { ...workloadJson(), spec: { template: { spec: APP } } },
    objects: 'unreadable',
    expected: untouched(NOTHING_OURS),
  },
  {
    name: 'the order of members in the template is no change',
    old: carrying(OLD),
    object: reordered(carrying(OLD)),
    objects: 'unreadable',
    expected: untouched(OLD),
  },
];

function labelled(json: JsonObject): JsonObject {
  return { ...json, metadata: { ...asObject(json.metadata), labels: { team: 'us' } } };
}

function reordered(json: JsonObject): JsonObject {
  const turn = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turn);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .map(([name, member]) => [name, turn(member)])
        .reverse(),
    );
  };
  return turn(json) as JsonObject;
}

export const ADMISSION_CASES: readonly AdmissionCase[] = [
  ...CREATE,
  ...CHANGED,
  ...UNCHANGED,
  ...RECORDS,
  ...UNREADABLE,
  ...SAME,
];
