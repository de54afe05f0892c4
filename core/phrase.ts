/** Texts that have to stay short and printable: warnings and Events quote what anybody may have written. */

/** Characters of an advice or warning at most (issue 4); the API server passes 256 on. */
export const PHRASE_LENGTH = 120;

/** Characters of a name that are shown; the longest of Reloader's has 58. */
const NAME_SHOWN = 64;

/** The first of several texts, in order of preference, that is short enough; else the last one, cut. */
export function fitting(...texts: readonly string[]): string {
  return texts.find((text) => text.length <= PHRASE_LENGTH) ?? cut(texts.at(-1) ?? '', PHRASE_LENGTH);
}

/** The name of an annotation, a kind or an object: those are ASCII, so nothing else is shown of what is none. */
export function shown(name: string, length: number = NAME_SHOWN): string {
  return cut(name.slice(0, length + 1).replace(/[^!-~]/g, '?'), length);
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // Half of a pair of surrogates would be no character.
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
