/** Label selectors as text: Kubernetes' own (`a=b,c!=d,e in (x,y),!f`), and Reloader's older `key:value` and `key:*`. */
import { LIST_LENGTH } from './list.ts';
import { isObjectName } from './object-name.ts';

export interface LabelSelector {
  /** As the API server takes it. */
  readonly text: string;
  readonly matches: (labels: Readonly<Record<string, string>>) => boolean;
}

/** What a selector asks of one label. */
interface Requirement {
  readonly key: string;
  readonly text: string;
  /** The value is `undefined` where the object has no such label. */
  readonly matches: (value: string | undefined) => boolean;
}

/** One requirement as it is written. What its parts are made of is looked at afterwards. */
const WRITTEN =
  /[ \t\r\n]*(?<not>![ \t\r\n]*)?(?<key>[^ \t\r\n=!(),<>:]+)(?:[ \t\r\n]+(?<set>in|notin)[ \t\r\n]*\((?<values>[^=!()<>:]*)\)|[ \t\r\n]*(?<operator>==|=|!=|:|<|>)(?:[ \t\r\n]*(?<value>[^ \t\r\n=!(),<>:]+))?)?[ \t\r\n]*(?<end>,|$)/y;

/** The parts of a label that are one word, and how long one may be. */
const WORD = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const WORD_LENGTH = 63;

/** What Kubernetes compares by `<` and `>`: integers of 64 bits. */
const LARGEST_INTEGER = 2n ** 63n - 1n;

type Written = Readonly<Record<string, string | undefined>>;

/**
 * Reads a selector; `undefined` for what is none. Nothing but blanks selects everything, as in Kubernetes.
 * Reloader's `key:value` is `key=value`, and `key:*` and `key=*` are `key`.
 */
export function parseLabelSelector(text: string): LabelSelector | undefined {
  if (text.length > LIST_LENGTH) return undefined;
  const requirements: Requirement[] = [];
  let [at, more] = [0, /[^ \t\r\n]/.test(text)];
  while (more) {
    WRITTEN.lastIndex = at;
    const { 0: whole = '', groups } = WRITTEN.exec(text) ?? {};
    const requirement = groups && read(groups);
    if (requirement === undefined) return undefined;
    requirements.push(requirement);
    at += whole.length;
    more = groups?.end === ',';
  }
  return {
    text: requirements.map((requirement) => requirement.text).join(),
    matches: (labels) =>
      requirements.every(({ key, matches }) => matches(Object.hasOwn(labels, key) ? labels[key] : undefined)),
  };
}

function read({ not, key = '', set, values = '', operator, value = '' }: Written): Requirement | undefined {
  if (!isKey(key)) return undefined;
  if (not !== undefined) return set === undefined && operator === undefined ? absent(key) : undefined;
  if (set !== undefined) return oneOf(key, set, values);
  return operator === undefined ? present(key) : compared(key, operator, value);
}

function compared(key: string, operator: string, value: string): Requirement | undefined {
  if (value === '*' && (operator === '=' || operator === ':')) return present(key);
  if (operator === '<' || operator === '>') return ordered(key, operator, value);
  return isValue(value) ? equal(key, operator === '!=' ? '!=' : '=', value) : undefined;
}

function present(key: string): Requirement {
  return { key, text: key, matches: (value) => value !== undefined };
}

function absent(key: string): Requirement {
  return { key, text: `!${key}`, matches: (value) => value === undefined };
}

function equal(key: string, operator: '=' | '!=', wanted: string): Requirement {
  return { key, text: `${key}${operator}${wanted}`, matches: (value) => (value === wanted) === (operator === '=') };
}

function oneOf(key: string, operator: string, text: string): Requirement | undefined {
  const values = new Set(text.split(',').map((value) => value.trim()));
  if (![...values].every(isValue)) return undefined;
  return {
    key,
    text: `${key} ${operator} (${[...values].toSorted().join()})`,
    matches: (value) => (value !== undefined && values.has(value)) === (operator === 'in'),
  };
}

function ordered(key: string, operator: '<' | '>', text: string): Requirement | undefined {
  const limit = integer(text);
  if (!isValue(text) || limit === undefined) return undefined;
  return {
    key,
    text: `${key}${operator}${text}`,
    matches: (value) => {
      const actual = integer(value ?? '');
      return actual !== undefined && (operator === '<' ? actual < limit : actual > limit);
    },
  };
}

/** As a label's value can hold one: it has no sign, and at most 63 digits. */
function integer(text: string): bigint | undefined {
  if (text.length > WORD_LENGTH || !/^\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= LARGEST_INTEGER ? value : undefined;
}

/** `name` or `prefix/name`, the prefix being a DNS subdomain. */
function isKey(text: string): boolean {
  const slash = text.indexOf('/');
  return isWord(text.slice(slash + 1)) && (slash === -1 || isObjectName(text.slice(0, slash)));
}

function isValue(text: string): boolean {
  return text === '' || isWord(text);
}

function isWord(text: string): boolean {
  return text.length <= WORD_LENGTH && WORD.test(text);
}
