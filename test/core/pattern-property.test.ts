/** What holds for every list, whatever is written in it. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import t from 'tap';
import { automaton, type Program } from '../../core/automaton.ts';
import { expressionSize } from '../../core/expression-size.ts';
import { glob } from '../../core/glob.ts';
import {
  matchesName,
  type NameMatcher,
  type Parsed,
  parseLiteralNames,
  parseNameList,
  parseNamespacedNames,
  parseSourceList,
} from '../../core/pattern.ts';
import { hostileKey } from './arbitrary.ts';

const RUNS = { numRuns: 500 };

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Names an object can have, mostly of few letters, so that patterns meet them. */
const name = fc
  .array(fc.string({ unit: fc.constantFrom(...'aab1', ...ALPHABET), minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((words) => fc.constantFrom('-', '.').map((between) => words.join(between)));

/** The characters of names in any order. */
const nameLike = fc.string({ unit: fc.constantFrom(...'aabbc1-.'), maxLength: 12 });

/** Whole expressions, from the smallest parts up; no commas, which end an item. */
const expressionText = fc.letrec<{ any: string }>((tie) => {
  const atom = fc.constantFrom(
    ...['a', 'b', '1', '-', '\\.', '.', '[ab]', '[^a]', '[a-c1]', '\\d', '\\w', '\\W', '\\pL', '[[:alpha:]]', '(?i:B)'],
    ...['^', '$', '\\b', '\\B', '\\A', '\\z', '\\Qa.\\E', '\\x61', '(?i)A', ''],
  );
  const repeated = fc
    .tuple(tie('any'), fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{0}', '{3}?'))
    .map(([inner, times]) => `(?:${inner})${times}`);
  const grouped = tie('any').map((inner) => `(${inner})`);
  const sequence = fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
  const choice = fc.array(tie('any'), { minLength: 2, maxLength: 3 }).map((parts) => `(?:${parts.join('|')})`);
  return { any: fc.oneof({ maxDepth: 4 }, atom, sequence, choice, repeated, grouped) };
}).any;

/** Parts of expressions in any order: mostly wrong, and always unkind. */
const scraps = fc
  .array(
    fc.constantFrom(
      ...[
        'a',
        '.',
        '.*',
        '.?',
        '(',
        '(?:',
        ')',
        '|',
        '[',
        ']',
        '[^b]',
        '{',
        '}',
        '{2}',
        '{50}',
        '{1000}',
        '*',
        '+',
        '?',
      ],
      ...[
        '\\',
        '\\Q',
        '\\E',
        '\\pL',
        '\\PN',
        '\\p{',
        '\\x{1f600}',
        '(?i)',
        '(?s)',
        '(?P<n>',
        '\\b',
        '^',
        '$',
        'é',
        '\ud800',
      ],
      ...['(|a)', '[[:alpha:]]', '[\\w\\W]', '(a|b)*a', '[a-\u{1e942}]', '\u0000', '\n', ' ', '-'],
    ),
    { maxLength: 120 },
  )
  .map((parts) => parts.join(''));

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ maxLength: 300 }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
  scraps,
  fc.array(fc.oneof(hostileKey, name, scraps, nameLike), { maxLength: 30 }).map((items) => items.join()),
  fc
    .array(
      fc.tuple(
        fc.constantFrom('configmap/', 'SECRET/', 'cm/', '/', 'shop/'),
        fc.oneof(name, nameLike, scraps, hostileKey),
      ),
    )
    .map((items) => items.map((item) => item.join('')).join()),
);

type List = Parsed<string | NameMatcher | { readonly matcher: NameMatcher } | { readonly name: string }>;

const PARSERS: readonly ((text: string) => List)[] = [
  parseNameList,
  parseLiteralNames,
  parseSourceList,
  parseNamespacedNames,
];

/** All of a list but its functions. */
function plain(list: List): unknown {
  return JSON.parse(JSON.stringify(list));
}

t.test('no text makes a parser throw, and it reads the same each time', (t) => {
  fc.assert(
    fc.property(text, (text) => {
      for (const parse of PARSERS) assert.deepEqual(plain(parse(text)), plain(parse(text)));
    }),
    RUNS,
  );
  t.end();
});

t.test('faults are few, short, and of characters that can be seen', (t) => {
  fc.assert(
    fc.property(text, (text) => {
      for (const parse of PARSERS) {
        const { faults } = parse(text);
        assert.ok(faults.length <= 6);
        for (const fault of faults) {
          assert.ok(fault.length <= 70, fault);
          assert.doesNotMatch(fault, /[\p{C}\p{Zl}\p{Zp}]/u);
        }
      }
    }),
    RUNS,
  );
  t.end();
});

t.test('no name makes what was read throw', (t) => {
  fc.assert(
    fc.property(text, fc.oneof(name, hostileKey, fc.string({ unit: 'binary' })), (text, name) => {
      for (const item of parseNameList(text).items) assert.equal(typeof matchesName(item, name), 'boolean');
      for (const { matcher } of parseSourceList(text).items) assert.equal(typeof matchesName(matcher, name), 'boolean');
    }),
    RUNS,
  );
  t.end();
});

t.test('a name in a list is matched by itself alone', (t) => {
  fc.assert(
    fc.property(name, name, nameLike, (name, other, like) => {
      const { items, faults } = parseNameList(name);
      assert.deepEqual(faults, []);
      assert.deepEqual(items, [{ type: 'name', name }]);
      for (const item of items) {
        assert.ok(matchesName(item, name));
        assert.equal(matchesName(item, other), name === other);
        assert.equal(matchesName(item, like), name === like);
      }
    }),
    RUNS,
  );
  t.end();
});

t.test('one bad item takes nothing from the others', (t) => {
  fc.assert(
    fc.property(scraps, name, name, (scrap, before, after) => {
      const { items } = parseNameList(`${before},${scrap.slice(0, 200)},${after}`);
      assert.deepEqual(items[0], { type: 'name', name: before });
      assert.deepEqual(items.at(-1), { type: 'name', name: after });
    }),
    RUNS,
  );
  t.end();
});

t.test('an expression matches what re2js itself matches from end to end', (t) => {
  let compared = 0;
  fc.assert(
    fc.property(
      expressionText,
      fc.array(fc.oneof(nameLike, name), { minLength: 8, maxLength: 8 }),
      (expression, names) => {
        const compiled = RE2JS.compile(expression);
        const table = automaton(compiled.re2().prog as Program, 1_000_000);
        assert.ok(table);
        for (const name of names) assert.equal(table.matches(name), compiled.testExact(name), `${expression} ${name}`);
        const matched = names.filter((name) => compiled.testExact(name));
        assert.ok(matched.length === 0 || table.possible);
        compared += matched.length;
      },
    ),
    { numRuns: 3_000 },
  );
  t.ok(compared > 1_000, 'and there are matches to compare');
  t.end();
});

t.test('an expression compiles to no more than its size says', (t) => {
  fc.assert(
    fc.property(fc.oneof(expressionText, scraps), (expression) => {
      const size = expressionSize(expression);
      if (size > 2_000 || expression.length > 500) return;
      try {
        // A group is one atom and two instructions, `?` and `*` are an atom and at most two; one begins, one ends.
        assert.ok(RE2JS.compile(expression).programSize() <= 2 * size + 4, expression);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
      }
    }),
    { numRuns: 3_000 },
  );
  t.end();
});

/** Whether a glob matches, the slow way: a star is nothing, or one character and the same star again. */
function globMatches(glob: string, name: string): boolean {
  if (glob === '') return name === '';
  if (glob.startsWith('*'))
    return globMatches(glob.slice(1), name) || (name !== '' && globMatches(glob, name.slice(1)));
  return glob.charAt(0) === name.charAt(0) && name !== '' && globMatches(glob.slice(1), name.slice(1));
}

t.test('a glob matches as it would one character at a time', (t) => {
  let matched = 0;
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'*ab'), maxLength: 6 }),
      fc.string({ unit: fc.constantFrom(...'ab') }),
      (text, name) => {
        const matches = glob(text)(name);
        assert.equal(matches, globMatches(text, name), `${text} ${name}`);
        if (matches) matched++;
      },
    ),
    { numRuns: 3_000 },
  );
  t.ok(matched > 100, 'and there are matches to compare');
  t.end();
});

