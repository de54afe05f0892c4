/** Asks the policy about a workload given in short, and tells the verdict in short. */
import { RELOADER, type Vocabulary } from '../../core/names.ts';
import { type NamespaceFacts, PLAIN_NAMESPACE, type PolicyOptions, policy } from '../../core/policy.ts';
import type { Selection } from '../../core/selection.ts';
import type { SourceKind } from '../../core/source.ts';
import type { NamedSource } from '../../core/words.ts';

export const POLICY_OPTIONS: PolicyOptions & { readonly vocabulary: Vocabulary } = {
  excludedNamespaces: new Set(['excluded']),
  ownNamespace: 'restamp',
  all: false,
  vocabulary: RELOADER,
};

export interface PolicyQuestion {
  readonly namespace?: string;
  /** The label of the namespace. */
  readonly label?: string;
  /** False where the installation selects namespaces and this is none of them. */
  readonly selected?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly templateAnnotations?: Readonly<Record<string, string>>;
  readonly options?: Partial<PolicyOptions>;
}

export interface PolicyCase extends PolicyQuestion {
  readonly name: string;
  /** The reason of a no, or `auto: ConfigMap Secret; search: …; names: configmap/a#k secret/~expression; not: …`. */
  readonly expected: string;
}

export function verdictOf({
  namespace = 'shop',
  label,
  selected = true,
  annotations = {},
  templateAnnotations = {},
  options = {},
}: PolicyQuestion): string {
  const facts: NamespaceFacts = { ...PLAIN_NAMESPACE, inject: label, selected };
  const template = { annotations: templateAnnotations, spec: undefined };
  const verdict = policy({ namespace, annotations, template }, facts, { ...POLICY_OPTIONS, ...options });
  return verdict.managed ? shortOf(verdict.selection) : verdict.reason;
}

/** A selection in short; the parts that are empty are left out. */
export function shortOf({ automatic, searching, named, excluded }: Selection): string {
  const kinds = (set: ReadonlySet<SourceKind>): string => [...set].sort().join(' ');
  const parts = [
    ['auto', kinds(automatic)],
    ['search', kinds(searching)],
    ['names', named.map(nameOf).join(' ')],
    ['not', excluded.map(nameOf).join(' ')],
  ];
  return parts.flatMap(([what, text]) => (text === '' ? [] : `${what}: ${text}`)).join('; ') || 'nothing';
}

/** `configmap/team/app#key`; an expression is marked with `~`. */
function nameOf({ kind, namespace, matcher, key }: NamedSource): string {
  const name = matcher.type === 'name' ? matcher.name : `~${matcher.text}`;
  const place = namespace === undefined ? '' : `${namespace}/`;
  return `${kind.toLowerCase()}/${place}${name}${key === undefined ? '' : `#${key}`}`;
}
