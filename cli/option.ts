/** Options of the commands: declared once as a table, from which parsing, `--help` and the documents follow. */
import { formatDuration, parseDuration } from '../core/duration.ts';

export interface Option<T> {
  /** `PORT` in `--port=PORT`; a switch has none. */
  readonly placeholder: string;
  /** Completes the sentence "it must be …". */
  readonly form: string;
  /** `undefined` for a text that is not of the form. */
  readonly parse: (text: string) => T | undefined;
  readonly fallback: T;
  /** The fallback as a user would write it; empty where there is nothing to show. */
  readonly shown: string;
  readonly help: string;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;

const PORT = /^\d{1,5}$/;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const HOST = /^[A-Za-z0-9.:-]+$/;

export function text(fallback: string, placeholder: string, help: string): Option<string> {
  return {
    placeholder,
    form: 'a text that is not empty',
    parse: (value) => value || undefined,
    fallback,
    shown: fallback,
    help,
  };
}

/** A text that may be left out. */
export function optionalText(placeholder: string, help: string): Option<string | undefined> {
  const parse = (value: string): string | undefined => value || undefined;
  return { placeholder, form: 'a text that is not empty', parse, fallback: undefined, shown: '', help };
}

export function port(fallback: number, help: string): Option<number> {
  return {
    placeholder: 'PORT',
    form: 'a port from 0 (any free one) to 65535',
    parse: (value) => (PORT.test(value) && Number(value) <= 65_535 ? Number(value) : undefined),
    fallback,
    shown: String(fallback),
    help,
  };
}

export function count(fallback: number, help: string): Option<number> {
  return {
    placeholder: 'N',
    form: 'a whole number from 1 to 9999',
    parse: (value) => (/^[1-9]\d{0,3}$/.test(value) ? Number(value) : undefined),
    fallback,
    shown: String(fallback),
    help,
  };
}

/** Milliseconds, written as a duration. */
export function duration(fallback: number, help: string): Option<number> {
  return {
    placeholder: 'DURATION',
    form: 'a duration like 500ms, 30s or 5m, of at most a week',
    parse: parseDuration,
    fallback,
    shown: formatDuration(fallback),
    help,
  };
}

export function choice<T extends string>(choices: readonly T[], fallback: T, help: string): Option<T> {
  return {
    placeholder: choices.join('|'),
    form: `one of ${choices.join(', ')}`,
    parse: (value) => choices.find((known) => known === value),
    fallback,
    shown: fallback,
    help,
  };
}

export function namespace(fallback: string, help: string): Option<string> {
  return {
    placeholder: 'NAMESPACE',
    form: 'the name of a namespace',
    parse: (value) => (NAMESPACE.test(value) ? value : undefined),
    fallback,
    shown: fallback,
    help,
  };
}

export function namespaces(help: string): Option<readonly string[]> {
  return list(NAMESPACE, 'names of namespaces like a,b,c', help);
}

export function hosts(help: string): Option<readonly string[]> {
  return list(HOST, 'host names or addresses like a.example,10.0.0.1', help);
}

/** A comma list; the empty text is the empty list. */
function list(item: RegExp, form: string, help: string): Option<readonly string[]> {
  const parse = (value: string): readonly string[] | undefined => {
    const items = value.split(',').flatMap((part) => part.trim() || []);
    return items.every((part) => item.test(part)) ? items : undefined;
  };
  return { placeholder: 'A,B,…', form, parse, fallback: [], shown: '', help };
}

/** A switch: given or not, or `=true`, `=false`. */
export function flag(help: string): Option<boolean> {
  const words = new Map([
    ['true', true],
    ['false', false],
  ]);
  return {
    placeholder: '',
    form: 'true or false',
    parse: (value) => words.get(value),
    fallback: false,
    shown: '',
    help,
  };
}
