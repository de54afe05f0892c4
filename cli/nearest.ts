/** Two slips of the finger at most: more is another word. */
const LIMIT = 2;

/** The name that was most probably meant: one that differs by a slip or two, else one begun or gone on with. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  if (text === '') return undefined;
  return slipped(text, names) ?? begun(text, names);
}

function slipped(text: string, names: readonly string[]): string | undefined {
  return least(
    names
      .filter((name) => Math.abs(name.length - text.length) <= LIMIT)
      .map((name) => ({ name, cost: distance(text, name) }))
      .filter(({ name, cost }) => cost <= LIMIT && cost < name.length / 2),
  );
}

/** Of several that begin alike, the one with the least to add or to take away. */
function begun(text: string, names: readonly string[]): string | undefined {
  return least(
    names
      .filter((name) => name.startsWith(text) || text.startsWith(name))
      .map((name) => ({ name, cost: Math.abs(name.length - text.length) })),
  );
}

function least(candidates: readonly { readonly name: string; readonly cost: number }[]): string | undefined {
  return candidates.toSorted((a, b) => a.cost - b.cost)[0]?.name;
}

/** Letters to be added, left out or replaced to make one text of the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (let at = 1; at <= b.length; at += 1) {
      const replaced = (row[at - 1] ?? 0) + (b[at - 1] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
