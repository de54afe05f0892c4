/**
 * What is said to whoever wrote the annotations of a workload: as warnings at admission, and as an Event. It decides
 * nothing, and nothing depends on it but texts, except that a namespace can have malformed values denied.
 */
import { autoFindings } from './advice-auto.ts';
import { isInDomain, nameFindings } from './advice-name.ts';
import { pairFindings } from './advice-pair.ts';
import { placeFindings, sourceFindings } from './advice-place.ts';
import { valueFindings } from './advice-value.ts';
import { catalogueOf, type Finding, type Severity } from './finding.ts';
import { RELOADER, type Vocabulary } from './names.ts';
import type { Source } from './source.ts';
import type { Workload } from './workload.ts';

export interface Advice {
  readonly severity: Severity;
  /** It is about an annotation of restamp's own. */
  readonly own: boolean;
  /** At most 120 characters. */
  readonly text: string;
}

export interface AdviceOptions {
  readonly vocabulary: Vocabulary;
  /** Namespaces whose sources workloads of other namespaces may name. */
  readonly crossNamespaces?: ReadonlySet<string>;
}

/** Advice given about one object: more would not be read. */
export const ADVICE_LIMIT = 8;

/** What its author should know about the annotations of a workload, what counts least last. Never throws. */
export function adviceOf(
  workload: Pick<Workload, 'kind' | 'annotations' | 'template'> & { readonly namespace?: string },
  { vocabulary, crossNamespaces = new Set() }: AdviceOptions,
): readonly Advice[] {
  const annotated = {
    kind: workload.kind,
    annotations: workload.annotations,
    template: workload.template.annotations,
    vocabulary,
    catalogue: catalogueOf(vocabulary),
  };
  return told([
    ...valueFindings(annotated),
    ...autoFindings(annotated),
    ...placeFindings(annotated),
    ...pairFindings(annotated, { home: workload.namespace, crossNamespaces }),
    ...nameFindings(annotated),
  ]);
}

/** What is to be said about the annotations of a ConfigMap or Secret that a workload takes its configuration from. */
export function adviceOfSource(
  source: Pick<Source, 'kind' | 'name' | 'annotations'>,
  { vocabulary }: { readonly vocabulary: Vocabulary } = { vocabulary: RELOADER },
): readonly Advice[] {
  return told(sourceFindings(source, catalogueOf(vocabulary)));
}

/** Of annotations those that advice can be about; what restamp writes itself is nobody's mistake. */
export function advisable(
  annotations: Workload['annotations'],
  { vocabulary }: Pick<AdviceOptions, 'vocabulary'>,
): Workload['annotations'] {
  const catalogue = catalogueOf(vocabulary);
  const counts = (name: string): boolean => {
    const row = catalogue.get(name);
    return row === undefined ? isInDomain(name) : row.written !== true;
  };
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => counts(name)));
}

function told(findings: readonly Finding[]): readonly Advice[] {
  const ordered = findings.toSorted((a, b) => weight(a) - weight(b));
  const advice = ordered.slice(0, ADVICE_LIMIT).map(({ severity, own, text }) => ({ severity, own, text: text() }));
  const more = ordered.length - advice.length;
  return more === 0 ? advice : [...advice, { severity: 'mistake', own: false, text: `and ${more} more` }];
}

/** What can be denied comes first, so that it is never among what is not told. */
function weight({ severity, own }: Finding): number {
  if (severity === 'mistake') return 2;
  return own ? 0 : 1;
}
