/** The name that was most probably meant by a text that is none. */

/** Two slips of the finger at most: more is another word. */
const LIMIT = 2;

/** One that differs by a slip or two, else one begun or gone on with; `undefined` where nothing is near. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  if (text === '') return undefined;
  return slipped(text, names) ?? begun(text, names);
}

/** A text of a length that no slip explains is not looked into, so the cost is that of the names alone. */
function slipped(text: string, names: readonly string[]): string | undefined {
  return cheapest(
    names
      .filter((name) => Math.abs(name.length - text.length) <= LIMIT)
      .map((name) => ({ name, cost: slips(text, name) }))
      .filter(({ name, cost }) => cost <= LIMIT && cost < name.length / 2),
  );
}

/** Of several that begin alike, the one with the least to add or to take away. */
function begun(text: string, names: readonly string[]): string | undefined {
  return cheapest(
    names
      .filter((name) => name !== '' && (name.startsWith(text) || text.startsWith(name)))
      .map((name) => ({ name, cost: Math.abs(name.length - text.length) })),
  );
}

interface Candidate {
  readonly name: string;
  readonly cost: number;
}

function cheapest(candidates: readonly Candidate[]): string | undefined {
  return candidates.reduce<Candidate | undefined>(
    (best, candidate) => (best !== undefined && best.cost <= candidate.cost ? best : candidate),
    undefined,
  )?.name;
}

/** Characters to be added, left out or replaced to make one text of the other (Levenshtein). */
function slips(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let above = 1; above <= a.length; above++) {
    const next = [above];
    for (let at = 1; at <= b.length; at++) {
      const replaced = (row[at - 1] ?? 0) + (a[above - 1] === b[at - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
