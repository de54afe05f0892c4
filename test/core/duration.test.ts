import fc from 'fast-check';
import t from 'tap';
import { formatDuration, parseDuration } from '../../core/duration.ts';

const WEEK_MS = 7 * 24 * 3_600_000;

t.test('durations are read as Go writes them', (t) => {
  const rows: readonly [string, number][] = [
    ['0s', 0],
    ['1ms', 1],
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['2m0.5s', 120_500],
    ['168h', WEEK_MS],
  ];
  for (const [text, ms] of rows) t.equal(parseDuration(text), ms, text);
  t.end();
});

t.test('what is no duration, or longer than a week, is nothing', (t) => {
  const wrong = [
    '',
    '5',
    's',
    '5 s',
    ' 5s',
    '5s ',
    '5S',
    '-5s',
    '+5s',
    '.5s',
    '1.s',
    '5d',
    '5s3',
    '1e3s',
    '169h',
    '9'.repeat(400),
  ];
  for (const text of wrong) t.equal(parseDuration(text), undefined, text.slice(0, 20));
  t.end();
});

t.test('a duration is read as it was written', (t) => {
  fc.assert(fc.property(fc.integer({ min: 0, max: WEEK_MS }), (ms) => parseDuration(formatDuration(ms)) === ms));
  t.equal(formatDuration(90_000), '1m30s');
  t.equal(formatDuration(0), '0s');
  t.equal(formatDuration(3_600_001), '1h1ms');
  t.end();
});
