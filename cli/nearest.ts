/** Two slips of the finger at most: more is another word. */
const LIMIT = 2;

/** The name that was most probably meant: one begun or gone on with, else one that differs by a slip or two. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  if (text === '') return undefined;
  const begun = names.find((name) => name.startsWith(text) || text.startsWith(name));
  if (begun !== undefined) return begun;
  const [best] = names
    .map((name) => ({ name, slips: distance(text, name) }))
    .filter(({ name, slips }) => slips <= LIMIT && slips < name.length / 2)
    .sort((a, b) => a.slips - b.slips);
  return best?.name;
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
