/** `docs/reference/decisions.md` and the catalogue in `core/reason.ts` say the same. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { REASONS } from '../../core/reason.ts';
import { DECISION_CASES } from './decision-cases.ts';
import { DECISION_STORIES } from './decision-stories.ts';

const PAGE = readFileSync(new URL('../../docs/reference/decisions.md', import.meta.url), 'utf8');

/** A row of the page: the heading it stands under, and its two cells. */
interface Row {
  readonly heading: string;
  readonly reason: string;
  readonly meaning: string;
}

function rowsOf(page: string): readonly Row[] {
  return page.split(/^##+ /m).flatMap((section) => {
    const heading = section.split('\n', 1)[0] ?? '';
    return [...section.matchAll(/^\| `([^`]+)` +\| (.+?) +\|$/gm)].map(([, reason = '', meaning = '']) => ({
      heading,
      reason,
      meaning,
    }));
  });
}

const ROWS = rowsOf(PAGE);

t.test('the page lists every reason, with the meaning that the catalogue gives', (t) => {
  for (const [reason, meaning] of Object.entries(REASONS)) {
    const meanings = new Set(ROWS.filter((row) => row.reason === reason).map((row) => row.meaning));
    t.strictSame([...meanings], [meaning], reason);
  }
  t.end();
});

t.test('the page lists no reason that is not in the catalogue', (t) => {
  t.strictSame(
    ROWS.map(({ reason }) => reason).filter((reason) => !Object.hasOwn(REASONS, reason)),
    [],
  );
  t.end();
});

t.test('the page lists no reason twice under one outcome, and has no row of another form', (t) => {
  const rows = ROWS.map(({ heading, reason }) => `${heading} ${reason}`);
  t.equal(new Set(rows).size, rows.length);
  const lines = PAGE.split('\n').filter((line) => line.startsWith('|') && !/^\| (reason +|-+) \| /.test(line));
  t.equal(lines.length, rows.length);
  t.end();
});

t.test('every decision of the tables stands on the page under its outcome', (t) => {
  const known = new Set(ROWS.map(({ heading, reason }) => `${heading} ${reason}`));
  const expected = [...DECISION_CASES, ...DECISION_STORIES.flatMap(({ steps }) => steps)].map(
    ({ expected }) => expected,
  );
  const missing = expected.map(({ outcome, reason }) => `${outcome} ${reason}`).filter((pair) => !known.has(pair));
  t.strictSame([...new Set(missing)], []);
  t.end();
});

/** What the watcher makes of a decision where a kind, a setting or something left behind asks for it. */
const BESIDE_THE_TABLES = [
  'none job-finished',
  'accept cronjob-suspended',
  'hold min-interval',
  'hold job-active',
  'report job-immutable',
  'resume pause-over',
  'release left-by-wave',
];

t.test('what kinds and settings make of a decision stands on the page under its outcome', (t) => {
  const known = new Set(ROWS.map(({ heading, reason }) => `${heading} ${reason}`));
  t.strictSame(
    BESIDE_THE_TABLES.filter((pair) => !known.has(pair)),
    [],
  );
  t.end();
});

t.test('a reason is written like a word of a metric, and its meaning is a sentence', (t) => {
  for (const [reason, meaning] of Object.entries(REASONS)) {
    t.match(reason, /^[a-z]+(-[a-z]+)*$/);
    t.match(meaning, /^[A-Z].*\.$/);
    t.ok(meaning.length < 120, reason);
  }
  t.end();
});
