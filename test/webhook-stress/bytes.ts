/** Damage to bytes, the same from the same seed. */

/** Numbers from 0 to 1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Damage = (bytes: Buffer, at: number, chance: () => number) => Buffer;

/** Pieces that mean something to a parser. */
const PIECES = [
  '\0',
  '\r\n',
  '\r\n\r\n',
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\u0000',
  '\\ud800',
  '1e999',
  '-0',
  '\xff',
];

const DAMAGES: readonly Damage[] = [
  (bytes, at, chance) => spliced(bytes, at, 1, Buffer.from([Math.floor(chance() * 256)])),
  (bytes, at, chance) => spliced(bytes, at, 1 + Math.floor(chance() * 8), Buffer.alloc(0)),
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, chance) => spliced(bytes, at, 0, bytes.subarray(at, at + Math.floor(chance() * 64))),
  (bytes, at, chance) => Buffer.concat([bytes.subarray(at), bytes.subarray(0, Math.floor(chance() * at))]),
  (bytes, at, chance) =>
    spliced(bytes, at, 0, Buffer.from(PIECES[Math.floor(chance() * PIECES.length)] ?? '', 'latin1')),
];

/** One damage mostly, up to four at times. */
export function disturb(bytes: Buffer, chance: () => number): Buffer {
  const times = 1 + Math.floor(chance() ** 3 * 4);
  return Array.from({ length: times }).reduce<Buffer>((before) => {
    const damage = DAMAGES[Math.floor(chance() * DAMAGES.length)];
    return damage === undefined ? before : damage(before, Math.floor(chance() * (before.length + 1)), chance);
  }, bytes);
}

function spliced(bytes: Buffer, at: number, remove: number, add: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), add, bytes.subarray(at + remove)]);
}
