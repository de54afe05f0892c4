import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { parseLabelSelector } from '../../core/label-selector.ts';
import { hostileKey } from './arbitrary.ts';

interface Row {
  readonly selector: string;
  /** As the API server takes it. */
  readonly text: string;
  readonly yes: readonly Readonly<Record<string, string>>[];
  readonly no: readonly Readonly<Record<string, string>>[];
}

const ROWS: readonly Row[] = [
  { selector: '', text: '', yes: [{}, { a: 'b' }], no: [] },
  { selector: ' \t\n', text: '', yes: [{}], no: [] },
  { selector: 'a=b', text: 'a=b', yes: [{ a: 'b' }, { a: 'b', c: 'd' }], no: [{}, { a: 'B' }, { b: 'a' }, { a: '' }] },
  { selector: 'a==b', text: 'a=b', yes: [{ a: 'b' }], no: [{ a: 'c' }] },
  { selector: ' a = b ', text: 'a=b', yes: [{ a: 'b' }], no: [{ a: ' b ' }] },
  { selector: 'a=', text: 'a=', yes: [{ a: '' }], no: [{}, { a: 'b' }] },
  { selector: 'a!=b', text: 'a!=b', yes: [{}, { a: 'c' }], no: [{ a: 'b' }] },
  { selector: 'a!=', text: 'a!=', yes: [{}, { a: 'c' }], no: [{ a: '' }] },
  { selector: 'a', text: 'a', yes: [{ a: '' }, { a: 'b' }], no: [{}, { b: 'a' }] },
  { selector: '!a', text: '!a', yes: [{}, { b: 'a' }], no: [{ a: '' }] },
  { selector: ' ! a ', text: '!a', yes: [{}], no: [{ a: '' }] },
  { selector: 'a in (b,c)', text: 'a in (b,c)', yes: [{ a: 'b' }, { a: 'c' }], no: [{}, { a: 'd' }, { a: 'b,c' }] },
  { selector: 'a  in( c , b,c )', text: 'a in (b,c)', yes: [{ a: 'b' }], no: [{}] },
  { selector: 'a in ()', text: 'a in ()', yes: [{ a: '' }], no: [{}, { a: 'b' }] },
  { selector: 'a in (,b)', text: 'a in (,b)', yes: [{ a: '' }, { a: 'b' }], no: [{}] },
  { selector: 'a notin (b)', text: 'a notin (b)', yes: [{}, { a: 'c' }], no: [{ a: 'b' }] },
  { selector: 'a notin ()', text: 'a notin ()', yes: [{}, { a: 'c' }], no: [{ a: '' }] },
  { selector: 'in in (in,notin)', text: 'in in (in,notin)', yes: [{ in: 'notin' }], no: [{ in: 'b' }] },
  { selector: 'notin', text: 'notin', yes: [{ notin: '' }], no: [{}] },
  { selector: 'a=in', text: 'a=in', yes: [{ a: 'in' }], no: [{}] },
  { selector: 'a>5', text: 'a>5', yes: [{ a: '6' }, { a: '10' }], no: [{}, { a: '5' }, { a: 'x' }, { a: '' }] },
  { selector: 'a < 5', text: 'a<5', yes: [{ a: '4' }, { a: '004' }], no: [{}, { a: '5' }, { a: '4.5' }] },
  {
    selector: 'a<9223372036854775807',
    text: 'a<9223372036854775807',
    yes: [{ a: '9223372036854775806' }],
    no: [{ a: '9223372036854775807' }, { a: '9223372036854775808' }],
  },
  {
    selector: 'a=b,c!=d,e in (x,y),f notin (z),g,!h',
    text: 'a=b,c!=d,e in (x,y),f notin (z),g,!h',
    yes: [{ a: 'b', e: 'x', g: '' }],
    no: [
      { a: 'b', e: 'x' },
      { a: 'b', e: 'x', g: '', h: '' },
      { e: 'x', g: '' },
      { a: 'b', e: 'x', g: '', c: 'd' },
    ],
  },
  { selector: 'a=b,a=c', text: 'a=b,a=c', yes: [], no: [{ a: 'b' }, { a: 'c' }] },
  {
    selector: 'app.kubernetes.io/name=a_b.c-D',
    text: 'app.kubernetes.io/name=a_b.c-D',
    yes: [{ 'app.kubernetes.io/name': 'a_b.c-D' }],
    no: [{ name: 'a_b.c-D' }],
  },
  { selector: 'constructor', text: 'constructor', yes: [{ constructor: 'a' }], no: [{}] },
  { selector: '!toString', text: '!toString', yes: [{}], no: [{ toString: 'a' }] },
  // What Reloader wrote before it took Kubernetes' own form.
  { selector: 'team:a', text: 'team=a', yes: [{ team: 'a' }], no: [{}, { team: 'b' }] },
  { selector: 'team:*', text: 'team', yes: [{ team: '' }, { team: 'b' }], no: [{}] },
  { selector: 'team=*', text: 'team', yes: [{ team: '' }, { team: 'b' }], no: [{}] },
  { selector: 'team:', text: 'team=', yes: [{ team: '' }], no: [{}, { team: 'b' }] },
  { selector: 'team:*,tier: web', text: 'team,tier=web', yes: [{ team: 'x', tier: 'web' }], no: [{ tier: 'web' }] },
];

