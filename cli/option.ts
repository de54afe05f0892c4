/** Options of the commands: declared once as a table, from which parsing, `--help` and the documents follow. */
import { parseGoBoolean } from '../core/boolean.ts';
import { formatDuration, parseDuration } from '../core/duration.ts';
import { type LabelSelector, parseLabelSelector } from '../core/label-selector.ts';
import { isNamespaceName } from '../core/object-name.ts';

export interface Option<T> {
  /** `PORT` in `--port=PORT`; a switch has none. */
  readonly placeholder: string;
  /** Completes the sentence "it must be …". */
  readonly form: string;
  /** `undefined` for a text that is not of the form. */
  readonly parse: (text: string) => T | undefined;
  /** The part of a text that is not of the form; without it the whole text is blamed. */
  readonly wrongPart?: (text: string) => string;
  readonly fallback: T;
  /** The fallback as a user would write it; empty where there is nothing to show. */
  readonly shown: string;
  readonly help: string;
  /** Given several times, the texts count as one, joined by commas; of any other option the last one counts. */
  readonly repeatable?: boolean;
  /** The text can hold a password or token: no fault quotes it. */
  readonly confidential?: boolean;
  /** Further spellings on the command line; `--help` does not show them. */
  readonly aliases?: readonly string[];
  /** Understood, but not shown by `--help`. */
  readonly hidden?: boolean;
  /** Said to whoever gives the option another value than its fallback. */
  readonly notice?: string;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;

const PORT = /^\d{1,5}$/;
const HOST = /^[A-Za-z0-9.:-]+$/;

/**
 * A name of at most 63 characters, after a DNS name of at most 253 and a slash or without. The API server checks the
 * keys of annotations in lower case (apimachinery's ValidateAnnotations), so either part may have capitals.
 */
const ANNOTATION_KEY =
  /^((?=[^/]{1,253}\/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[a-z0-9]([-a-z0-9_.]{0,61}[a-z0-9])?$/i;

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

/** One of several words, in capitals or not; `synonyms` are other words for some of them. */
export function choice<const T extends string>(
  choices: readonly T[],
  fallback: T,
  help: string,
  synonyms: Readonly<Record<string, T>> = {},
): Option<T> {
  const words = new Map([...choices.map((known) => [known, known] as const), ...Object.entries(synonyms)]);
  return {
    placeholder: choices.join('|'),
    form: `one of ${choices.join(', ')}`,
    parse: (value) => words.get(value.toLowerCase()),
    fallback,
    shown: fallback,
    help,
  };
}

export function namespace(fallback: string, help: string): Option<string> {
  return {
    placeholder: 'NAMESPACE',
    form: 'the name of a namespace',
    parse: (value) => (isNamespaceName(value) ? value : undefined),
    fallback,
    shown: fallback,
    help,
  };
}

/** The key of an annotation. */
export function annotationKey(fallback: string, help: string): Option<string> {
  return {
    placeholder: 'KEY',
    form: 'the key of an annotation, like example.com/name',
    parse: (value) => (ANNOTATION_KEY.test(value) ? value : undefined),
    fallback,
    shown: fallback,
    help,
  };
}

/** An address on the web that may be left out. It is not quoted: such addresses often hold a token. */
export function optionalUrl(help: string): Option<string | undefined> {
  return {
    placeholder: 'URL',
    form: 'a URL that begins with http:// or https://',
    parse: (value) => (/^https?:\/\//i.test(value) && URL.canParse(value) ? value : undefined),
    fallback: undefined,
    shown: '',
    help,
    confidential: true,
  };
}

export function namespaces(help: string): Option<readonly string[]> {
  return list('A,B,…', (item) => (isNamespaceName(item) ? item : undefined), 'names of namespaces like a,b,c', help);
}

export function hosts(help: string): Option<readonly string[]> {
  return list('A,B,…', (item) => match(HOST, item), 'host names or addresses like a.example,10.0.0.1', help);
}

function match(form: RegExp, item: string): string | undefined {
  return form.test(item) ? item : undefined;
}

/** Any of several words, in capitals or not, each counted once. */
export function choices<T extends string>(known: readonly T[], help: string): Option<readonly T[]> {
  const parse = (item: string): T | undefined => known.find((word) => word === item.toLowerCase());
  const option = list(known.join(','), parse, known.join(' or '), help);
  return {
    ...option,
    form: `${known.join(', ')} or both`,
    parse: (text) => {
      const items = option.parse(text);
      return items === undefined ? undefined : [...new Set(items)];
    },
  };
}

/** A list of at most one of several words: what would leave nothing over is refused. */
export function onlyOne<T extends string>(known: readonly T[], help: string): Option<readonly T[]> {
  const option = choices(known, help);
  return {
    ...option,
    placeholder: known.join('|'),
    form: `${known.join(' or ')}, not both`,
    parse: (text) => {
      const items = option.parse(text);
      return items === undefined || items.length > 1 ? undefined : items;
    },
  };
}

/** A comma list; the empty text is the empty list, and empty places are passed over. */
export function list<T>(
  placeholder: string,
  parseItem: (item: string) => T | undefined,
  form: string,
  help: string,
): Option<readonly T[]> {
  const items = (text: string): readonly string[] => text.split(',').flatMap((part) => part.trim() || []);
  return {
    placeholder,
    form,
    parse: (text) => {
      const parsed = items(text).map(parseItem);
      return parsed.every((item) => item !== undefined) ? parsed : undefined;
    },
    wrongPart: (text) => items(text).find((item) => parseItem(item) === undefined) ?? text,
    fallback: [],
    shown: '',
    help,
    repeatable: true,
  };
}

/** A switch: given or not, or with one of Go's words for true and false. */
export function flag(help: string, fallback = false): Option<boolean> {
  return {
    placeholder: '',
    form: 'true or false',
    parse: parseGoBoolean,
    fallback,
    shown: fallback ? 'true' : '',
    help,
  };
}

/** Labels that something must have; without any, everything has them. */
export function labelSelector(help: string): Option<LabelSelector | undefined> {
  return {
    placeholder: 'SELECTOR',
    form: 'a label selector like app=web,tier!=test',
    parse: parseLabelSelector,
    fallback: undefined,
    shown: '',
    help,
    repeatable: true,
  };
}

/** The option under further names. */
export function alsoCalled<T>(option: Option<T>, ...aliases: readonly string[]): Option<T> {
  return { ...option, aliases };
}

/** The option, not shown by `--help`. */
export function hidden<T>(option: Option<T>): Option<T> {
  return { ...option, hidden: true };
}
