/** From arguments and environment to values, by a table of options. */
import { parseArgs } from 'node:util';
import { nearest } from '../core/nearest.ts';
import type { Option, OptionTable } from './option.ts';

/** What a table's options come to; frozen. */
export type Values<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer T> ? T : never;
};

export type Parsed<Table extends OptionTable> =
  | {
      readonly ok: true;
      readonly values: Values<Table>;
      /** What the giver may want to know, though nothing is wrong: one sentence each. */
      readonly notices: readonly string[];
    }
  /** One sentence per fault: what was given, and the right form. */
  | { readonly ok: false; readonly faults: readonly string[] };

/** The text given for an option, and how its giver calls it. */
interface Given {
  /** `undefined` where an option that needs a text stands without one. */
  readonly text: string | undefined;
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
  const notices: string[] = [];
  for (const [name, option] of Object.entries(table)) {
    const source = given.get(name) ?? fromEnvironment(name, environment);
    values[name] = source === undefined ? option.fallback : parsedText(option, source);
    if (source === undefined) continue;
    if (values[name] === undefined) faults.push(wrongText(option, source));
    else if (option.notice !== undefined && values[name] !== option.fallback) {
      notices.push(`${source.as}: ${option.notice}`);
    }
  }
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, values: Object.freeze(values) as Values<Table>, notices };
}

function parsedText({ parse }: Option<unknown>, { text }: Given): unknown {
  return text === undefined ? undefined : parse(text);
}

function wrongText({ form, confidential, wrongPart }: Option<unknown>, { text, as }: Given): string {
  if (text === undefined) return `${as} has no value; it must be ${form}`;
  if (confidential === true) return `${as} must be ${form}`;
  const part = wrongPart?.(text) ?? text;
  return `${as} ${part === text ? 'is' : 'contains'} "${part}"; it must be ${form}`;
}

function fromEnvironment(name: string, environment: Readonly<Record<string, string | undefined>>): Given | undefined {
  const inherited = environment[environmentName(name)];
  return inherited === undefined ? undefined : { text: inherited, as: environmentName(name) };
}

interface Arguments {
  /** By the option's own name, whatever it was called. */
  readonly given: ReadonlyMap<string, Given>;
  readonly faults: string[];
}

function fromArguments(table: OptionTable, argv: readonly string[]): Arguments {
  const names = spellings(table);
  const given = new Map<string, readonly Given[]>();
  const unknown = new Set<string>();
  const optionOf = (spelling: string): Option<unknown> | undefined => table[names.get(spelling) ?? ''];
  for (const token of tokens([...names.keys()], optionOf, argv)) {
    const name = token.kind === 'option' ? names.get(token.name) : undefined;
    if (token.kind === 'option' && name !== undefined) {
      const text = token.value ?? impliedText(table[name]);
      given.set(name, [...(given.get(name) ?? []), { text, as: `--${token.name}` }]);
    } else if (token.kind !== 'option-terminator') {
      unknown.add(asGiven(token, argv));
    }
  }
  return {
    given: new Map([...given].flatMap(([name, all]) => [[name, combined(table[name], all)] as const])),
    faults: [
      ...[...unknown].map((argument) => unknownArgument([...names.keys()], argument)),
      ...[...given.values()].flatMap(calledTwoWays),
    ],
  };
}

/** From each spelling to the option's own name. A map: `--constructor` is none, though every object answers to it. */
function spellings(table: OptionTable): ReadonlyMap<string, string> {
  const options = Object.entries(table);
  return new Map([
    ...options.map(([name]) => [name, name] as const),
    ...options.flatMap(([name, { aliases = [] }]) => aliases.map((alias) => [alias, name] as const)),
  ]);
}

/** Of texts given for one option the last counts, unless it is a list. */
function combined(option: Option<unknown> | undefined, all: readonly Given[]): Given {
  const last = all.at(-1) ?? { text: undefined, as: '' };
  if (option?.repeatable !== true) return last;
  const bare = all.find(({ text }) => text === undefined);
  return bare ?? { text: all.flatMap(({ text }) => text || []).join(','), as: last.as };
}

/** Which of two names should count, where an option is given under both, is nothing to guess at. */
function calledTwoWays(all: readonly Given[]): string[] {
  const names = [...new Set(all.map(({ as }) => as))];
  return names.length > 1 ? [`${names.join(' and ')} are one option; give it under one name`] : [];
}

/** There are no short options: `-all` is read as `-a -l -l`, and is one slip, not three. */
function asGiven(token: Exclude<Token, { kind: 'option-terminator' }>, argv: readonly string[]): string {
  if (token.kind === 'positional') return token.value;
  return token.rawName.startsWith('--') ? token.rawName : (argv[token.index] ?? token.rawName);
}

/** A switch without a value is on; any other option needs one. */
function impliedText(option: Option<unknown> | undefined): string | undefined {
  return option?.placeholder === '' ? 'true' : undefined;
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];
type OptionOf = (spelling: string) => Option<unknown> | undefined;

function tokens(names: readonly string[], optionOf: OptionOf, argv: readonly string[]): readonly Token[] {
  const options = Object.fromEntries(
    names.map((name) => [
      name,
      { type: optionOf(name)?.placeholder === '' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const read = parseArgs({ args: [...argv], options, strict: false, tokens: true }).tokens ?? [];
  return withWords(read, optionOf);
}

/** A switch can have its word after a space too, as those of Reloader's that are texts. */
function withWords(read: readonly Token[], optionOf: OptionOf): readonly Token[] {
  const joined: Token[] = [];
  for (const token of read) {
    const before = joined.at(-1);
    if (
      before?.kind === 'option' &&
      token.kind === 'positional' &&
      isWordOf(before, optionOf(before.name), token.value)
    ) {
      joined.splice(-1, 1, { ...before, value: token.value, inlineValue: false });
    } else {
      joined.push(token);
    }
  }
  return joined;
}

function isWordOf(before: Token & { kind: 'option' }, option: Option<unknown> | undefined, word: string): boolean {
  return before.value === undefined && option?.placeholder === '' && option.parse(word) !== undefined;
}

function unknownArgument(names: readonly string[], argument: string): string {
  const near = nearest(argument.replace(/^-+/, '').replace(/=.*$/s, ''), names);
  return `${argument} is not known; ${near === undefined ? 'see --help' : `did you mean --${near}?`}`;
}

/** The options as `--help` shows them. */
export function describeOptions(table: OptionTable): string {
  const visible = Object.entries(table).filter(([, option]) => option.hidden !== true);
  const rows = visible.map(([name, { placeholder, shown, help }]) => ({
    left: `--${name}${placeholder === '' ? '' : `=${placeholder}`}`,
    right: `${help}${shown === '' ? '' : ` (${shown})`}`,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  return rows.map(({ left, right }) => `  ${left.padEnd(width)}${right}`).join('\n');
}
