/** Names in the domains of restamp, Reloader and wave that none of them knows. */
import type { Annotation } from './annotation.ts';
import type { Annotated, Finding } from './finding.ts';
import { DOMAIN, RELOADER, RELOADER_DOMAIN, type Vocabulary, WAVE_DOMAIN } from './names.ts';
import { nearest } from './nearest.ts';
import { fitting, shown } from './phrase.ts';
import { SOURCE_KINDS } from './source.ts';

export function nameFindings(annotated: Annotated): readonly Finding[] {
  const names = new Set([...Object.keys(annotated.annotations), ...Object.keys(annotated.template)]);
  return [...names]
    .filter((name) => isInDomain(name) && !annotated.catalogue.has(name))
    .map((name) => ({
      severity: 'mistake',
      own: isUnder(domainOf(name), DOMAIN),
      text: () => unknown(name, annotated),
    }));
}

/** Whether a name is one that restamp, Reloader or wave could have given. */
export function isInDomain(name: string): boolean {
  const domain = domainOf(name);
  return isUnder(domain, DOMAIN) || isUnder(domain, RELOADER_DOMAIN) || domain === WAVE_DOMAIN;
}

/** `undefined` for a name without a slash: that has no domain. */
function domainOf(name: string): string | undefined {
  const slash = name.indexOf('/');
  return slash === -1 ? undefined : name.slice(0, slash);
}

function isUnder(domain: string | undefined, parent: string): boolean {
  return domain === parent || domain?.endsWith(`.${parent}`) === true;
}

function unknown(name: string, { catalogue, vocabulary }: Annotated): string {
  const renamed = renames(vocabulary).get(name);
  if (renamed !== undefined)
    return fitting(
      `${shown(name)} does nothing: it is called ${shown(renamed)} here`,
      `${shown(name)} does nothing: it is called otherwise here`,
    );
  const start = `${shown(name)} is unknown and does nothing`;
  const written = [...catalogue.values()].filter((annotation) => annotation.written !== true);
  const meant = suggestion(name, written);
  if (meant !== undefined)
    return fitting(`${start}; did you mean ${shown(meant)}?`, `${shown(name)}: did you mean ${shown(meant)}?`);
  return isUnder(domainOf(name), DOMAIN) ? fitting(`${start}; known: ${ownNames(written)}`, start) : fitting(start);
}

/** A slip, or the part of a longer name: `reloader.stakater.com/reload` for `configmap.reloader.stakater.com/reload`. */
function suggestion(name: string, known: readonly Annotation[]): string | undefined {
  const names = known.map((annotation) => annotation.name);
  return nearest(name, names) ?? names.find((longer) => longer.endsWith(`.${name}`));
}

function ownNames(known: readonly Annotation[]): string {
  return known
    .filter(({ dialect, on }) => dialect === 'restamp' && on.includes('workload'))
    .map(({ name }) => name.slice(DOMAIN.length + 1))
    .join(', ');
}

/** What an installation calls otherwise, by Reloader's own name. */
function renames(vocabulary: Vocabulary): ReadonlyMap<string, string> {
  const own = namesOf(RELOADER);
  return new Map(namesOf(vocabulary).map((name, index) => [own[index] ?? '', name]));
}

/** The names of a vocabulary, in the same order for all. */
function namesOf({ auto, autoOf, reload, exclude, search, match, ignore, ...others }: Vocabulary): readonly string[] {
  const { pausePeriod, pausedAt, rolloutStrategy } = others;
  const typed = SOURCE_KINDS.flatMap((kind) => [autoOf[kind], reload[kind], exclude[kind]]);
  return [auto, ...typed, search, match, ignore, pausePeriod, pausedAt, rolloutStrategy];
}
