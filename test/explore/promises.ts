/** What has to hold in every state and of every step (DESIGN §1), judged by the model's own books. */
import { configuration } from '../../core/digest.ts';
import { asObject, parseJson } from '../../core/json.ts';
import {
  type Contents,
  ENTRY,
  type Form,
  KEYRINGS,
  type PerSource,
  perSource,
  SOURCE_INDICES,
  SOURCES,
  type SourceIndex,
  sourcesOf,
  WORKLOADS,
  type WorkloadIndex,
} from './cast.ts';
import { type Gap, type Life, lacksRequired, type Place, sameTold, type Told, toldBy, toldOf, usesOf } from './life.ts';
import { type Stored, speakerOf } from './objects.ts';
import type { Setting } from './restamp.ts';

/** A broken promise, as a sentence. */
export type Fault = string;

/** What no one who compares now with what was written down can know of; stated in docs/reliability.md. */
export const LIMITS = ['second', 'unseen', 'returned', 'back-again'] as const;
export type Limit = (typeof LIMITS)[number];

/** A rollout by restamp, judged before it lands. `read` is what the watcher read for it. */
export function faultOfRollout(life: Life, workload: WorkloadIndex, read: Contents): Fault | undefined {
  const uses = usesOf(workload, life.object.variant);
  if (lacksRequired(uses, read)) {
    return 'Never unasked: restamp rolled while something required was missing; the new pods cannot start.';
  }
  return isAskedFor(life, toldBy(uses, read))
    ? undefined
    : 'Never twice, never unasked: restamp rolled, and what it read is what had been written down for these pods.';
}

/** A stamp can be compared as a whole and no more; where there is nothing to compare, nothing is asked for. */
function isAskedFor(life: Life, now: PerSource<Told>): boolean {
  const told = toldOf(life);
  switch (speakerOf(life.object)) {
    case 'record':
      return SOURCE_INDICES.some((index) => isChange(told[index], now[index]));
    case 'stamp':
      return !sameTold(told, now);
    case 'nobody':
      return false;
  }
}

function isChange(before: Told, now: Told): boolean {
  return before !== 'unknown' && before !== 'missing' && before !== now;
}

/**
 * Whether a rollout that was asked for brings the pods nothing: they had read for themselves what nobody wrote down.
 */
export function isSecond(life: Life, workload: WorkloadIndex, read: Contents): boolean {
  const { pods } = life;
  const uses = usesOf(workload, life.object.variant);
  return pods !== 'waiting' && SOURCE_INDICES.every((index) => uses[index] === 'unused' || pods[index] === read[index]);
}

/** A workload that nobody is going to look at any more: its pods have what there is now, and the record says so. */
export function faultAtRest(life: Life, { workload, now }: Place, setting: Setting): Fault | undefined {
  const { object, pods, gaps } = life;
  const uses = usesOf(workload, object.variant);
  if (!setting.optedIn) {
    const untouched = object.stamp === undefined && object.record === undefined;
    return untouched ? undefined : 'Never unasked: restamp wrote to a workload that is not its business.';
  }
  if (lacksRequired(uses, now)) return undefined; // Waiting, and looked at again when it comes.
  if (pods === 'waiting') return 'The books are wrong: pods wait for nothing.';
  if (!saysSo(object, workload, now))
    return 'Always explained: at rest, and the record does not say the configuration of now.';
  const stale = SOURCE_INDICES.find(
    (index) => uses[index] !== 'unused' && pods[index] !== now[index] && gaps[index] === 'none',
  );
  return stale === undefined
    ? undefined
    : `Never stale: nothing more is going to happen, and the pods have another content of ${SOURCES[stale].name} than there is now.`;
}

/** The limits that a workload at rest owes its staleness to. */
export function gapsAtRest(life: Life, { workload, now }: Place, { optedIn }: Setting): readonly Gap[] {
  const { pods, gaps, object } = life;
  const uses = usesOf(workload, object.variant);
  if (!optedIn || pods === 'waiting' || lacksRequired(uses, now)) return [];
  return SOURCE_INDICES.filter((index) => uses[index] !== 'unused' && pods[index] !== now[index]).map(
    (index) => gaps[index],
  );
}

/** Whether a record holds just the digests of what is there now, under one of the keys, and the stamp of its template. */
function saysSo({ variant, stamp, record }: Stored, workload: WorkloadIndex, now: Contents): boolean {
  const { forms } = WORKLOADS[workload];
  const uses = usesOf(workload, variant);
  const { key, parts, stamp: recorded } = asObject(parseJson(record ?? ''));
  const digests = EXPECTED.get(String(key));
  if (digests === undefined || recorded !== stamp) return false;
  const wanted = SOURCE_INDICES.flatMap((index) =>
    uses[index] === 'unused' ? [] : [digests(index, now, forms[index])],
  );
  return JSON.stringify(Object.entries(asObject(parts)).sort()) === JSON.stringify(wanted.sort());
}

type Digests = (index: SourceIndex, now: Contents, form: Form) => readonly [string, string];

/** By key: the part and the state that a record has for a source. */
const EXPECTED: ReadonlyMap<string, Digests> = new Map(
  [...KEYRINGS[1].byId.values()].map((key) => {
    const digests: Digests = (index, now, form) => {
      const { kind, name } = SOURCES[index];
      const keys = new Map(form === 'entry' ? [[ENTRY, 'optional' as const]] : []);
      const reference = { kind, name, need: 'optional', all: form === 'whole', keys } as const;
      const only = perSource((each) => (each === index ? now[each] : 'absent'));
      const [part] = configuration([reference], sourcesOf(only), key).parts;
      if (part === undefined) throw new Error('a source without a part');
      return part;
    };
    return [key.id, digests];
  }),
);
