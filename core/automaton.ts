/**
 * A regular expression as a table: for each state and each character of an object's name, the next state. Matching is
 * one look-up per character, whatever the expression is; all that an expression costs is paid, and bounded, when its
 * table is made.
 */
import { NAME_LENGTH } from './object-name.ts';

/** The part of an instruction of an RE2 program that is read. */
export interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  matchRune(rune: number): boolean;
}

export interface Program {
  readonly start: number;
  readonly inst: readonly Instruction[];
}

export interface Automaton {
  /** Whether the expression matches the name from its first to its last character. */
  readonly matches: (name: string) => boolean;
  /** Whether there is any text of a name's characters that it matches. */
  readonly possible: boolean;
}

/** What the instructions do, by the numbers re2js gives them. */
const ALT = 1;
const ALT_MATCH = 2;
const CAPTURE = 3;
const EMPTY_WIDTH = 4;
const FAIL = 5;
const MATCH = 6;
const NOP = 7;
const FIRST_RUNE = 8;
const LAST_RUNE = 11;

/** What an empty-width instruction may ask for, one bit each, numbered as in Go's regexp/syntax. */
const BEGIN_LINE_OR_TEXT = 1 | 4;
const END_LINE_OR_TEXT = 2 | 8;
const WORD_BOUNDARY = 16;
const NO_WORD_BOUNDARY = 32;

/** The characters of an object's name (RFC 1123 subdomain). */
const ALPHABET = [...'-.0123456789abcdefghijklmnopqrstuvwxyz'];

/** What stands beside a position: the end of the name, a letter or digit, or something else. */
type Side = 'edge' | 'word' | 'other';

/** The instructions to go on from, and what stands before them. */
interface State {
  readonly pcs: readonly number[];
  readonly before: Side;
}

/** Characters that no instruction tells apart are one class: it has a number, and is seen from beside as one side. */
interface Classes {
  /** By the code of the character; what is in no name has the number after the last. */
  readonly ofCode: Uint8Array;
  readonly sides: readonly Side[];
  /** For each instruction, the classes it reads. */
  readonly readBy: readonly (readonly number[])[];
}

const END_OF_PROGRAM = { op: FAIL, out: 0, arg: 0 };

/** The state that nothing leads out of. It is always the first. */
const DEAD = 0;
const NOWHERE: State = { pcs: [], before: 'other' };

/**
 * The table of a program; `undefined` where making it would look at more instructions than the limit, as there are
 * short expressions that need 2^n states.
 */
export function automaton(program: Program, limit: number): Automaton | undefined {
  const table = new Table(program, limit);
  for (let state = 0; state < table.states.length; state++) {
    table.fill(state);
    if (table.isTooLarge) return undefined;
  }
  return table.automaton();
}

class Table {
  readonly states: State[] = [];
  /** How many more instructions may be looked at. */
  #left: number;
  readonly #program: Program;
  /** Whether what stands beside a position matters: most expressions have no `^`, `$` or `\b`. */
  readonly #looksAround: boolean;
  readonly #classes: Classes;
  readonly #numbers = new Map<string, number>();
  readonly #start: number;
  readonly #next: number[] = [];
  readonly #accepts: boolean[] = [];
  /** For each instruction, the last search that reached it. */
  readonly #reachedIn: Uint32Array;
  #search = 0;
  /** The instructions of a `.*` at the end: whatever comes, the name matches, so nothing else matters any more. */
  readonly #anyEnding: ReadonlySet<number>;

  constructor(program: Program, limit: number) {
    this.#left = limit;
    this.#program = program;
    this.#looksAround = program.inst.some(({ op }) => op === EMPTY_WIDTH);
    this.#classes = classify(program, this.#looksAround);
    this.#reachedIn = new Uint32Array(program.inst.length);
    this.#anyEnding = new Set(this.#looksAround ? [] : [...program.inst.keys()].filter((pc) => this.#endsWithAny(pc)));
    this.#numberOf(NOWHERE);
    this.#start = this.#numberOf({ pcs: [program.start], before: 'edge' });
  }

  get isTooLarge(): boolean {
    return this.#left < 0;
  }

  /** Finds where a state leads, for each class; states that are new are added at the end. */
  fill(number: number): void {
    const state = this.states[number] ?? NOWHERE;
    const atEnd = this.#reachable(state, 'edge');
    this.#accepts.push(atEnd.some((pc) => this.#program.inst[pc]?.op === MATCH));
    const { sides } = this.#classes;
    const targets = sides.map((): number[] => []);
    for (const side of new Set(sides)) {
      this.#read(this.#looksAround ? this.#reachable(state, side) : atEnd, side, targets);
    }
    for (const [cls, pcs] of targets.entries()) {
      this.#next.push(this.#numberOf({ pcs: this.#settled(pcs), before: sides[cls] ?? 'other' }));
    }
  }

