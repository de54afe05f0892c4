import { readFile } from 'node:fs/promises';
import t from 'tap';
import { COMMANDS } from '../../cli/commands.ts';
import { code, table } from '../../cli/markdown.ts';
import type { OptionTable } from '../../cli/option.ts';
import { environmentName } from '../../cli/parse-options.ts';
import { locationOf, PAGES } from '../../cli/reference.ts';

const COMMAND_TABLES = Object.entries<{ options: OptionTable }>(COMMANDS);

for (const page of PAGES) {
  t.test(`${page.path} is what "npm run docs" makes of the code`, async (t) => {
    t.equal(await readFile(locationOf(page), 'utf8'), page.render());
    t.equal(page.render(), page.render(), 'the same code gives the same text');
  });
}

/** The tables of a page by their headings, each row as its cells. */
async function tablesOf(path: string): Promise<ReadonlyMap<string, readonly (readonly string[])[]>> {
  const [, ...sections] = (await readFile(locationOf({ path }), 'utf8')).split(/^## /m);
  return new Map(
    sections.map((section) => {
      const rows = section.split('\n').filter((line) => line.startsWith('|'));
      const cells = rows.slice(2).map((row) => row.split(/(?<!\\)\|/).slice(1, -1));
      return [section.split('\n')[0] ?? '', cells.map((row) => row.map((cell) => cell.trim()))];
    }),
  );
}

t.test('the page has every visible option of a command once, with default, variable and meaning', async (t) => {
  const tables = await tablesOf('docs/reference/flags.md');
  for (const [command, { options }] of COMMAND_TABLES) {
    t.strictSame(
      tables.get(`restamp ${command}`),
      Object.entries(options)
        .filter(([, { hidden }]) => hidden !== true)
        .map(([name, { placeholder, shown, help }]) => [
          code(`--${name}${placeholder === '' ? '' : `=${placeholder}`}`),
          code(shown),
          code(environmentName(name)),
          help,
        ]),
    );
  }
});

t.test("the page has every alias once, with the option's own name and the commands that know it", async (t) => {
  const rows = (await tablesOf('docs/reference/flags.md')).get("Reloader's spellings") ?? [];
  const expected = new Map<string, string[]>();
  for (const [command, { options }] of COMMAND_TABLES) {
    for (const [name, { aliases = [] }] of Object.entries(options)) {
      for (const alias of aliases) {
        const key = `\`--${alias}\` \`--${name}\``;
        expected.set(key, [...(expected.get(key) ?? []), command]);
      }
    }
  }
  t.ok(expected.size > 0);
  t.strictSame(
    new Map(rows.map(([alias, name, commands]) => [`${alias} ${name}`, (commands ?? '').split(', ')])),
    expected,
  );
});

t.test('the page has every hidden option, with a word on why it is accepted', async (t) => {
  const rows = (await tablesOf('docs/reference/flags.md')).get("Accepted for Reloader's sake") ?? [];
  const hidden = COMMAND_TABLES.flatMap(([, { options }]) =>
    Object.entries(options).flatMap(([name, option]) => (option.hidden === true ? [name] : [])),
  );
  const listed = rows.map(([flag = '']) => flag.match(/^`--([^=`]+)/)?.[1] ?? flag);
  t.strictSame(listed.toSorted(), [...new Set(hidden)].toSorted());
  for (const [flag = '', , meaning, commands] of rows) t.ok(meaning !== '' && commands !== '', flag);
});

t.test('no help text ends a row or a cell of a table before its time', (t) => {
  for (const [, { options }] of COMMAND_TABLES) {
    for (const [name, { help }] of Object.entries(options)) t.notMatch(help, /[\n|]/, name);
  }
  t.end();
});

t.test('a table is aligned, and a bar within code does not split a cell', (t) => {
  const lines = [
    '| flag       | meaning      |',
    '| ---------- | ------------ |',
    '| `--a=x\\|y` | one          |',
    '|            | two or three |',
  ];
  const rows = [
    [code('--a=x|y'), 'one'],
    [code(''), 'two or three'],
  ];
  t.equal(table(['flag', 'meaning'], rows), lines.join('\n'));
  t.end();
});
