/** Booleans as people write them in annotations. */

/** The words of Go's strconv.ParseBool, which Reloader reads. */
const GO_WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

/** What is plainly meant as one, in lower case. */
const PLAIN_WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'y', 'on', 'enable', 'enabled'].map((word) => [word, true] as const),
  ...['false', 'no', 'n', 'off', 'disable', 'disabled'].map((word) => [word, false] as const),
]);

/** As Go reads it; `undefined` for any other word. */
export function parseGoBoolean(text: string): boolean | undefined {
  return GO_WORDS.get(text);
}

/** As a reader understands it: Go's words and their like, in any case, with space around. */
export function parsePlainBoolean(text: string): boolean | undefined {
  return GO_WORDS.get(text) ?? PLAIN_WORDS.get(text.trim().toLowerCase());
}
