/** Reloader's `auto`: what is understood although it is no boolean. */
import { malformed } from './advice-value.ts';
import { parseGoBoolean } from './boolean.ts';
import { type Annotated, countingValue, type Finding } from './finding.ts';
import type { Vocabulary } from './names.ts';
import { fitting, shown } from './phrase.ts';
import { SOURCE_KINDS } from './source.ts';
import { readAuto } from './words.ts';

export function autoFindings(annotated: Annotated): readonly Finding[] {
  return placesOfNames(annotated.vocabulary).flatMap(({ name, places }) => {
    const row = annotated.catalogue.get(name);
    const value = row && countingValue(annotated, row);
    if (row === undefined || value === undefined) return [];
    const note = noteOn(value, name, places);
    if (note !== undefined) return [{ severity: 'mistake', own: false, text: note }];
    return parseGoBoolean(value) === undefined ? malformed(row, value) : [];
  });
}

/** What is said about a value that is understood although Reloader would not; `undefined` for any other. */
function noteOn(value: string, name: string, places: readonly string[]): (() => string) | undefined {
  const word = readAuto(value);
  if (word.says === 'names') return () => namesBelong(name, places);
  if (word.says === 'nothing' || word.plain !== false) return undefined;
  return () => plainWord(name, word.says === 'yes' ? '"true"' : '"false"');
}

/** For each `auto`, the annotations that names belong into. */
function placesOfNames({ auto, autoOf, reload }: Vocabulary): readonly { name: string; places: readonly string[] }[] {
  return [
    { name: auto, places: [reload.ConfigMap, reload.Secret] },
    ...SOURCE_KINDS.map((kind) => ({ name: autoOf[kind], places: [reload[kind]] })),
  ];
}

function namesBelong(name: string, places: readonly string[]): string {
  const [first = '', ...others] = places.map((place) => shown(place));
  const also = others.map((place) => ` or ${beside(place, first)}`).join('');
  return fitting(
    `${shown(name)}: understood as names; write them in ${first}${also}`,
    `${shown(name)}: names belong in ${first}`,
  );
}

/** Beside `configmap.reloader.stakater.com/reload`, `secret.reloader.stakater.com/reload` is `secret.…/reload`. */
function beside(place: string, first: string): string {
  const [, label = '', parent = '', rest = ''] = /^([^./]+)\.([^/]+)\/(.*)$/.exec(place) ?? [];
  return parent !== '' && first.includes(`.${parent}/`) ? `${label}.…/${rest}` : place;
}

function plainWord(name: string, boolean: string): string {
  return fitting(
    `${shown(name)}: understood as ${boolean}; write ${boolean}, which Reloader knows too`,
    `${shown(name)}: understood as ${boolean}; write that`,
  );
}
