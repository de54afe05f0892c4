/** Whatever names and values annotations have, advice is short, printable, little, and given at once. */
import fc from 'fast-check';
import t from 'tap';
import { ADVICE_LIMIT, type Advice, adviceOf, adviceOfSource } from '../../core/advice.ts';
import { ANNOTATION_NAMES } from '../../core/annotation.ts';
import { stringMap } from '../../core/json.ts';
import { RELOADER } from '../../core/names.ts';
import { PHRASE_LENGTH } from '../../core/phrase.ts';
import { hostileKey } from './arbitrary.ts';

/** What the issue allows any input (issue 4, Bad input). */
const MOST_MS = 50;

/** The annotations of an object share 256 KiB; this is four times that. */
const MEBIBYTE = 1_048_576;

const repeated = (text: string): string => text.repeat(MEBIBYTE / text.length);

/** Values that a careless reader would take long for. */
const HOSTILE_VALUES: ReadonlyMap<string, string> = new Map([
  ['one letter', repeated('a')],
  ['blanks', repeated(' ')],
  ['commas', repeated(',')],
  ['names', repeated('name,')],
  ['10,000 names', Array.from({ length: 10_000 }, (_, index) => `name-${index}`).join()],
  ['names that are none', repeated('NAME,')],
  ['slashes', repeated('a/')],
  ['sources', repeated('configmap/a#k,')],
  ['globs', repeated('configmap/*a*,')],
  ['many globs in few', `configmap/${'*a'.repeat(120)},`.repeat(200)],
  ['units', repeated('1h')],
  ['digits', repeated('1')],
  ['digits and a letter', `${repeated('1h')}x`],
  ['brackets', repeated('(')],
  ['stars', repeated('*')],
  ['nested repetitions', '(((a+)+)+)+b,'.repeat(1_000)],
  ['counted repetitions', '((a{1,100}){1,100}){1,100},'.repeat(1_000)],
  ['2^n states', Array.from({ length: 20 }, (_, index) => `(a|b)*a(a|b){${20 + index}}`).join()],
  ['alternatives', `${Array.from({ length: 100 }, (_, index) => `a${index % 10}.*`).join('|')},`.repeat(200)],
  ['classes', `${'[a-z0-9.-]*'.repeat(20)},`.repeat(200)],
  ['lone surrogates', repeated('\ud800')],
  ['pairs of surrogates', repeated('\ud83d\ude00')],
  ['control characters', repeated('\u0000\n')],
  ['marks', repeated('\u0301')],
]);

const hostileText = fc.oneof(
  { arbitrary: fc.string({ unit: 'binary' }), weight: 3 },
  { arbitrary: fc.string({ unit: fc.constantFrom(...'a1-.,*+?()[]{}|\\^$/#: \n\ud800\udc00') }), weight: 3 },
  fc.constantFrom('', 'true', 'yes', 'enabled', '5s', 'restart', 'app', 'configmap/app', 'team/app', '__proto__'),
);

/** Names that are known, nearly known, or nothing like it. */
const anyName = fc.oneof(
  fc.constantFrom(...ANNOTATION_NAMES),
  fc.tuple(fc.constantFrom(...ANNOTATION_NAMES), fc.string({ maxLength: 3 })).map(([name, more]) => `${name}${more}`),
  fc
    .tuple(fc.constantFrom('restamp.dev/', 'a.restamp.dev/', 'reloader.stakater.com/', 'wave.pusher.com/'), hostileText)
    .map(([domain, text]) => `${domain}${text}`),
  hostileKey,
);

const someAnnotations = fc
  .array(fc.tuple(anyName, hostileText), { maxLength: 30 })
  .map((pairs) =>
    stringMap(JSON.parse(`{${pairs.map((pair) => pair.map((text) => JSON.stringify(text)).join(':'))}}`)),
  );

const workload = fc.record({
  kind: fc.oneof(fc.constantFrom('Deployment', 'StatefulSet', 'Rollout', 'widgets.example.com'), hostileText),
  annotations: someAnnotations,
  template: fc.record({ annotations: someAnnotations, spec: fc.constant({}) }),
});

const OPTIONS = { vocabulary: RELOADER };

