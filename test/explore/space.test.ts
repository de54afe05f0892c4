import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { CONTENTS, perSource, SOURCE_INDICES } from './cast.ts';
import { ALL_CONTENTS, contentsCode, contentsOf, readingsOf, sawToo, seenNow } from './contents.ts';
import { NO_PARENT, Space } from './space.ts';
import { FIELDS, pack, unpack } from './state.ts';
import { stepCode, stepOf } from './step.ts';

const fields = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: FIELDS, maxLength: FIELDS });

t.test('a state is new once, and is found with the way that led to it', (t) => {
  const property = fc.property(fc.array(fields, { maxLength: 2_000 }), (tuples) => {
    const space = new Space();
    const known = new Set<string>();
    for (const [step, tuple] of tuples.entries()) {
      const size = space.size;
      const isNew = space.add(Int32Array.from(tuple), size - 1, step);
      assert.equal(isNew, !known.has(String(tuple)));
      known.add(String(tuple));
      if (!isNew) continue;
      assert.deepEqual([...space.fields(size)], tuple);
      assert.equal(space.parentOf(size), size === 0 ? NO_PARENT : size - 1);
      assert.equal(space.stepTo(size), step);
      assert.equal(space.depthOf(size), size);
    }
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 20 }));
  t.end();
});

t.test('the set grows beyond what it begins with and loses nothing', (t) => {
  const space = new Space();
  const many = 200_000;
  const tuple = (number: number): Int32Array => Int32Array.from([number & 0xff, number >> 8, 7, number, -1]);
  for (let number = 0; number < many; number += 1) space.add(tuple(number), NO_PARENT, 0);
  t.equal(space.size, many);
  for (let number = 0; number < many; number += 1) {
    if (space.add(tuple(number), NO_PARENT, 0)) t.fail(`${number} was lost`);
  }
  t.equal(space.size, many);
  t.end();
});

t.test('a packed state is the state again, whichever of the watchers does what', (t) => {
  const state = { contents: 26, setting: 3, neglected: 2, lives: [70_000, 5], looks: [9, 4], pending: 17 } as const;
  const packed = new Int32Array(FIELDS);
  pack(state, packed);
  t.strictSame(unpack(packed), { ...state, looks: [4, 9] });
  t.end();
});

t.test('a step is told from its number', (t) => {
  const told = { kind: 'end-look', workload: 1, act: 'undo', fare: 'up' } as const;
  const step = { ...told, read: ALL_CONTENTS - 1, source: 2, content: 'B' } as const;
  t.strictSame(stepOf(stepCode(step)), step);
  t.end();
});

t.test('contents are told from their number', (t) => {
  for (let code = 0; code < ALL_CONTENTS; code += 1) t.equal(contentsCode(contentsOf(code)), code);
  t.end();
});

t.test('whoever reads while sources change finds of each any content it has had since, in any combination', (t) => {
  const before = contentsCode(['A', 'A', 'absent']);
  const seen = sawToo(
    sawToo(
      seenNow(before, () => true),
      0,
      'B',
    ),
    2,
    'A',
  );
  const found = readingsOf(seen).map((code) => contentsOf(code).join(' '));
  t.strictSame(found.sort(), ['A A A', 'A A absent', 'B A A', 'B A absent']);
  t.end();
});

t.test('what a workload does not use is not read', (t) => {
  const seen = seenNow(contentsCode(['A', 'B', 'A']), (index) => index !== 1);
  t.strictSame(readingsOf(sawToo(seen, 1, 'A')).map(contentsOf), [['A', 'absent', 'A']]);
  t.end();
});

t.test('every combination of contents has a number of its own', (t) => {
  const combinations = CONTENTS.flatMap((a) => CONTENTS.flatMap((b) => CONTENTS.map((c) => [a, b, c] as const)));
  const codes = combinations.map((contents) => contentsCode(perSource((index) => contents[index])));
  t.equal(new Set(codes).size, CONTENTS.length ** SOURCE_INDICES.length);
  t.end();
});