for (const { selector, text, yes, no } of ROWS) {
  t.test(`the selector ${JSON.stringify(selector)} selects by labels`, (t) => {
    const parsed = parseLabelSelector(selector);
    t.equal(parsed?.text, text);
    for (const labels of yes) t.equal(parsed?.matches(labels), true, JSON.stringify(labels));
    for (const labels of no) t.equal(parsed?.matches(labels), false, JSON.stringify(labels));
    t.equal(parseLabelSelector(text)?.text, text, 'and its text is the same selector');
    t.end();
  });
}

const WRONG: readonly string[] = [
  ...[
    ',',
    'a,',
    ',a',
    'a,,b',
    'a b',
    'a=b c',
    'a=b=c',
    'a:b:c',
    'a:b=c',
    'a===b',
    '=b',
    '!',
    '!!a',
    '!a=b',
    '!a in (b)',
  ],
  ...['a in', 'a in b', 'a in (', 'a in (b', 'a in b)', 'a in (b c)', 'a in (b=c)', 'a in (b))', 'a notin', 'ain (b)'],
  ...['a==*', 'a!=*', 'a in (*)', '*', '*=a', 'a:b*', '-a', 'a-', 'a=-b', 'a=b-', 'a/b/c', '/a', 'a/', 'A/b', 'a_b/c'],
  ...[
    'a>',
    'a>x',
    'a>-1',
    'a<1.5',
    'a>9223372036854775808',
    'a=é',
    'é',
    'a\u0000',
    'a=b\u0000',
    '__proto__',
    '(a)',
    'a()',
  ],
  ...[
    `${'a'.repeat(64)}`,
    `a=${'b'.repeat(64)}`,
    `a in (${'b'.repeat(64)})`,
    `${'a'.repeat(254)}/b`,
    `${'a=b,'.repeat(20_000)}a`,
  ],
];

t.test('what is no selector is nothing', (t) => {
  for (const text of WRONG) t.equal(parseLabelSelector(text), undefined, JSON.stringify(text.slice(0, 30)));
  t.end();
});

t.test('keys and values may be as long as Kubernetes allows', (t) => {
  const key = `${'a'.repeat(253)}/${'b'.repeat(63)}`;
  const value = 'c'.repeat(63);
  t.equal(parseLabelSelector(`${key}=${value}`)?.matches({ [key]: value }), true);
  t.end();
});

/** A requirement, and what it means, said in another way than the parser does. */
interface Meaning {
  readonly text: string;
  readonly holds: (labels: ReadonlyMap<string, string>) => boolean;
}

const key = fc.constantFrom('a', 'b', 'in', 'notin', 'x.io/a', 'constructor');
const value = fc.constantFrom('', 'a', 'b', 'in', '1', '10', '9');
const blank = fc.constantFrom('', ' ', '\t', '  ');

