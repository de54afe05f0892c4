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

/** Every reference of the pod template, and no more. */
export const ALL_REFERENCES: Selection = {
  automatic: new Set<SourceKind>(['ConfigMap', 'Secret', 'SecretProviderClass']),
  searching: new Set(),
  named: [],
  excluded: [],
};

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
  const taken = podUses.flatMap((use) => takeUse(use, selection));
  const merged = mergeUses([...taken, ...named.flatMap(usesOf)]);
  return merged.flatMap((reference) => withoutExcluded(reference, selection));
}

function takeUse(use: Use, { automatic, searching, named }: Selection): Use[] {
  const isNamed = named.some(
    ({ kind, namespace, matcher }) => kind === use.kind && namespace === undefined && matchesName(matcher, use.name),
  );
  if (automatic.has(use.kind) || isNamed) return [use];
  return searching.has(use.kind) ? [{ ...use, onlyMarked: true }] : [];
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
function withoutExcluded(reference: Reference, selection: Selection): Reference[] {
  if (isExcluded(selection, reference)) return [];
  const without = selection.excluded.flatMap(({ kind, matcher, key }) =>
    kind === reference.kind && key !== undefined && matchesName(matcher, reference.name) ? [key] : [],
  );
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
