/**
 * What a workload says about itself in annotations: restamp's, Reloader's and wave's words, understood side by side.
 * Nothing here throws, whatever the values are; what is wrong with them is `annotation.ts`'s business.
 */
import { parseGoBoolean, parsePlainBoolean } from './boolean.ts';
import { EXCLUDE, INCLUDE, INJECT, type Vocabulary, WAVE } from './names.ts';
import {
  type NameMatcher,
  parseLiteralNames,
  parseNameList,
  parseNamespacedNames,
  parseSourceList,
} from './pattern.ts';
import { SOURCE_KINDS, type SourceKind } from './source.ts';
import type { Workload } from './workload.ts';

/** A source, or sources, that an annotation names. */
export interface NamedSource {
  readonly kind: SourceKind;
  /** Only where it is not the workload's own. */
  readonly namespace?: string;
  readonly matcher: NameMatcher;
  /** One entry of it; all, if absent. */
  readonly key?: string;
}

export interface Words {
  /** `restamp.dev/inject`; any other value counts as none. */
  readonly inject: 'enabled' | 'disabled' | undefined;
  /** Whether the references of the pod template count, by kind of source; `undefined` where nothing is said. */
  readonly automatic: Readonly<Record<SourceKind, boolean | undefined>>;
  /** Of the references of the pod template those count whose source is marked. */
  readonly searching: boolean;
  readonly named: readonly NamedSource[];
  readonly excluded: readonly NamedSource[];
}

/** Reads the words of a workload. Reloader's stand on its metadata or its pod template, metadata winning name by name. */
export function readWords(
  { annotations, template }: Pick<Workload, 'annotations' | 'template'>,
  keys: Vocabulary,
): Words {
  const reloader = { ...template.annotations, ...annotations };
  const inject = annotations[INJECT];
  return {
    inject: inject === 'enabled' || inject === 'disabled' ? inject : undefined,
    automatic: automatic(reloader, annotations, keys),
    searching: parseGoBoolean(reloader[keys.search] ?? '') === true,
    named: [
      ...parseSourceList(annotations[INCLUDE] ?? '').items,
      ...SOURCE_KINDS.flatMap((kind) => reloaderNames(reloader, kind, keys)),
      ...waveNames(annotations),
    ],
    excluded: [
      ...parseSourceList(annotations[EXCLUDE] ?? '').items,
      ...SOURCE_KINDS.flatMap((kind) =>
        parseLiteralNames(reloader[keys.exclude[kind]] ?? '').items.map((name) => ({
          kind,
          matcher: { type: 'name', name } as const,
        })),
      ),
    ],
  };
}

type Annotations = Readonly<Record<string, string>>;

function automatic(reloader: Annotations, own: Annotations, keys: Vocabulary): Words['automatic'] {
  const auto = readAuto(reloader[keys.auto]);
  const waving = own[WAVE.update] === 'true';
  // On a workload `match` is misplaced, and plainly means: roll for what this workload refers to.
  const misplaced = parseGoBoolean(reloader[keys.match] ?? '') === true;
  const of = (kind: SourceKind): boolean | undefined => {
    const said = [auto, readAuto(reloader[keys.autoOf[kind]])].map(({ says }) => says);
    // As in Reloader, one yes is enough, and any other word is a no.
    if (said.includes('yes') || waving || misplaced) return true;
    return said.includes('no') ? false : undefined;
  };
  return { ConfigMap: of('ConfigMap'), Secret: of('Secret'), SecretProviderClass: of('SecretProviderClass') };
}

/** The value of Reloader's `auto`: a boolean, or by mistake the names that belong into `…/reload`. */
export type AutoWord =
  | { readonly says: 'nothing' }
  | { readonly says: 'yes' | 'no'; readonly plain: boolean }
  | { readonly says: 'names'; readonly names: readonly NameMatcher[] }
  /** Not understood; as in Reloader it counts as a no. */
  | { readonly says: 'no'; readonly plain: undefined };

/** Reads a value of `auto`. `plain` tells whether it is a word that Reloader knows too. */
export function readAuto(text: string | undefined): AutoWord {
  if (text === undefined || text === '') return { says: 'nothing' };
  const known = parseGoBoolean(text);
  const meant = known ?? parsePlainBoolean(text);
  if (meant !== undefined) return { says: meant ? 'yes' : 'no', plain: known !== undefined };
  const { items, faults } = parseNameList(text);
  return items.length > 0 && faults.length === 0 ? { says: 'names', names: items } : { says: 'no', plain: undefined };
}

function reloaderNames(reloader: Annotations, kind: SourceKind, keys: Vocabulary): NamedSource[] {
  // By mistake names stand in the untyped `auto` too: they can be those of a ConfigMap or of a Secret.
  const autos = [...(kind === 'SecretProviderClass' ? [] : [reloader[keys.auto]]), reloader[keys.autoOf[kind]]].map(
    readAuto,
  );
  return [
    ...parseNameList(reloader[keys.reload[kind]] ?? '').items,
    ...autos.flatMap((auto) => (auto.says === 'names' ? auto.names : [])),
  ].map((matcher) => ({ kind, matcher }));
}

/** wave reads its lists only where it is told to update. */
function waveNames(annotations: Annotations): NamedSource[] {
  if (annotations[WAVE.update] !== 'true') return [];
  const of = (kind: SourceKind, list: string | undefined): NamedSource[] =>
    parseNamespacedNames(list ?? '').items.map(({ namespace, name }) => ({
      kind,
      ...(namespace === undefined ? {} : { namespace }),
      matcher: { type: 'name', name },
    }));
  return [...of('ConfigMap', annotations[WAVE.extraConfigMaps]), ...of('Secret', annotations[WAVE.extraSecrets])];
}
