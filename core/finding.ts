/** Something to be said about the annotations of an object. There may be thousands, of which few are ever told. */
import { type Annotation, annotations } from './annotation.ts';
import type { Vocabulary } from './names.ts';

/** `malformed`: a value that is not of its form, and counts in part or not at all. `mistake`: anything else. */
export type Severity = 'malformed' | 'mistake';

export interface Finding {
  readonly severity: Severity;
  /** It is about an annotation of restamp's own. */
  readonly own: boolean;
  /** Made only for what is told. */
  readonly text: () => string;
}

/** What is looked at: annotations as they stand on an object, and what they can be called. */
export interface Annotated {
  readonly kind: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly template: Readonly<Record<string, string>>;
  readonly vocabulary: Vocabulary;
  readonly catalogue: ReadonlyMap<string, Annotation>;
}

/** The catalogue by name. */
export function catalogueOf(vocabulary: Vocabulary): ReadonlyMap<string, Annotation> {
  return new Map(annotations(vocabulary).map((annotation) => [annotation.name, annotation]));
}

/** The value of an annotation that counts: the metadata's, where both places count. */
export function countingValue(
  { annotations, template }: Pick<Annotated, 'annotations' | 'template'>,
  { name, on }: Pick<Annotation, 'name' | 'on'>,
): string | undefined {
  const own = on.includes('workload') ? ownText(annotations, name) : undefined;
  return own ?? (on.includes('template') ? ownText(template, name) : undefined);
}

/** A custom name can be `constructor`, which every object would answer to. */
export function ownText(texts: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(texts, name) ? texts[name] : undefined;
}