/** What is wrong with advice, if anything is. */
function flaw(advice: readonly Advice[]): string | undefined {
  if (advice.length > ADVICE_LIMIT + 1) return 'too much of it';
  const texts = advice.map(({ text }) => text);
  const long = texts.find((text) => text.length === 0 || text.length > PHRASE_LENGTH);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  return long ?? texts.find((text) => /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text) || !text.isWellFormed());
}

t.test('advice is never long, never much, and always printable', (t) => {
  fc.assert(
    fc.property(workload, (workload) => {
      const found = flaw(adviceOf(workload, OPTIONS));
      if (found !== undefined) throw new Error(found);
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('advice on a source is never long, never much, and always printable', (t) => {
  fc.assert(
    fc.property(someAnnotations, hostileText, (annotations, name) => {
      const found = flaw(adviceOfSource({ kind: 'Secret', name, annotations }));
      if (found !== undefined) throw new Error(found);
    }),
    { numRuns: 1_000 },
  );
  t.end();
});

t.test('what can be denied does not depend on annotations of others, nor on how many there are', (t) => {
  const denied = (advice: readonly Advice[]): readonly Advice[] =>
    advice.filter(({ own, severity }) => own && severity === 'malformed');
  fc.assert(
    fc.property(workload, fc.dictionary(fc.string(), hostileText), (workload, others) => {
      const strangers = Object.fromEntries(Object.entries(others).map(([name, text]) => [`example.com/${name}`, text]));
      const among = { ...workload, annotations: stringMap({ ...strangers, ...workload.annotations }) };
      t.strictSame(denied(adviceOf(among, OPTIONS)), denied(adviceOf(workload, OPTIONS)));
    }),
    { numRuns: 300 },
  );
  t.end();
});

/** The best of a few runs: what else the machine does is no matter. */
function bestMs(run: () => unknown): number {
  const times = Array.from({ length: 4 }, () => {
    // This thread's own time: the machine may have other things to do.
    const before = process.threadCpuUsage();
    run();
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}

for (const [what, value] of HOSTILE_VALUES) {
  t.test(`a value of ${what} takes no name longer than ${MOST_MS} ms`, (t) => {
    const slowest = ANNOTATION_NAMES.map((name) => {
      const annotations = stringMap({
        [name]: value,
        'wave.pusher.com/update-on-config-change': 'true',
        [name]: value,
      });
      const workload = { kind: 'Deployment', annotations, template: { annotations, spec: {} } };
      t.equal(flaw(adviceOf(workload, OPTIONS)), undefined, name);
      return { name, ms: bestMs(() => adviceOf(workload, OPTIONS)) };
    }).reduce((a, b) => (a.ms > b.ms ? a : b));
    t.ok(slowest.ms < MOST_MS, `${slowest.name}: ${slowest.ms.toFixed(1)} ms`);
    t.end();
  });
}

t.test(`as many names as an object can have, or one as long, take no longer than ${MOST_MS} ms`, (t) => {
  const many = Array.from({ length: 20_000 }, (_, index) => [`restamp.dev/${index}`, ''] as const);
  const long = ['restamp.dev/', 'reloader.stakater.com/', 'wave.pusher.com/'].map((domain) => [
    `${domain}${repeated('x')}`,
    '',
  ]);
  for (const annotations of [many, long].map((pairs) => stringMap(Object.fromEntries(pairs)))) {
    const workload = { kind: repeated('K'), annotations, template: { annotations, spec: {} } };
    t.equal(flaw(adviceOf(workload, OPTIONS)), undefined);
    const ms = bestMs(() => adviceOf(workload, OPTIONS));
    t.ok(ms < MOST_MS, `${ms.toFixed(1)} ms`);
  }
  t.end();
});

t.test("names that every object would answer to are nobody's", (t) => {
  const workload = {
    kind: 'Deployment',
    annotations: stringMap(JSON.parse('{"__proto__": "x", "constructor": "x", "toString": "x"}')),
    template: { annotations: stringMap(JSON.parse('{"__proto__": {}, "hasOwnProperty": "x"}')), spec: {} },
  };
  t.strictSame(adviceOf(workload, OPTIONS), []);
  const vocabulary = { ...RELOADER, auto: 'constructor', ignore: '__proto__' };
  t.strictSame(adviceOf({ ...workload, annotations: {}, template: { annotations: {}, spec: {} } }, { vocabulary }), []);
  t.end();
});
