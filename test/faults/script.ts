import { chance } from './chance.ts';
import {
  type Fault,
  isLineFault,
  isRequestFault,
  type LineFacts,
  type LineFault,
  matches,
  type RequestFacts,
  type RequestFault,
  type Rule,
} from './rule.ts';

interface Counted {
  readonly rule: Rule;
  matched: number;
  applied: number;
  /** How often chance was asked, by path. */
  readonly drawn: Map<string, number>;
}

/** Rules that count. The first that has its turn decides. */
export class Script {
  readonly #rules: readonly Counted[];
  readonly #seed: number;

  constructor(rules: readonly Rule[], seed: number) {
    this.#rules = rules.map((rule) => ({ rule, matched: 0, applied: 0, drawn: new Map() }));
    this.#seed = seed;
  }

  forRequest(facts: RequestFacts): RequestFault | undefined {
    return this.#first(facts, isRequestFault);
  }

  forLine(facts: LineFacts): LineFault | undefined {
    return this.#first(facts, isLineFault);
  }

  #first<T extends Fault>(facts: RequestFacts | LineFacts, isOf: (fault: Fault) => fault is T): T | undefined {
    for (const [index, counted] of this.#rules.entries()) {
      const { fault, match = {} } = counted.rule;
      if (isOf(fault) && matches(match, facts) && this.#hasItsTurn(counted, index, facts.path)) return fault;
    }
    return undefined;
  }

  #hasItsTurn(counted: Counted, index: number, path: string): boolean {
    const { after = 0, times = Number.POSITIVE_INFINITY, probability = 1 } = counted.rule;
    counted.matched += 1;
    if (counted.matched <= after || counted.applied >= times) return false;
    // By path: in which order the requests of different watches come is nobody's to say.
    const drawn = (counted.drawn.get(path) ?? 0) + 1;
    counted.drawn.set(path, drawn);
    if (chance(this.#seed, index, path, drawn) >= probability) return false;
    counted.applied += 1;
    return true;
  }
}
