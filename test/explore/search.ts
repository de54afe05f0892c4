/**
 * Breadth first, by disturbance: everything that restamp can do by itself after no disturbance, then after one, two and so
 * on. The first violation that is met is therefore one with the fewest disturbances.
 */
import type { AloneStep, BadEnd } from './lives.ts';
import { disturbances, freeSteps } from './moves.ts';
import type { Fault } from './promises.ts';
import { NO_PARENT, Space } from './space.ts';
import { FIELDS, pack, type State, unpack } from './state.ts';
import { stepCode, stepOf, type WorldStep } from './step.ts';
import type { Emit, World } from './world.ts';

export interface Limits {
  readonly states: number;
  /** Whether it is time to stop; asked now and then. */
  readonly isOver: () => boolean;
  readonly onProgress: (progress: Progress) => void;
}

export interface Progress {
  readonly states: number;
  readonly disturbances: number;
}

/** A state on the way to a violation, and the step that led to it. */
export interface Moment {
  readonly state: State;
  readonly step: WorldStep | undefined;
}

export interface Violation {
  readonly history: readonly Moment[];
  /** What restamp does at the end of it, left alone. */
  readonly alone: readonly AloneStep[];
  readonly fault: Fault;
}

export interface Findings {
  readonly states: number;
  /** The steps of the longest way. */
  readonly depth: number;
  /** Every history with this many disturbances, of any length, has been explored; all there are, if infinite. */
  readonly disturbances: number;
  readonly violation: Violation | undefined;
}

/** States between two looks at the clock. */
const BREATH = 1_024;

class Stopped extends Error {}

export function explore(world: World, limits: Limits): Findings {
  const search = new Search(world, limits);
  try {
    search.run();
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
  return search.findings();
}

class Search {
  readonly #world: World;
  readonly #limits: Limits;
  readonly #space = new Space();
  readonly #packed = new Int32Array(FIELDS);
  #depth = 0;
  #level = 0;
  #complete = -1;
  #violation: Violation | undefined;

  constructor(world: World, limits: Limits) {
    this.#world = world;
    this.#limits = limits;
  }

  /** Throws {@link Stopped} where it ends before the space does. */
  run(): void {
    for (const state of this.#world.beginnings()) this.#add(state, NO_PARENT, undefined);
    let first = 0;
    while (first < this.#space.size) {
      const last = this.#close(first);
      this.#complete = this.#level;
      this.#level += 1;
      for (let index = first; index < last; index += 1) this.#expand(index, disturbances);
      first = last;
    }
    this.#complete = Number.POSITIVE_INFINITY;
  }

  /** Adds all that follows by free steps; answers with the number of states there are then. */
  #close(first: number): number {
    for (let index = first; index < this.#space.size; index += 1) this.#expand(index, freeSteps);
    return this.#space.size;
  }

  #expand(index: number, steps: (world: World, state: State, emit: Emit) => void): void {
    if (index % BREATH === 0) this.#breathe();
    steps(this.#world, unpack(this.#space.fields(index)), (next, step, fault) => {
      if (fault !== undefined) this.#violate({ fault, steps: [] }, next, { parent: index, step });
      this.#add(next, index, step);
    });
  }

  #breathe(): void {
    this.#limits.onProgress({ states: this.#space.size, disturbances: this.#level });
    if (this.#space.size >= this.#limits.states || this.#limits.isOver()) throw new Stopped();
  }

  #add(state: State, parent: number, step: WorldStep | undefined): void {
    pack(state, this.#packed);
    if (!this.#space.add(this.#packed, parent, step === undefined ? 0 : stepCode(step))) return;
    this.#depth = Math.max(this.#depth, this.#space.depthOf(this.#space.size - 1));
    const end = this.#world.endOf(state);
    if (end !== undefined) this.#violate(end, state, { parent, step });
  }

  #violate(
    { fault, steps }: BadEnd,
    state: State,
    { parent, step }: { parent: number; step: WorldStep | undefined },
  ): never {
    const history = [...(parent === NO_PARENT ? [] : this.#wayTo(parent)), { state, step }];
    this.#violation = { fault, alone: steps, history };
    throw new Stopped();
  }

  #wayTo(index: number): Moment[] {
    const way: Moment[] = [];
    for (let at = index; at !== NO_PARENT; at = this.#space.parentOf(at)) {
      const isFirst = this.#space.parentOf(at) === NO_PARENT;
      way.push({ state: unpack(this.#space.fields(at)), step: isFirst ? undefined : stepOf(this.#space.stepTo(at)) });
    }
    return way.reverse();
  }

  findings(): Findings {
    return {
      states: this.#space.size,
      depth: this.#depth,
      disturbances: this.#complete,
      violation: this.#violation,
    };
  }
}
