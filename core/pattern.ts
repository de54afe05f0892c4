/** The lists of sources that users write in annotations: names, patterns of names, and what goes with them. */
import { expressionCost, parseExpression } from './expression.ts';
import { GLOB_STARS, glob, isGlob } from './glob.ts';
import { type Parsed, parseList, quoted, type Read } from './list.ts';
import { isNamespaceName, isObjectName, NAME_LENGTH } from './object-name.ts';
import { type SourceKind, sourceKindOf } from './source.ts';

export { PATTERN_LENGTH } from './expression.ts';
export { LIST_ATOMS, LIST_ITEMS, LIST_LENGTH, LIST_PATTERNS, type Parsed } from './list.ts';

/** One item of a list: a name, or a pattern that matches names. */
export type NameMatcher =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'pattern'; readonly text: string; readonly matches: (name: string) => boolean };

/** Objects of one kind, or one key of them. */
export interface SourceItem {
  readonly kind: SourceKind;
  readonly matcher: NameMatcher;
  readonly key?: string;
}

/** An object, perhaps in another namespace. */
export interface NamespacedName {
  readonly namespace?: string;
  readonly name: string;
}

/** How people write kinds who think of kubectl, and what they mean. */
const OTHER_KINDS: ReadonlyMap<string, string> = new Map([
  ['cm', 'configmap/NAME'],
  ['configmaps', 'configmap/NAME'],
  ['secrets', 'secret/NAME'],
  ['spc', 'secretproviderclass/NAME'],
  ['secretproviderclasses', 'secretproviderclass/NAME'],
]);

/** Whether an item of a list means the object of this name. */
export function matchesName(matcher: NameMatcher, name: string): boolean {
  return matcher.type === 'name' ? matcher.name === name : matcher.matches(name);
}

/**
 * Reloader's lists: names, or regular expressions that match whole names. What can be a name is one, its dots included:
 * `app.conf` does not match `app-conf`, other than in Reloader.
 */
export function parseNameList(text: string): Parsed<NameMatcher> {
  return parseList(text, { cost: (item) => (isObjectName(item) ? 0 : expressionCost(item)), read: readName });
}

/** Reloader's lists of what to leave out: names only. */
export function parseLiteralNames(text: string): Parsed<string> {
  return parseList(text, {
    cost: () => 0,
    read: (item) =>
      isObjectName(item) ? { type: 'item', item } : wrong(item, 'no name of an object; only names count'),
  });
}

/** restamp's lists: `configmap/a, secret/b#key, configmap/app-*`. */
export function parseSourceList(text: string): Parsed<SourceItem> {
  return parseList(text, { cost: (item) => (item.includes('*') ? 1 : 0), read: readSource });
}

/** wave's lists: `name` or `namespace/name`. */
export function parseNamespacedNames(text: string): Parsed<NamespacedName> {
  return parseList(text, { cost: () => 0, read: readNamespacedName });
}

function readName(text: string): Read<NameMatcher> {
  if (isObjectName(text)) return { type: 'item', item: { type: 'name', name: text } };
  const expression = parseExpression(text);
  if (expression.type === 'fault') return wrong(text, expression.fault);
  return { type: 'item', item: { type: 'pattern', text, matches: expression.matches } };
}

function readSource(text: string): Read<SourceItem> {
  const [, written = '', pattern = '', , key] = /^([^/]*)\/([^#]*)(#(.*))?$/s.exec(text) ?? [];
  const kind = sourceKindOf(written.toLowerCase());
  if (kind === undefined)
    return wrong(text, `write ${OTHER_KINDS.get(written.toLowerCase()) ?? 'configmap/NAME or secret/NAME'}`);
  if (pattern.split('*').length - 1 > GLOB_STARS) return wrong(text, `more than ${GLOB_STARS} *`);
  if (!isGlob(pattern)) return wrong(text, 'no name an object can have');
  if (key !== undefined && !isKey(kind, key)) return wrong(text, 'no key after #');
  const matcher: NameMatcher = pattern.includes('*')
    ? { type: 'pattern', text: pattern, matches: glob(pattern) }
    : { type: 'name', name: pattern };
  return { type: 'item', item: { kind, matcher, ...(key !== undefined && { key }) } };
}

/** Keys of data are like file names; an object that a SecretProviderClass fetches has any name its provider likes. */
function isKey(kind: SourceKind, text: string): boolean {
  return kind === 'SecretProviderClass'
    ? /^\S+$/.test(text)
    : text.length <= NAME_LENGTH && /^[-._a-zA-Z0-9]+$/.test(text);
}

function readNamespacedName(text: string): Read<NamespacedName> {
  const slash = text.indexOf('/');
  const [namespace, name] = slash === -1 ? [undefined, text] : [text.slice(0, slash), text.slice(slash + 1)];
  if (!isObjectName(name) || (namespace !== undefined && !isNamespaceName(namespace))) {
    return wrong(text, 'write NAME or NAMESPACE/NAME');
  }
  return { type: 'item', item: { name, ...(namespace !== undefined && { namespace }) } };
}

function wrong(text: string, fault: string): { readonly type: 'fault'; readonly fault: string } {
  return { type: 'fault', fault: `${quoted(text)}: ${fault}` };
}
