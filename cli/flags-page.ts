/** `docs/reference/flags.md`: every option of every command, from the table they are parsed by. */
import { COMMANDS } from './commands.ts';
import { code, table } from './markdown.ts';
import type { Option, OptionTable } from './option.ts';
import { environmentName } from './parse-options.ts';

type Row = readonly [name: string, option: Option<unknown>];

const INTRODUCTION = `# Flags

<!-- Made by \`npm run docs\` from cli/commands.ts: change that, not this. -->

An option is given as \`--settle=5s\` or \`--settle 5s\`, or as the environment variable beside it; the command line wins.
Whatever is wrong is said at the start, all at once, and nothing is started.

- A _switch_ is on when it is given. It also takes a word: \`true\`, \`false\`, or another of Go's
  (\`1\`, \`t\`, \`T\`, \`TRUE\`, \`True\`, \`0\`, \`f\`, \`F\`, \`FALSE\`, \`False\`).
- A _list_ (\`A,B,…\`) is written with commas or given several times, or both.
- A _label selector_ is written as for \`kubectl get -l\`; Reloader's \`key:value\` and \`key:*\` are understood.
- A _duration_ is written like \`500ms\`, \`30s\`, \`5m\` or \`1h30m\`, and is at most a week.
- Words of a choice can be written in capitals. \`--log-level\` also knows Reloader's \`warning\`, \`fatal\` and \`panic\`.

What decides which workloads are managed, and for which sources, must be given to both commands alike.`;

const SPELLINGS = `## Reloader's spellings

A Deployment of Reloader keeps its \`args\`: \`restamp watcher\` takes every flag of Reloader 1.4, most of them under the same
name. These have another name here and are understood under both, though not both at once. \`--help\` does not show them,
and there are no environment variables for them.`;

const ACCEPTED = `## Accepted for Reloader's sake

These are understood so that nothing has to be taken away from a Deployment of Reloader. \`--help\` does not show them.`;

/** The page as it has to stand in the repository. */
export function flagsPage(): string {
  const commands = Object.entries(COMMANDS);
  const sections = [
    INTRODUCTION,
    ...commands.map(([name, { summary, options }]) => commandSection(name, summary, options)),
    `${SPELLINGS}\n\n${table(["Reloader's flag", "restamp's", 'commands'], commandRows(aliasRows))}`,
    `${ACCEPTED}\n\n${table(['flag', 'default', 'meaning', 'commands'], commandRows(acceptedRows))}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function commandSection(name: string, summary: string, options: OptionTable): string {
  const rows = Object.entries(options)
    .filter(([, { hidden }]) => hidden !== true)
    .map((row) => [code(spelled(row)), code(row[1].shown), code(environmentName(row[0])), meaning(row[1].help)]);
  return `## restamp ${name}\n\n${capital(summary)}.\n\n${table(['flag', 'default', 'environment', 'meaning'], rows)}`;
}

function spelled([name, { placeholder }]: Row): string {
  return `--${name}${placeholder === '' ? '' : `=${placeholder}`}`;
}

function aliasRows([name, { aliases = [] }]: Row): readonly (readonly string[])[] {
  return aliases.map((alias) => [code(`--${alias}`), code(`--${name}`)]);
}

function acceptedRows([name, option]: Row): readonly (readonly string[])[] {
  return option.hidden === true ? [[code(spelled([name, option])), code(option.shown), meaning(option.help)]] : [];
}

/** The rows of all commands, each once, with the commands that it is a row of. */
function commandRows(rowsOf: (row: Row) => readonly (readonly string[])[]): readonly (readonly string[])[] {
  const found = new Map<string, { readonly cells: readonly string[]; readonly commands: readonly string[] }>();
  for (const [command, { options }] of Object.entries<{ options: OptionTable }>(COMMANDS)) {
    for (const cells of Object.entries(options).flatMap(rowsOf)) {
      const key = cells.join(' ');
      found.set(key, { cells, commands: [...(found.get(key)?.commands ?? []), command] });
    }
  }
  return [...found.values()].map(({ cells, commands }) => [...cells, commands.join(', ')]);
}

function meaning(help: string): string {
  return help.replaceAll('|', '\\|');
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
