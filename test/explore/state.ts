/** One state of the whole world as five numbers. */
import type { WorkloadIndex } from './cast.ts';
import type { Seen } from './contents.ts';
import { GONE, type LifeId, type SettingCode } from './lives.ts';
import { ACTS, type Act } from './writes.ts';

/** A watcher in the middle of a look at one workload. */
export interface InFlight {
  readonly workload: WorkloadIndex;
  readonly seen: Seen;
  /** The life whose object was read, where that need not be the present one. */
  readonly base: LifeId;
  /** How many of its writes have landed. */
  readonly write: 0 | 1;
  /** The workload has changed since: with a bug alone, for else the look is over. */
  readonly overtaken: boolean;
}

/** A person's request that the webhook is reading the sources for. */
export interface Pending {
  readonly workload: WorkloadIndex;
  readonly act: Act;
  readonly seen: Seen;
}

/** By number, 0 being none. */
type Coded = number;

export interface State {
  readonly contents: number;
  readonly setting: SettingCode;
  /** A bit for each workload that is not in step and that no watcher has a reason to look at. */
  readonly neglected: number;
  readonly lives: readonly [LifeId, LifeId];
  /** What the two watchers are doing, the lower number first: it does not matter which of them does it. */
  readonly looks: readonly [Coded, Coded];
  readonly pending: Coded;
}

export const FIELDS = 5;
const CONTENTS_BITS = 5;
const SETTING_BITS = 2;
const LOOK_BITS = 16;
const CODE_MASK = (1 << LOOK_BITS) - 1;

export function pack(state: State, into: Int32Array): void {
  const [first, second] = state.looks;
  into[0] = state.contents | (state.setting << CONTENTS_BITS) | (state.neglected << (CONTENTS_BITS + SETTING_BITS));
  into[1] = state.lives[0];
  into[2] = state.lives[1];
  into[3] = first < second ? (first << LOOK_BITS) | second : (second << LOOK_BITS) | first;
  into[4] = state.pending;
}

export function unpack(from: Int32Array): State {
  const [flags = 0, web = GONE, worker = GONE, looks = 0, pending = 0] = from;
  return {
    contents: flags & ((1 << CONTENTS_BITS) - 1),
    setting: (flags >> CONTENTS_BITS) & ((1 << SETTING_BITS) - 1),
    neglected: flags >> (CONTENTS_BITS + SETTING_BITS),
    lives: [web, worker],
    looks: [looks >>> LOOK_BITS, looks & CODE_MASK],
    pending,
  };
}

/** Numbers things that are equal alike. */
class Codes<T> {
  readonly #known: T[] = [];
  readonly #codes = new Map<number, Coded>();
  readonly #keyOf: (item: T) => number;

  constructor(keyOf: (item: T) => number) {
    this.#keyOf = keyOf;
  }

  codeOf(item: T): Coded {
    const key = this.#keyOf(item);
    const known = this.#codes.get(key);
    if (known !== undefined) return known;
    const code = this.#known.push(item);
    if (code > CODE_MASK) throw new RangeError('more kinds of looks than there are numbers for');
    this.#codes.set(key, code);
    return code;
  }

  get(code: Coded): T | undefined {
    return this.#known[code - 1];
  }
}

const SEEN = 512;

export class Looks extends Codes<InFlight> {
  constructor() {
    super(
      ({ workload, seen, base, write, overtaken }) =>
        (((base * SEEN + seen) * 2 + workload) * 2 + write) * 2 + (overtaken ? 1 : 0),
    );
  }
}

export class Pendings extends Codes<Pending> {
  constructor() {
    super(({ workload, act, seen }) => (seen * 2 + workload) * ACTS.length + ACTS.indexOf(act));
  }
}
