/** Regular expressions that users write: RE2's syntax, and whatever they are, a bounded time to make and to match. */
import { RE2JS, RE2JSSyntaxException } from 're2js';
import { automaton, type Program } from './automaton.ts';
import { expressionSize } from './expression-size.ts';

/** Characters in an expression. Half of the longest name an object can have; names themselves are no expressions. */
export const PATTERN_LENGTH = 128;

/** Atoms in an expression with its repetitions written out. RE2 allows each to be 1,000 times what it repeats. */
const SIZE = 128;

/**
 * Instructions looked at while the table is made: 0.2 ms. What people write takes 100 to 2,500;
 * `(a|b)*a(a|b){20}` would take millions.
 */
const WORK = 3_000;

export type Expression =
  | { readonly type: 'expression'; readonly matches: (name: string) => boolean }
  | { readonly type: 'fault'; readonly fault: string };

/** What reading an expression costs, in atoms: at least one, and no more where it is refused at sight. */
export function expressionCost(text: string): number {
  return refusal(text) === undefined ? Math.max(1, expressionSize(text)) : 1;
}

/** Makes an expression ready to match whole names of objects; a fault is told in at most 41 characters. */
export function parseExpression(text: string): Expression {
  const refused = refusal(text);
  if (refused !== undefined) return fault(refused);
  try {
    return matcher(RE2JS.compile(text).re2().prog as Program);
  } catch (error) {
    // Any other error would be one of re2js, and no reason to stop reading a list.
    return fault(error instanceof RE2JSSyntaxException ? error.error : 'no regular expression');
  }
}

function refusal(text: string): string | undefined {
  if (text.length > PATTERN_LENGTH) return `longer than ${PATTERN_LENGTH} characters`;
  return expressionSize(text) > SIZE ? 'too large' : undefined;
}

function matcher(program: Program): Expression {
  const table = automaton(program, WORK);
  if (table === undefined) return fault('too many ways to match');
  if (!table.possible) return fault('matches no name an object can have');
  return { type: 'expression', matches: table.matches };
}

function fault(text: string): Expression {
  return { type: 'fault', fault: text };
}