const meaning: fc.Arbitrary<Meaning> = fc
  .record({ key, value, values: fc.array(value, { minLength: 1, maxLength: 4 }), b: blank })
  .chain(({ key, value, values, b }) =>
    fc.constantFrom<Meaning>(
      { text: `${b}${key}${b}`, holds: (labels) => labels.has(key) },
      { text: `${b}!${b}${key}`, holds: (labels) => !labels.has(key) },
      { text: `${key}${b}=${b}${value}`, holds: (labels) => labels.get(key) === value },
      { text: `${key}==${value}${b}`, holds: (labels) => labels.get(key) === value },
      { text: `${key}:${value}`, holds: (labels) => labels.get(key) === value },
      { text: `${key}${b}:${b}*`, holds: (labels) => labels.has(key) },
      { text: `${key}=*`, holds: (labels) => labels.has(key) },
      { text: `${key}${b}!=${b}${value}`, holds: (labels) => labels.get(key) !== value },
      {
        text: `${key} ${b}in${b}(${values.join(`${b},`)})`,
        holds: (labels) => values.some((one) => labels.get(key) === one),
      },
      {
        text: `${key} notin (${values.join()}${b})${b}`,
        holds: (labels) => values.every((one) => labels.get(key) !== one),
      },
      { text: `${key}>9`, holds: (labels) => Number.parseInt(labels.get(key) ?? '', 10) > 9 },
      { text: `${key} < 9`, holds: (labels) => Number.parseInt(labels.get(key) ?? '', 10) < 9 },
    ),
  );

t.test('a selector selects what each of its requirements means', (t) => {
  let selected = 0;
  fc.assert(
    fc.property(
      fc.array(meaning, { maxLength: 4 }),
      fc.dictionary(key, value, { noNullPrototype: true }),
      (meanings, labels) => {
        const selector = parseLabelSelector(meanings.map(({ text }) => text).join());
        const expected = meanings.every(({ holds }) => holds(new Map(Object.entries(labels))));
        assert.equal(selector?.matches(labels), expected);
        assert.equal(parseLabelSelector(selector?.text ?? '(')?.matches(labels), expected);
        if (expected && meanings.length > 0) selected++;
      },
    ),
    { numRuns: 2_000 },
  );
  t.ok(selected > 100, 'and some select');
  t.end();
});

const scraps = fc
  .array(
    fc.constantFrom(
      ...['a', 'in', 'notin', ' ', '\n', '=', '!', '(', ')', ',', ':', '*', '<', '>', '/', '1', '\u0000', 'é'],
    ),
  )
  .map((parts) => parts.join(''));

t.test('no text makes the parser throw, and what it reads is a selector that stays the same', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(scraps, fc.string({ unit: 'binary' }), hostileKey),
      fc.dictionary(fc.oneof(key, hostileKey), fc.string()),
      (text, labels) => {
        const selector = parseLabelSelector(text);
        if (selector === undefined) return;
        assert.doesNotMatch(selector.text, /[^ -~]/);
        const again = parseLabelSelector(selector.text);
        assert.equal(again?.text, selector.text);
        assert.equal(again?.matches(labels), selector.matches(labels));
      },
    ),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('no text takes 50 ms', (t) => {
  const long = 65_000;
  const texts = [
    ...[
      `a${' '.repeat(long)}(`,
      `a=${' '.repeat(long)}(`,
      `a in (${' '.repeat(long)}x`,
      `a in (b${' '.repeat(long)}c)`,
    ],
    ...[
      'a,'.repeat(long / 2),
      '!'.repeat(long),
      'a'.repeat(long),
      `a in (${'b,'.repeat(long / 2)})`,
      'a '.repeat(long / 2),
    ],
    ...[`${'a.'.repeat(long / 2)}/b`, '('.repeat(1_000_000), `a=${'b-'.repeat(long / 2)}`],
  ];
  for (const text of texts) {
    // Of this thread's time, the least of three: what else the machine does is not what is measured.
    const times = [1, 2, 3].map(() => {
      const before = process.threadCpuUsage();
      parseLabelSelector(text)?.matches({ a: 'b' });
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / 1_000;
    });
    t.ok(Math.min(...times) < 50, `${text.slice(0, 10)}: ${Math.min(...times).toFixed(1)} ms`);
  }
  t.end();
});
