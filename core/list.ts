/** Comma-separated lists that users write in annotations: how they are cut, bounded, and complained about. */

/** What was read of a list. */
export interface Parsed<T> {
  readonly items: readonly T[];
  /** One short phrase for each fault, at most 70 characters long and without the annotation's name. */
  readonly faults: readonly string[];
}

/** What an item of a list was read as. */
export type Read<T> = { readonly type: 'item'; readonly item: T } | { readonly type: 'fault'; readonly fault: string };

/** How one kind of list is read. */
export interface ItemReader<T> {
  /** What a pattern costs, in atoms; nothing for a name. */
  readonly cost: (item: string) => number;
  readonly read: (item: string) => Read<T>;
}

/** Characters in a list: a quarter of what all annotations of an object may have (256 KiB in Kubernetes). */
export const LIST_LENGTH = 65_536;

/** Items in a list: more than anybody writes by hand, and a pattern says the same in one. */
export const LIST_ITEMS = 250;

/**
 * Patterns in a list, and their atoms together: what can be made ready and tried on 1,000 names in 50 ms, the most that
 * any input may take, even where it is the first list of a process. Measured, see docs/decisions/0011-re2-by-re2js.md.
 */
export const LIST_PATTERNS = 20;
export const LIST_ATOMS = 1_000;

/** Faults told of one list: an Event and a warning are read, not searched. */
const FAULTS = 5;

/** Characters of an item that a fault shows. */
const QUOTE_LENGTH = 24;

/** Cuts a list at its commas and reads what is between them. Blank items are skipped, and so are those with a fault. */
export function parseList<T>(text: string, { cost, read }: ItemReader<T>): Parsed<T> {
  if (text.length > LIST_LENGTH) return { items: [], faults: [`longer than ${LIST_LENGTH} characters`] };
  const written = text.split(',').flatMap((item) => item.trim() || []);
  const tooMany = written.length > LIST_ITEMS ? [`more than ${LIST_ITEMS} items: the first ${LIST_ITEMS} count`] : [];
  const { items, faults: tooCostly } = affordable(written.slice(0, LIST_ITEMS), cost);
  const all = items.map(read);
  const wrong = all.flatMap((one) => (one.type === 'fault' ? one.fault : []));
  return {
    items: all.flatMap((one) => (one.type === 'item' ? [one.item] : [])),
    faults: shortened([...tooMany, ...tooCostly, ...wrong]),
  };
}

/** An item as a fault shows it: what cannot be seen is escaped, and what is long is cut. */
export function quoted(text: string): string {
  let shown = '';
  for (const character of text) {
    const next = isVisible(character) ? character : escaped(character);
    if (shown.length + next.length > QUOTE_LENGTH) return `"${shown}…"`;
    shown += next;
  }
  return `"${shown}"`;
}

/** All names, and the patterns up to the first that is too much. */
function affordable(items: readonly string[], cost: (item: string) => number): Parsed<string> {
  const kept: string[] = [];
  const faults: string[] = [];
  let [patterns, atoms] = [0, 0];
  for (const item of items) {
    const more = cost(item);
    if (more > 0 && faults.length > 0) continue;
    if (more > 0 && patterns === LIST_PATTERNS)
      faults.push(`more than ${LIST_PATTERNS} patterns: the first ${patterns} count`);
    else if (more > 0 && atoms + more > LIST_ATOMS)
      faults.push(`patterns too large together: the first ${patterns} count`);
    else kept.push(item);
    atoms += more;
    patterns += more > 0 ? 1 : 0;
  }
  return { items: kept, faults };
}

function shortened(faults: readonly string[]): readonly string[] {
  if (faults.length <= FAULTS) return faults;
  return [...faults.slice(0, FAULTS), `and ${faults.length - FAULTS} more`];
}

/** Not control characters, lone surrogates, marks that pile up on others, line breaks, or any space but the plain one. */
function isVisible(character: string): boolean {
  return character === ' ' || !/[\p{C}\p{M}\p{Z}]/u.test(character);
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}
