/** Which sources a workload rolls for: the references of its pod template and the names in its annotations, put together. */
import { SELECTED_SOURCES } from './defaults.ts';
import { IGNORE, RELOADER, type Vocabulary } from './names.ts';
import { matchesName } from './pattern.ts';
import { mergeUses, type Reference, type Use, usesOf } from './reference.ts';
import { type Source, type SourceKind, sourceId } from './source.ts';
import type { NamedSource } from './words.ts';

/** What a workload that is managed selects. */
export interface Selection {
  /** Kinds of which every reference of the pod template counts. */
  readonly automatic: ReadonlySet<SourceKind>;
  /** Kinds of which references to sources that are marked to be found count. */
  readonly searching: ReadonlySet<SourceKind>;
  readonly named: readonly NamedSource[];
  /** Beats everything. */
  readonly excluded: readonly NamedSource[];
}

/** Names of the sources that exist in the workload's namespace, for the kinds in {@link patternKinds}. */
export type Candidates = ReadonlyMap<SourceKind, readonly string[]>;

/** The kinds whose names have to be known before references can be told: an expression names what exists. */
export function patternKinds({ named }: Selection): ReadonlySet<SourceKind> {
  return new Set(named.filter(({ matcher }) => matcher.type === 'pattern').map(({ kind }) => kind));
}

/** The expressions of a selection as text: where they change, other sources count, and that rolls nothing by itself. */
export function patternTexts({ named }: Selection): readonly string[] {
  return named
    .flatMap(({ kind, matcher, key }) => (matcher.type === 'pattern' ? [`${kind} ${matcher.text}#${key ?? '*'}`] : []))
    .sort();
}

/** Whether an expression of the selection names a source of the workload's own namespace. */
export function matchesPattern(selection: Selection, { kind, name }: { kind: SourceKind; name: string }): boolean {
  return (
    selection.named.some(
      ({ matcher, ...item }) => item.kind === kind && matcher.type === 'pattern' && matcher.matches(name),
    ) && !isExcluded(selection, { kind, name })
  );
}

/**
 * The references that count: those of the pod template that the selection takes, and what it names besides. Of what
 * annotations name no more than SELECTED_SOURCES count, those first by name.
 */
export function selectReferences(
  podUses: readonly Use[],
  selection: Selection,
  candidates: Candidates = new Map(),
): readonly Reference[] {
  const named = mergeUses(selection.named.flatMap((item) => namedUses(item, candidates))).slice(0, SELECTED_SOURCES);
  const own = lookup(selection.named.filter(({ namespace }) => namespace === undefined));
  const taken = podUses.flatMap((use) => takeUse(use, selection, own));
  const merged = mergeUses([...taken, ...named.flatMap(usesOf)]);
  const excluded = lookup(selection.excluded);
  return merged.flatMap((reference) => withoutExcluded(reference, excluded(reference)));
}

/** Those of the items that mean a source. */
type Lookup = (source: { readonly kind: SourceKind; readonly name: string }) => readonly NamedSource[];

/** Names are found without going through them: a template may refer to as many sources as annotations name. */
function lookup(items: readonly NamedSource[]): Lookup {
  const names = new Map<string, NamedSource[]>();
  const patterns = items.filter(({ matcher }) => matcher.type === 'pattern');
  for (const item of items) {
    if (item.matcher.type === 'pattern') continue;
    const id = sourceId({ kind: item.kind, name: item.matcher.name });
    names.set(id, [...(names.get(id) ?? []), item]);
  }
  return ({ kind, name }) => [
    ...(names.get(sourceId({ kind, name })) ?? []),
    ...patterns.filter((item) => item.kind === kind && matchesName(item.matcher, name)),
  ];
}

function takeUse(use: Use, { automatic, searching }: Selection, named: Lookup): Use[] {
  if (automatic.has(use.kind)) return [use];
  const items = named(use);
  if (items.some(({ key }) => key === undefined)) return [use];
  if (searching.has(use.kind)) return [items.length > 0 ? use : { ...use, onlyMarked: true }];
  const keys = new Set(items.flatMap(({ key }) => key ?? []));
  return keys.size === 0 ? [] : narrowed(use, keys);
}

/** A use of only these entries. Of a whole that lacks one of them nobody waits for it. */
function narrowed(use: Use, keys: ReadonlySet<string>): Use[] {
  const entries =
    use.keys === 'all'
      ? [...keys].map((key) => ({ key, need: 'optional' as const }))
      : use.keys.filter(({ key }) => keys.has(key));
  return entries.length === 0 ? [] : [{ ...use, keys: entries }];
}

function namedUses({ kind, namespace, matcher, key }: NamedSource, candidates: Candidates): Use[] {
  const names =
    matcher.type === 'name' ? [matcher.name] : (candidates.get(kind) ?? []).filter((name) => matcher.matches(name));
  return names.map((name) => ({
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    need: 'named',
    keys: key === undefined ? 'all' : [{ key, need: 'named' }],
  }));
}

function isExcluded({ excluded }: Selection, { kind, name }: { kind: SourceKind; name: string }): boolean {
  return excluded.some((item) => item.kind === kind && item.key === undefined && matchesName(item.matcher, name));
}

/** The reference less what is excluded of it; none where all of it is. */
function withoutExcluded(reference: Reference, excluded: readonly NamedSource[]): Reference[] {
  if (excluded.some(({ key }) => key === undefined)) return [];
  const without = excluded.flatMap(({ key }) => key ?? []);
  if (without.length === 0) return [reference];
  const keys = new Map([...reference.keys].filter(([key]) => !without.includes(key)));
  if (!reference.all) return keys.size === 0 ? [] : [{ ...reference, keys }];
  return [{ ...reference, keys, without: [...new Set(without)].sort() }];
}

/** What an installation says about sources themselves. */
export interface SourceRules {
  /** How Reloader's annotations are called; its own names if absent. */
  readonly vocabulary?: Vocabulary;
  /** Sources whose labels it does not match do not count. */
  readonly sourceSelector?: { readonly matches: (labels: Readonly<Record<string, string>>) => boolean };
}

/** The references less those whose source, as it was read, says that it does not count. One that is absent says nothing. */
export function applicable(
  references: readonly Reference[],
  sources: ReadonlyMap<string, Source>,
  rules: SourceRules,
): readonly Reference[] {
  return references.filter((reference) => {
    const source = sources.get(sourceId(reference));
    return source === undefined || counts(source, reference, rules);
  });
}

function counts(
  { kind, labels, annotations }: Source,
  { onlyMarked }: Reference,
  { vocabulary = RELOADER, sourceSelector }: SourceRules,
): boolean {
  if (annotations[IGNORE] === 'true' || annotations[vocabulary.ignore] === 'true') return false;
  if (onlyMarked === true && annotations[vocabulary.match] !== 'true') return false;
  return kind === 'SecretProviderClass' || sourceSelector === undefined || sourceSelector.matches(labels);
}
