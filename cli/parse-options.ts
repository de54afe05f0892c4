/** From arguments and environment to values, by a table of options. */
import { parseArgs } from 'node:util';
import { nearest } from './nearest.ts';
import type { Option, OptionTable } from './option.ts';

/** What a table's options come to; frozen. */
export type Values<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer T> ? T : never;
};

export type Parsed<Table extends OptionTable> =
  | { readonly ok: true; readonly values: Values<Table> }
  /** One sentence per fault: what was given, and the right form. */
  | { readonly ok: false; readonly faults: readonly string[] };

/** The text given for an option, and how its giver calls it. */
interface Given {
  readonly text: string;
  readonly as: string;
}

/** `--ops-port` can also be given as `RESTAMP_OPS_PORT`; the command line wins. */
export function environmentName(option: string): string {
  return `RESTAMP_${option.replaceAll('-', '_').toUpperCase()}`;
}

/** Reads arguments and environment by a table. All faults are found at once. */
export function parseOptions<Table extends OptionTable>(
  table: Table,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Parsed<Table> {
  const { given, faults } = fromArguments(table, argv);
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    const source = given.get(name) ?? fromEnvironment(name, environment);
    values[name] = source === undefined ? option.fallback : option.parse(source.text);
    if (source !== undefined && values[name] === undefined) {
      faults.push(`${source.as} is "${source.text}"; it must be ${option.form}`);
    }
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, values: Object.freeze(values) as Values<Table> };
}

function fromEnvironment(name: string, environment: Readonly<Record<string, string | undefined>>): Given | undefined {
  const inherited = environment[environmentName(name)];
  return inherited === undefined ? undefined : { text: inherited, as: environmentName(name) };
}

function fromArguments(
  table: OptionTable,
  argv: readonly string[],
): { given: ReadonlyMap<string, Given>; faults: string[] } {
  const given = new Map<string, Given>();
  const unknown = new Set<string>();
  for (const token of tokens(table, argv)) {
    const option = token.kind === 'option' ? optionOf(table, token.name) : undefined;
    if (token.kind === 'option' && option !== undefined) {
      given.set(token.name, { text: token.value ?? impliedText(option), as: `--${token.name}` });
    } else if (token.kind !== 'option-terminator') {
      unknown.add(asGiven(token, argv));
    }
  }
  return { given, faults: [...unknown].map((argument) => unknownArgument(table, argument)) };
}

/** There are no short options: `-all` is read as `-a -l -l`, and is one slip, not three. */
function asGiven(token: Exclude<Token, { kind: 'option-terminator' }>, argv: readonly string[]): string {
  if (token.kind === 'positional') return token.value;
  return token.rawName.startsWith('--') ? token.rawName : (argv[token.index] ?? token.rawName);
}

/** The table's own option of that name: `--constructor` is none, though every object answers to it. */
function optionOf(table: OptionTable, name: string): Option<unknown> | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** A switch without a value is on; any other option without one has an empty text, which none of them accepts. */
function impliedText(option: Option<unknown>): string {
  return option.placeholder === '' ? 'true' : '';
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];

function tokens(table: OptionTable, argv: readonly string[]): readonly Token[] {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { placeholder }]) => [
      name,
      { type: placeholder === '' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  return parseArgs({ args: [...argv], options, strict: false, tokens: true }).tokens ?? [];
}

function unknownArgument(table: OptionTable, argument: string): string {
  const near = nearest(argument.replace(/^-+/, '').replace(/=.*$/s, ''), Object.keys(table));
  return `${argument} is not known; ${near === undefined ? 'see --help' : `did you mean --${near}?`}`;
}

/** The options as `--help` shows them. */
export function describeOptions(table: OptionTable): string {
  const rows = Object.entries(table).map(([name, { placeholder, shown, help }]) => ({
    left: `--${name}${placeholder === '' ? '' : `=${placeholder}`}`,
    right: `${help}${shown === '' ? '' : ` (${shown})`}`,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  return rows.map(({ left, right }) => `  ${left.padEnd(width)}${right}`).join('\n');
}
