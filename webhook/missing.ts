/** Sources, and keys of sources, that a workload needs or names and that do not exist. */
import type { Sources } from '../core/digest.ts';
import type { Vocabulary } from '../core/names.ts';
import { fitting, shown } from '../core/phrase.ts';
import type { Need, Reference } from '../core/reference.ts';
import { type Source, sourceId } from '../core/source.ts';
import { readAuto } from '../core/words.ts';
import type { Workload } from '../core/workload.ts';

/** Characters of the name of a source, or a key, that are shown: the rest of the text has to have room. */
const SHOWN = 64;

/** Says so of each, in the order of the references. It may be meant: what is missing may be created next. */
export function missing(
  references: readonly Reference[],
  sources: Sources,
  written: { readonly workload: Workload; readonly vocabulary: Vocabulary },
): readonly string[] {
  const isEither = namedOfEitherKind(sources, written);
  return references.flatMap((reference) => {
    const source = sources.get(sourceId(reference));
    if (source !== undefined) return missingKeys(reference, source);
    return isEither(reference)
      ? []
      : [fitting(`${shown(sourceId(reference), SHOWN)} does not exist; ${so(reference.need)}`)];
  });
}

function missingKeys(reference: Reference, { entries }: Source): readonly string[] {
  const id = shown(sourceId(reference), SHOWN - 24);
  return [...reference.keys].flatMap(([key, need]) =>
    need === 'optional' || entries.has(key) ? [] : [fitting(`${id} has no key ${shown(key, 24)}; ${so(need)}`)],
  );
}

/** What that means for the pods. */
function so(need: Need): string {
  return need === 'required' ? 'the pods cannot start without it' : 'it counts once it is there';
}

/**
 * A name that stands in `auto` by mistake can be a ConfigMap's or a Secret's: where one of the two is there, nothing is
 * missing.
 */
function namedOfEitherKind(
  sources: Sources,
  { workload, vocabulary }: { readonly workload: Workload; readonly vocabulary: Vocabulary },
): (reference: Reference) => boolean {
  const { annotations, template } = workload;
  const auto = readAuto(annotations[vocabulary.auto] ?? template.annotations[vocabulary.auto]);
  const names = new Set(
    (auto.says === 'names' ? auto.names : []).flatMap((matcher) => (matcher.type === 'name' ? [matcher.name] : [])),
  );
  return ({ need, name }) =>
    need === 'named' &&
    names.has(name) &&
    (['ConfigMap', 'Secret'] as const).some((kind) => sources.has(sourceId({ kind, name })));
}
