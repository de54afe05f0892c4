import fc from 'fast-check';
import t from 'tap';
import { formatDuration, parseDuration } from '../../core/duration.ts';

const WEEK_MS = 7 * 24 * 3_600_000;

for (const [text, ms] of [
  ['0s', 0],
  ['500ms', 500],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1m5ms', 60_005],
  ['1.5s', 1_500],
  ['0.5h', 1_800_000],
  ['1s1s', 2_000],
  ['90m', 5_400_000],
  ['168h', WEEK_MS],
  ['0.4ms', 0],
] as const) {
  t.test(`${text} is ${ms} milliseconds`, (t) => {
    t.equal(parseDuration(text), ms);
    t.end();
  });
}

t.test('what is no duration, or longer than a week, is none', (t) => {
  const texts = [
    '',
    '5',
    's',
    '5 s',
    ' 5s',
    '5s ',
    '-5s',
    '+5s',
    '5S',
    '1d',
    '1.s',
    '.5s',
    '1..5s',
    '5s,',
    '1e3s',
    '5sm',
  ];
  for (const text of [...texts, '168h1ms', '9999999999s', '٥s', '5s\n']) t.equal(parseDuration(text), undefined, text);
  t.end();
});

for (const [ms, text] of [
  [0, '0s'],
  [1, '1ms'],
  [1_000, '1s'],
  [90_000, '1m30s'],
  [3_600_000, '1h'],
  [3_601_500, '1h1s500ms'],
] as const) {
  t.test(`${ms} milliseconds are written ${text}`, (t) => {
    t.equal(formatDuration(ms), text);
    t.end();
  });
}

t.test('a duration that is written is read as what it was', (t) => {
  fc.assert(fc.property(fc.integer({ min: 0, max: WEEK_MS }), (ms) => parseDuration(formatDuration(ms)) === ms));
  t.end();
});

t.test('a longer duration is never read as a shorter one', (t) => {
  const amount = fc.integer({ min: 0, max: 100 });
  fc.assert(
    fc.property(amount, amount, fc.constantFrom('ms', 's', 'm', 'h'), (a, b, unit) => {
      const [less = 0, more = 0] = [a, b].sort((x, y) => x - y).map((each) => parseDuration(`${each}${unit}`));
      return less <= more;
    }),
  );
  t.end();
});

t.test('any text is either none or a whole number of milliseconds within a week', (t) => {
  const likely = fc.string({ unit: fc.constantFrom('0', '1', '9', '.', 'm', 's', 'h', ' ', '-') });
  fc.assert(
    fc.property(fc.oneof(likely, fc.string()), (text) => {
      const ms = parseDuration(text);
      return ms === undefined || (Number.isInteger(ms) && ms >= 0 && ms <= WEEK_MS);
    }),
  );
  t.end();
});
