/** Chance that comes out the same each time. */

/** In [0, 1), from nothing but these words: FNV-1a, and then a mix, since close words are to give far numbers. */
export function chance(...words: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(words.join('\0'))) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Numbers in [0, 1), one after the other. */
export function chances(seed: number): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    return chance('chances', seed, drawn);
  };
}