t.test('a list of names and globs matches what one of them matches', (t) => {
  const item = fc.oneof(
    name,
    name.chain((name) => fc.constantFrom(`${name}*`, `*${name}`, '*')),
  );
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 15 }), name, (globs, name) => {
      const { items, faults } = parseSourceList(globs.map((glob) => `secret/${glob}`).join(' , '));
      assert.deepEqual(faults, []);
      assert.equal(
        items.some(({ matcher }) => matchesName(matcher, name)),
        globs.some((glob) => globMatches(glob, name)),
      );
    }),
    RUNS,
  );
  t.end();
});

/** Names as long as they can be, of few letters, so that the states of an expression are met. */
function longNames(letters: string): readonly string[] {
  let seed = 1;
  const letter = (): string => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return letters.charAt((seed >>> 16) % letters.length);
  };
  return Array.from({ length: 1_000 }, () => Array.from({ length: 253 }, letter).join(''));
}

/** Lists that are as hard to read, or to match, as any that were found. */
const HARD: Readonly<Record<string, string>> = {
  'many states': repeatedly('(a|b)*a(a|b){20}'),
  'many states, shorter': repeatedly('.*a.{8}.*'),
  'many optional parts': repeatedly('.?'.repeat(60)),
  'many loops': repeatedly('.*a'.repeat(40)),
  'loops in loops': repeatedly(`${'('.repeat(40)}a${')*'.repeat(40)}`),
  'empty loops': repeatedly('(|a)*'.repeat(20)),
  'many choices': repeatedly(`(${'ab|c.d|'.repeat(16)}x)`),
  boundaries: repeatedly('(\\b|\\B|.)*a(\\b.|\\B.){5}[ab-]*'),
  'classes of Unicode': repeatedly('(?i)[^\\pL][^\\pN][a-z]*'),
  'ranges of Unicode': repeatedly('(?i)[B-\\x{1e942}]'),
  'repeated repetitions': repeatedly('(((a{10}){10}){10})'),
  brackets: '['.repeat(65_000),
  commas: ','.repeat(65_536),
  stars: '*,'.repeat(32_000),
  dots: `${'a.'.repeat(125)}_,`.repeat(250),
  names: Array.from({ length: 9_000 }, (_, index) => `app-${index}`).join(),
  backtracking: repeatedly('(a+)+b'),
};

