import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import t from 'tap';
import { BUGS } from './bugs.ts';
import { LIMITS } from './promises.ts';

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly errors: string;
}

function exploreCommand(...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['test/explore/main.ts', ...args], {
    encoding: 'utf8',
  });
  return { code: status, lines: stdout.trimEnd().split('\n'), errors: stderr };
}

t.test('the command ends with 0 and one line of JSON where no promise is broken', (t) => {
  const { code, lines } = exploreCommand('--states', '5000');
  t.equal(code, 0);
  t.equal(lines.length, 1);
  t.match(JSON.parse(lines[0] ?? ''), { states: /^\d{4,}$/, depth: Number, disturbances: Number, violations: 0 });
  t.end();
});

t.test('the command ends with 1 and the history where one is', (t) => {
  const { code, lines } = exploreCommand('--bug', 'keep-forgets');
  t.equal(code, 1);
  t.match(lines[0], /At the start/);
  t.match(lines[1], /is deleted\.$/);
  t.match(lines.at(-2), /=> Never/);
  t.match(JSON.parse(lines.at(-1) ?? ''), { violations: 1 });
  t.end();
});

t.test('the command stops when its time is over', (t) => {
  const { code, lines } = exploreCommand('--seconds', '1');
  t.equal(code, 0);
  t.match(JSON.parse(lines.at(-1) ?? ''), { violations: 0 });
  t.end();
});

for (const [args, fault] of [
  [['--bug', 'none'], /--bug must be one of record-after-patch/],
  [['--states', '0'], /--states must be a whole number above 0/],
  [['--seconds', 'x'], /--seconds must be a number above 0/],
  [['--strict', 'all'], /--strict must be one of second/],
  [['--no-such'], /Unknown option/],
] as const) {
  t.test(`the command says what is wrong with ${args.join(' ')}`, (t) => {
    const { code, errors } = exploreCommand(...args);
    t.equal(code, 2);
    t.match(errors, fault);
    t.end();
  });
}

t.test('the help names every option and bug', (t) => {
  const { code, lines } = exploreCommand('--help');
  t.equal(code, 0);
  t.match(lines.join('\n'), /--states[\s\S]*--seconds[\s\S]*queue-forgets[\s\S]*--strict[\s\S]*--reliable/);
  t.end();
});

t.test('its section of docs/reliability.md names every bug and every limit, and no other', async (t) => {
  const page = await readFile('docs/reliability.md', 'utf8');
  const section = page.split(/^## /m).find((part) => part.startsWith('Explored')) ?? '';
  const rows = [...section.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, name]) => name);
  t.strictSame(rows.sort(), [...Object.keys(BUGS), ...LIMITS].sort());
});
