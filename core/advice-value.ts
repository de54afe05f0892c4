/** Values that are not of their annotation's form. */
import type { Annotation } from './annotation.ts';
import { type Annotated, countingValue, type Finding } from './finding.ts';
import { fitting, shown } from './phrase.ts';

/** What is wrong with the values that count. Those of `auto` are looked at by themselves. */
export function valueFindings(annotated: Annotated): readonly Finding[] {
  const autos = new Set([annotated.vocabulary.auto, ...Object.values(annotated.vocabulary.autoOf)]);
  return [...annotated.catalogue.values()]
    .filter(({ name }) => !autos.has(name))
    .flatMap((annotation) => malformed(annotation, countingValue(annotated, annotation)));
}

/** The faults of one value. */
export function malformed({ name, dialect, check }: Annotation, value: string | undefined): readonly Finding[] {
  if (value === undefined || check === undefined) return [];
  return check(value).map((fault) => ({
    severity: 'malformed',
    own: dialect === 'restamp',
    text: () => fitting(`${shown(name)}: ${fault}`),
  }));
}
