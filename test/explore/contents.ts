/** What the sources hold, as one number: the state space is made of numbers. */
import {
  CONTENTS,
  type Content,
  type Contents,
  type PerSource,
  perSource,
  SOURCE_INDICES,
  type SourceIndex,
} from './cast.ts';

const BASE = CONTENTS.length;
const WEIGHTS: PerSource<number> = [1, BASE, BASE * BASE];

/** How many different contents all sources together can have. */
export const ALL_CONTENTS = BASE ** SOURCE_INDICES.length;

export function contentsCode(contents: Contents): number {
  return SOURCE_INDICES.reduce<number>((code, index) => code + WEIGHTS[index] * CONTENTS.indexOf(contents[index]), 0);
}

const DECODED: readonly Contents[] = Array.from({ length: ALL_CONTENTS }, (_, code) =>
  perSource((index) => contentAt(Math.floor(code / WEIGHTS[index]) % BASE)),
);

export function contentsOf(code: number): Contents {
  const contents = DECODED[code];
  if (contents === undefined) throw new RangeError(`no contents have the number ${code}`);
  return contents;
}

export function contentAt(number: number): Content {
  return CONTENTS[number] ?? 'absent';
}

/** The contents with one source changed. */
export function withContent(code: number, index: SourceIndex, content: Content): number {
  return contentsCode(perSource((each) => (each === index ? content : contentsOf(code)[each])));
}

/**
 * What somebody who reads the sources, each at a time of its own, may find: three bits per source, one for each content
 * that it has had since the reading began. A source that does not matter has none.
 */
export type Seen = number;

const BITS = (1 << BASE) - 1;

/** A reading that begins now, of the sources that count. */
export function seenNow(code: number, counts: (index: SourceIndex) => boolean): Seen {
  return SOURCE_INDICES.reduce<Seen>(
    (seen, index) => (counts(index) ? saw(seen, index, contentsOf(code)[index]) : seen),
    0,
  );
}

/** The reading goes on while a source gets another content. */
export function sawToo(seen: Seen, index: SourceIndex, content: Content): Seen {
  return bitsOf(seen, index) === 0 ? seen : saw(seen, index, content);
}

function saw(seen: Seen, index: SourceIndex, content: Content): Seen {
  return seen | (1 << (BASE * index + CONTENTS.indexOf(content)));
}

function bitsOf(seen: Seen, index: SourceIndex): number {
  return (seen >> (BASE * index)) & BITS;
}

const readings = new Map<Seen, readonly number[]>();

/** Every outcome that the reading may have, as contents; what does not count is absent. */
export function readingsOf(seen: Seen): readonly number[] {
  const known = readings.get(seen);
  if (known !== undefined) return known;
  const found = DECODED.filter((contents) =>
    SOURCE_INDICES.every((index) => isReading(bitsOf(seen, index), contents[index])),
  );
  const codes = found.map(contentsCode);
  readings.set(seen, codes);
  return codes;
}

function isReading(bits: number, content: Content): boolean {
  return bits === 0 ? content === 'absent' : (bits & (1 << CONTENTS.indexOf(content))) !== 0;
}
