/** Annotations that are right by themselves, and not together with others or with the installation. */
import type { Annotated, Finding } from './finding.ts';
import { countingValue, ownText } from './finding.ts';
import { EXCLUDE, INCLUDE, WAVE } from './names.ts';
import { parseLiteralNames, parseNamespacedNames, parseSourceList, type SourceItem } from './pattern.ts';
import { fitting, shown } from './phrase.ts';
import { SOURCE_KINDS, type SourceKind, sourceId } from './source.ts';

export interface Surroundings {
  /** The workload's namespace, if it is known. */
  readonly home: string | undefined;
  readonly crossNamespaces: ReadonlySet<string>;
}

export function pairFindings(annotated: Annotated, surroundings: Surroundings): readonly Finding[] {
  return [...contradictions(annotated), ...waveFindings(annotated, surroundings)];
}

/** Something literally named by one annotation to roll for, and by another not to. Patterns may well meet a name. */
function contradictions(annotated: Annotated): readonly Finding[] {
  const wanted = wantedNames(annotated);
  return [
    ...literal(ownText(annotated.annotations, EXCLUDE)).flatMap(({ kind, name, key }) => {
      const taken = wanted.get(sourceId({ kind, name }));
      const meets = taken !== undefined && (key === undefined || (taken.size === 1 && taken.has(key)));
      return meets ? [contradiction(EXCLUDE, true, sourceId({ kind, name }))] : [];
    }),
    ...SOURCE_KINDS.flatMap((kind) => {
      const exclude = annotated.vocabulary.exclude[kind];
      return names(annotated, exclude)
        .filter((name) => wanted.has(sourceId({ kind, name })))
        .map((name) => contradiction(exclude, false, name));
    }),
  ];
}

function contradiction(exclude: string, own: boolean, what: string): Finding {
  const text = (): string =>
    fitting(`${shown(exclude)} wins over another annotation that names ${shown(what, 32)} too`);
  return { severity: 'mistake', own, text };
}

/** What is named to roll for, and of each the keys; all of them, where that is `*`. */
function wantedNames(annotated: Annotated): ReadonlyMap<string, ReadonlySet<string>> {
  const wanted = new Map<string, Set<string>>();
  const want = (kind: SourceKind, name: string, key = '*'): void => {
    const id = sourceId({ kind, name });
    wanted.set(id, (wanted.get(id) ?? new Set()).add(key));
  };
  for (const { kind, name, key } of literal(ownText(annotated.annotations, INCLUDE))) want(kind, name, key);
  for (const kind of SOURCE_KINDS) {
    for (const name of names(annotated, annotated.vocabulary.reload[kind])) want(kind, name);
  }
  return wanted;
}

type Literal = Pick<SourceItem, 'kind' | 'key'> & { readonly name: string };

function literal(list: string | undefined): readonly Literal[] {
  return parseSourceList(list ?? '').items.flatMap(({ kind, matcher, key }) =>
    matcher.type === 'name' ? [{ kind, name: matcher.name, ...(key === undefined ? {} : { key }) }] : [],
  );
}

function names(annotated: Annotated, name: string): readonly string[] {
  return parseLiteralNames(countingValue(annotated, { name, on: ['workload', 'template'] }) ?? '').items;
}

function waveFindings({ annotations }: Annotated, { home, crossNamespaces }: Surroundings): readonly Finding[] {
  const updates = ownText(annotations, WAVE.update) === 'true';
  return [WAVE.extraConfigMaps, WAVE.extraSecrets].flatMap((name): readonly Finding[] => {
    const list = ownText(annotations, name);
    if (list === undefined) return [];
    if (!updates) {
      return [
        { severity: 'mistake', own: false, text: () => fitting(`${name} counts only with ${WAVE.update}: "true"`) },
      ];
    }
    const elsewhere = parseNamespacedNames(list).items.flatMap(({ namespace }) => namespace ?? []);
    const refused = new Set(elsewhere.filter((namespace) => namespace !== home && !crossNamespaces.has(namespace)));
    return [...refused].map((namespace) => ({
      severity: 'mistake',
      own: false,
      text: () => fitting(`${name}: namespace ${shown(namespace, 30)} is none of --cross-namespaces`),
    }));
  });
}
