/** The states found so far: a hash set of number tuples that is its own queue, and remembers how each was reached. */
import { FIELDS } from './state.ts';

/** Beside a state's own fields: the state before it, and the step in between. */
const PARENT = FIELDS;
const STEP = FIELDS + 1;
const ROW = FIELDS + 2;

const FIRST_ROWS = 1 << 16;
/** The table of slots is grown beyond this, so that a search for a free one stays short. */
const FULLEST = 0.5;

export const NO_PARENT = -1;

export class Space {
  #rows = new Int32Array(FIRST_ROWS * ROW);
  #steps = new Uint16Array(FIRST_ROWS);
  /** Row numbers, plus one. */
  #slots = new Int32Array(FIRST_ROWS * 2);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number of steps of the way on which a state was found. */
  depthOf(index: number): number {
    return this.#steps[index] ?? 0;
  }

  fields(index: number): Int32Array {
    return this.#rows.subarray(index * ROW, index * ROW + FIELDS);
  }

  parentOf(index: number): number {
    return this.#rows[index * ROW + PARENT] ?? NO_PARENT;
  }

  stepTo(index: number): number {
    return this.#rows[index * ROW + STEP] ?? 0;
  }

  /** Adds a state unless it is known. Whether it was new. */
  add(fields: Int32Array, parent: number, step: number): boolean {
    const slot = this.#slotFor(fields);
    if (this.#slots[slot] !== 0) return false;
    if ((this.#size + 1) * ROW > this.#rows.length) this.#grow();
    this.#write(fields, parent, step);
    this.#slots[slot] = this.#size;
    if (this.#size > this.#slots.length * FULLEST) this.#rehash();
    return true;
  }

  #write(fields: Int32Array, parent: number, step: number): void {
    const start = this.#size * ROW;
    this.#rows.set(fields, start);
    this.#rows[start + PARENT] = parent;
    this.#rows[start + STEP] = step;
    this.#steps[this.#size] = parent === NO_PARENT ? 0 : this.depthOf(parent) + 1;
    this.#size += 1;
  }

  /** Where the state is, or else would be. */
  #slotFor(fields: Int32Array): number {
    const mask = this.#slots.length - 1;
    let slot = hash(fields) & mask;
    for (let row = this.#slots[slot]; row !== undefined && row !== 0; row = this.#slots[slot]) {
      if (this.#equals(row - 1, fields)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #equals(row: number, fields: Int32Array): boolean {
    const start = row * ROW;
    for (let field = 0; field < FIELDS; field += 1) {
      if (this.#rows[start + field] !== fields[field]) return false;
    }
    return true;
  }

  #grow(): void {
    const rows = new Int32Array(this.#rows.length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
    const steps = new Uint16Array(this.#steps.length * 2);
    steps.set(this.#steps);
    this.#steps = steps;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let row = 0; row < this.#size; row += 1) this.#slots[this.#slotFor(this.fields(row))] = row + 1;
  }
}

/** Multiply and shift, as murmur3's last round mixes: every bit of every field counts. */
function hash(fields: Int32Array): number {
  let mixed = 0x9e3779b9;
  for (let field = 0; field < FIELDS; field += 1) {
    mixed = Math.imul(mixed ^ (fields[field] ?? 0), 0x85ebca6b);
    mixed ^= mixed >>> 13;
    mixed = Math.imul(mixed, 0xc2b2ae35);
    mixed ^= mixed >>> 16;
  }
  return mixed >>> 0;
}