  automaton(): Automaton {
    const { ofCode, sides } = this.#classes;
    const width = sides.length + 1;
    // Rows of the table are numbered by where they begin, and each ends with what is in no name: two steps less for
    // each character. For one pattern and 1,000 names of 253 characters it is 0.5 ms.
    const next = new Uint16Array(this.states.length * width);
    for (const [at, state] of this.#next.entries()) {
      next[Math.floor(at / sides.length) * width + (at % sides.length)] = state * width;
    }
    const [start, accepts] = [this.#start * width, this.#accepts];
    function matches(name: string): boolean {
      if (name.length > NAME_LENGTH) return false;
      let state = start;
      for (let index = 0; index < name.length && state !== DEAD; index++) {
        state = next[state + (ofCode[name.charCodeAt(index)] ?? width - 1)] ?? DEAD;
      }
      return accepts[state / width] === true;
    }
    return { matches, possible: accepts.includes(true) };
  }

  /** Adds to the targets where the instructions lead that read a class seen as this side. */
  #read(pcs: readonly number[], side: Side, targets: readonly number[][]): void {
    const { sides, readBy } = this.#classes;
    for (const pc of pcs) {
      const classes = readBy[pc] ?? [];
      const out = this.#program.inst[pc]?.out ?? 0;
      this.#left -= classes.length;
      if (this.isTooLarge) return;
      for (const cls of classes) {
        if (sides[cls] === side) targets[cls]?.push(out);
      }
    }
  }

  /** In ascending order, each once. */
  #settled(pcs: readonly number[]): readonly number[] {
    if (pcs.length < 2) return pcs;
    const ending = pcs.find((pc) => this.#anyEnding.has(pc));
    if (ending !== undefined) return [ending];
    return pcs.toSorted((a, b) => a - b).filter((pc, index, all) => pc !== all[index - 1]);
  }

  /** Whether an instruction either reads any character and is back at itself, or ends. */
  #endsWithAny(pc: number): boolean {
    const { op, out, arg } = this.#program.inst[pc] ?? END_OF_PROGRAM;
    if (op !== ALT) return false;
    return (this.#readsAnyInto(out, pc) && this.#ends(arg)) || (this.#readsAnyInto(arg, pc) && this.#ends(out));
  }

  #readsAnyInto(pc: number, target: number): boolean {
    const { readBy, sides } = this.#classes;
    return this.#program.inst[pc]?.out === target && readBy[pc]?.length === sides.length;
  }

  #ends(pc: number): boolean {
    let { op, out } = this.#program.inst[pc] ?? END_OF_PROGRAM;
    while (op === NOP || op === CAPTURE) ({ op, out } = this.#program.inst[out] ?? END_OF_PROGRAM);
    return op === MATCH;
  }

  #numberOf(state: State): number {
    const key = state.pcs.length === 0 ? '' : state.before + String.fromCharCode(...state.pcs);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.states.push(state) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  /** Every instruction that is reached without reading a character. */
  #reachable({ pcs, before }: State, after: Side): readonly number[] {
    const holds = around(before, after);
    const reached: number[] = [];
    this.#search++;
    const stack = [...pcs];
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      const instruction = this.#program.inst[pc];
      if (instruction === undefined || this.#reachedIn[pc] === this.#search) continue;
      this.#reachedIn[pc] = this.#search;
      reached.push(pc);
      pushOnwards(stack, instruction, holds);
    }
    this.#left -= reached.length;
    return reached;
  }
}

/** Adds where an instruction leads without reading a character, given what holds here. */
function pushOnwards(stack: number[], { op, out, arg }: Instruction, holds: number): void {
  if (op === ALT || op === ALT_MATCH) stack.push(out, arg);
  else if (op === NOP || op === CAPTURE) stack.push(out);
  else if (op === EMPTY_WIDTH && (arg & ~holds) === 0) stack.push(out);
}

/** What holds between two characters, as bits. A name is one line, so a line's ends are the text's. */
function around(before: Side, after: Side): number {
  const boundary = (before === 'word') === (after === 'word') ? NO_WORD_BOUNDARY : WORD_BOUNDARY;
  return boundary | (before === 'edge' ? BEGIN_LINE_OR_TEXT : 0) | (after === 'edge' ? END_LINE_OR_TEXT : 0);
}

function classify({ inst }: Program, looksAround: boolean): Classes {
  const reads = inst.map(charactersRead);
  const distinct = [...new Set(reads)];
  const sideOf = (character: string): Side => (looksAround && /[a-z0-9]/.test(character) ? 'word' : 'other');
  const keys = ALPHABET.map((character, at) => distinct.map((read) => read.charAt(at)).join('') + sideOf(character));
  const classKeys = [...new Set(keys)];
  const examples = classKeys.map((key) => keys.indexOf(key));
  const classesOf = new Map(
    distinct.map((read) => [read, [...classKeys.keys()].filter((cls) => read.charAt(examples[cls] ?? 0) === '1')]),
  );
  const ofCode = new Uint8Array(128).fill(classKeys.length);
  for (const [at, character] of ALPHABET.entries()) ofCode[character.charCodeAt(0)] = classKeys.indexOf(keys[at] ?? '');
  return {
    ofCode,
    sides: examples.map((at) => sideOf(ALPHABET[at] ?? '')),
    readBy: reads.map((read) => classesOf.get(read) ?? []),
  };
}

/** Which characters an instruction reads: a `1` or `0` for each of the alphabet, or nothing if it reads none. */
function charactersRead(instruction: Instruction): string {
  if (instruction.op < FIRST_RUNE || instruction.op > LAST_RUNE) return '';
  return ALPHABET.map((character) => (instruction.matchRune(character.charCodeAt(0)) ? '1' : '0')).join('');
}