function repeatedly(expression: string): string {
  return Array.from({ length: 20 }, () => expression).join();
}

/** Milliseconds of this thread's time, the least of three: what else the machine does is not what is measured. */
function shortest(run: () => void): number {
  const times = [1, 2, 3].map(() => {
    const before = process.threadCpuUsage();
    run();
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}

t.test('no list takes 50 ms to read and to match with 1,000 of the longest names', (t) => {
  const names = [longNames('ab'), longNames(ALPHABET)];
  for (const [what, list] of Object.entries(HARD)) {
    for (const some of names) {
      const ms = shortest(() => {
        const { items } = parseNameList(list);
        for (const name of some) items.some((item) => matchesName(item, name) && item.type === 'name');
      });
      t.ok(ms < 50, `${what}: ${ms.toFixed(1)} ms`);
    }
  }
  t.end();
});

t.test('no list of globs takes 50 ms to read and to match with 1,000 of the longest names', (t) => {
  const names = [longNames('ab'), Array.from({ length: 1_000 }, () => 'a'.repeat(253))];
  for (const glob of [
    `*${'a'.repeat(120)}b*`,
    `*${'ab'.repeat(100)}b*`,
    `*${'a'.repeat(60)}b${'a'.repeat(60)}*`,
    '*a*a*a*b*a*',
  ]) {
    for (const some of names) {
      const ms = shortest(() => {
        const { items } = parseSourceList(repeatedly(`secret/${glob}`));
        for (const name of some) for (const { matcher } of items) matchesName(matcher, name);
      });
      t.ok(ms < 50, `${glob.slice(0, 20)}: ${ms.toFixed(1)} ms`);
    }
  }
  t.end();
});
