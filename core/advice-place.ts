/** Annotations that stand where they do nothing. */
import { malformed } from './advice-value.ts';
import type { Annotation, Place } from './annotation.ts';
import { parseGoBoolean } from './boolean.ts';
import { type Annotated, countingValue, type Finding, ownText } from './finding.ts';
import { STRATEGY } from './names.ts';
import { fitting, shown } from './phrase.ts';
import { type Source, sourceId } from './source.ts';

/** Misplaced on the workload or its template, or of no use for its kind. */
export function placeFindings(annotated: Annotated): readonly Finding[] {
  const found = [...annotated.catalogue.values()].flatMap((annotation) => [
    ...misplaced(annotated, annotation, 'workload'),
    ...misplaced(annotated, annotation, 'template'),
  ]);
  return [...found, ...kindFindings(annotated)];
}

function misplaced(annotated: Annotated, annotation: Annotation, place: 'workload' | 'template'): readonly Finding[] {
  const value = ownText(place === 'workload' ? annotated.annotations : annotated.template, annotation.name);
  if (value === undefined || annotation.on.includes(place)) return [];
  const { match, auto } = annotated.vocabulary;
  const understood = annotation.name === match && parseGoBoolean(value) === true;
  const text = (): string => (understood ? meansAuto(match, auto) : elsewhere(annotation, place));
  return [{ severity: 'mistake', own: annotation.dialect === 'restamp', text }];
}

/** On a workload `match` is taken for `auto`, which is what its author must have meant. */
function meansAuto(match: string, auto: string): string {
  return fitting(
    `${shown(match)} belongs on a ConfigMap or Secret; here write ${shown(auto)}: "true"`,
    `${shown(match)} belongs on a ConfigMap or Secret`,
  );
}

const STANDS: Readonly<Record<Place, string>> = {
  workload: "on the workload's metadata",
  template: 'on the pod template',
  source: 'on a ConfigMap or Secret',
  namespace: 'on the Namespace',
};

function elsewhere(annotation: Annotation, place: Place): string {
  const name = shown(annotation.name);
  const belongs = whereItBelongs(annotation);
  return fitting(`${name} does nothing ${STANDS[place]}; ${belongs}`, `${name} does nothing there; ${belongs}`);
}

function whereItBelongs({ on, label, written }: Annotation): string {
  if (written === true) return 'restamp writes it itself';
  const [first = 'workload'] = on.includes('workload') ? (['workload'] as const) : on;
  return label === true && first === 'namespace' ? 'it is a label of the Namespace' : `it belongs ${STANDS[first]}`;
}

/** What only some kinds of workload can do. */
function kindFindings(annotated: Annotated): readonly Finding[] {
  const { kind, catalogue, vocabulary } = annotated;
  const value = (name: string): string | undefined => {
    const row = catalogue.get(name);
    return row === undefined ? undefined : countingValue(annotated, row);
  };
  const useless = (name: string, own: boolean, why: string): Finding => ({
    severity: 'mistake',
    own,
    text: () => fitting(`${shown(name)}${why}`, `${shown(name)} does nothing on this kind`),
  });
  const here = shown(kind, 20);
  const restart = `: "restart" does nothing on a ${here}; it is for Argo Rollouts`;
  return [
    ...(kind !== 'Deployment' && value(vocabulary.pausePeriod) !== undefined
      ? [useless(vocabulary.pausePeriod, false, ` does nothing on a ${here}; only Deployments can be paused`)]
      : []),
    ...(kind !== 'Rollout' && value(vocabulary.rolloutStrategy) === 'restart'
      ? [useless(vocabulary.rolloutStrategy, false, restart)]
      : []),
    ...(kind !== 'Rollout' && value(STRATEGY) === 'restart' ? [useless(STRATEGY, true, restart)] : []),
  ];
}

/** On a ConfigMap or Secret: what belongs on workloads, and values that count as not given. */
export function sourceFindings(
  source: Pick<Source, 'kind' | 'name' | 'annotations'>,
  catalogue: ReadonlyMap<string, Annotation>,
): readonly Finding[] {
  // A source knows its namespace, which its author knows too.
  const id = shown(sourceId({ kind: source.kind, name: source.name }), 40);
  return [...catalogue.values()].flatMap((annotation): readonly Finding[] => {
    const value = ownText(source.annotations, annotation.name);
    if (value === undefined) return [];
    if (annotation.on.includes('source')) {
      return malformed(annotation, value).map(({ text, ...finding }) => ({
        ...finding,
        text: () => fitting(`${id}: ${text()}`),
      }));
    }
    const text = (): string => fitting(`${id} carries ${shown(annotation.name)}, which does nothing there`);
    return [{ severity: 'mistake', own: annotation.dialect === 'restamp', text }];
  });
}
