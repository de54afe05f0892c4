/**
 * The life of one workload: the object in the store, and the books that the model keeps of its pods. The books know
 * what restamp cannot: what the pods really read when they started. They share no code with `core/`.
 */
import {
  type Content,
  type Contents,
  type PerSource,
  perSource,
  SOURCE_INDICES,
  type SourceIndex,
  type Use,
  type Variant,
  WORKLOADS,
  type WorkloadIndex,
} from './cast.ts';
import { type Stored, speakerOf } from './objects.ts';

/**
 * What restamp last wrote down of a source for this workload: the content that it read; `missing`, for pods waited for
 * it; or nothing at all.
 */
export type Told = Content | 'missing' | 'unknown';

/**
 * Why a change of a source, after the pods read it, cannot be seen by whoever compares now with what was written down.
 * `unseen`: nothing was written down yet. `returned`: pods waited for it, started with it, and it changed again before
 * restamp looked. `back-again`: what the pods read was never written down, and the source is what it was before.
 */
export type Gap = 'none' | 'unseen' | 'returned' | 'back-again';

/** What restamp wrote down: in the record; and in the stamp, which alone is left where the record is not that stamp's. */
export interface Notes {
  readonly record: PerSource<Told>;
  readonly stamp: PerSource<Told>;
}

/** A template as it was when another took its place, with the annotations that an undo brings back. */
export interface Revision {
  readonly object: Stored;
  readonly notes: Notes;
}

export interface Life {
  readonly object: Stored;
  readonly previous: Revision | undefined;
  /** The configuration the newest pods started with, or that they wait for something required. */
  readonly pods: Contents | 'waiting';
  readonly notes: Notes;
  readonly gaps: PerSource<Gap>;
}

const NOTHING_TOLD: PerSource<Told> = ['unknown', 'unknown', 'unknown'];
export const NO_NOTES: Notes = { record: NOTHING_TOLD, stamp: NOTHING_TOLD };
const NO_GAPS: PerSource<Gap> = ['none', 'none', 'none'];

export function usesOf(workload: WorkloadIndex, variant: Variant): PerSource<Use> {
  return WORKLOADS[workload].uses[variant];
}

/** What there is to go by. */
export function toldOf({ object, notes }: Pick<Life, 'object' | 'notes'>): PerSource<Told> {
  const speaker = speakerOf(object);
  return speaker === 'nobody' ? NOTHING_TOLD : notes[speaker];
}

/** Whether pods with these uses have to wait. */
export function lacksRequired(uses: PerSource<Use>, now: Contents): boolean {
  return SOURCE_INDICES.some((index) => uses[index] === 'required' && now[index] === 'absent');
}

/** A workload that was not there before. */
export function born(object: Stored, notes: Notes, at: Place): Life {
  return { object, previous: undefined, pods: startedPods(object, at), notes, gaps: NO_GAPS };
}

/** Which workload, and what the sources hold. */
export interface Place {
  readonly workload: WorkloadIndex;
  readonly now: Contents;
}

/** Pods read every source at the moment they start, all of a rollout at once. */
function startedPods({ variant }: Stored, { workload, now }: Place): Life['pods'] {
  const uses = usesOf(workload, variant);
  if (lacksRequired(uses, now)) return 'waiting';
  return perSource((index) => (uses[index] === 'unused' ? 'absent' : now[index]));
}

/** After a write: another template means new pods. */
export function rewritten(life: Life, object: Stored, notes: Notes, at: Place): Life {
  if (sameTemplate(life.object, object)) return { ...life, object, notes };
  const previous = { object: life.object, notes: life.notes };
  return { object, previous, pods: startedPods(object, at), notes, gaps: NO_GAPS };
}

export function sameTemplate(a: Stored, b: Stored): boolean {
  return a.variant === b.variant && a.stamp === b.stamp;
}

/** After a source became what `at.now` says: pods that waited may start, those that run have what they have. */
export function sourceChanged(life: Life, index: SourceIndex, at: Place): Life {
  if (usesOf(at.workload, life.object.variant)[index] === 'unused') return life;
  if (life.pods === 'waiting') return { ...life, pods: startedPods(life.object, at) };
  const gap = gapAfter(toldOf(life)[index], life.pods[index], at.now[index]);
  return { ...life, gaps: perSource((each) => (each === index ? gap : life.gaps[each])) };
}

/** After a person rewrote or removed restamp's notes while the pods went on: a change that was known may be so no more. */
export function notesReplaced(life: Life, { now }: Place): Life {
  const { pods } = life;
  if (pods === 'waiting') return life;
  const told = toldOf(life);
  return { ...life, gaps: perSource((index) => gapAfter(told[index], pods[index], now[index])) };
}

/** After restamp wrote down that something is missing, as it had read: by now it may be there, and have changed since. */
export function missingNoted(life: Life, { now }: Place): Life {
  const { pods, notes, gaps } = life;
  if (pods === 'waiting') return life;
  const isLate = (index: SourceIndex): boolean => notes.record[index] === 'missing' && now[index] !== 'absent';
  const gapOf = (index: SourceIndex): Gap => gapAfter(notes.record[index], pods[index], now[index]);
  return { ...life, gaps: perSource((index) => (isLate(index) ? gapOf(index) : gaps[index])) };
}

function gapAfter(told: Told, had: Content, now: Content): Gap {
  if (had === now) return 'none';
  if (told === 'unknown') return 'unseen';
  if (told === 'missing') return 'returned';
  return told === now ? 'back-again' : 'none';
}

/** What was read, as it is written down. */
export function toldBy(uses: PerSource<Use>, read: Contents): PerSource<Told> {
  return perSource((index) => {
    if (uses[index] === 'unused') return 'unknown';
    return uses[index] === 'required' && read[index] === 'absent' ? 'missing' : read[index];
  });
}

/** The notes after new pods are stamped for what was read. */
export function notesOfStamp(uses: PerSource<Use>, read: Contents): Notes {
  const told = toldBy(uses, read);
  return { record: told, stamp: told };
}

/** The notes after the record alone is written: what is gone is remembered as it was. */
export function notesOfRecord(life: Life, uses: PerSource<Use>, read: Contents): Notes {
  const before = toldOf(life);
  const anew = toldBy(uses, read);
  const kept = perSource((index) => {
    const had = before[index];
    return anew[index] === 'missing' && (had === 'A' || had === 'B') ? had : anew[index];
  });
  return { record: kept, stamp: life.notes.stamp };
}

export function sameTold(a: PerSource<Told>, b: PerSource<Told>): boolean {
  return SOURCE_INDICES.every((index) => a[index] === b[index]);
}
