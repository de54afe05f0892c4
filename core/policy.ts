/** Who is managed, and for which sources (DESIGN §5): the first rule that matches decides. */
import { PROTECTED_NAMESPACES } from './defaults.ts';
import { RELOADER, type Vocabulary } from './names.ts';
import type { Selection } from './selection.ts';
import { SOURCE_KINDS, type SourceKind } from './source.ts';
import { type NamedSource, readWords, type Words } from './words.ts';
import type { Workload } from './workload.ts';

export interface PolicyOptions {
  /** Namespaces in which nothing is managed, whatever is written there. */
  readonly excludedNamespaces: ReadonlySet<string>;
  /** Where restamp itself runs: like kube-system it cannot be opted in as a whole. */
  readonly ownNamespace: string;
  /** Manage workloads in every namespace, labelled or not. */
  readonly all: boolean;
  /** How Reloader's annotations are called; its own names if absent. */
  readonly vocabulary?: Vocabulary;
  /** Kinds of source that nobody rolls for. */
  readonly ignoredSources?: ReadonlySet<SourceKind>;
  /** Namespaces whose sources workloads of other namespaces may name. */
  readonly crossNamespaces?: ReadonlySet<string>;
}

/** What is known of a namespace. */
export interface NamespaceFacts {
  /** The value of its `restamp.dev/inject` label; an unknown value counts as none. */
  readonly inject: string | undefined;
  /** False where the installation selects namespaces by label and this is none of them. */
  readonly selected: boolean;
  /** Its annotations that are settings for its workloads. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A namespace of which nothing is known, or that says nothing. */
export const PLAIN_NAMESPACE: NamespaceFacts = { inject: undefined, selected: true, settings: {} };

/** A namespace that the webhook is registered for. */
export const LABELLED_NAMESPACE: NamespaceFacts = { ...PLAIN_NAMESPACE, inject: 'enabled' };

export type Verdict =
  | { readonly managed: true; readonly selection: Selection }
  | {
      readonly managed: false;
      readonly reason:
        | 'namespace-excluded'
        | 'namespace-disabled'
        | 'namespace-not-selected'
        | 'workload-disabled'
        | 'not-opted-in';
    };

/** Whether a workload is restamp's business, and which sources it rolls for. */
export function policy(
  workload: Pick<Workload, 'namespace' | 'annotations' | 'template'>,
  namespace: NamespaceFacts,
  options: PolicyOptions,
): Verdict {
  const refused = refusal(workload.namespace, namespace, options);
  if (refused !== undefined) return { managed: false, reason: refused };
  const words = readWords(workload, options.vocabulary ?? RELOADER);
  const automatic = SOURCE_KINDS.filter((kind) => isAutomatic(words, kind, { workload, namespace, options }));
  const named = words.named.map((item) => asSeenFrom(workload.namespace, item));
  const selection = selectionOf({ ...words, named }, automatic, options);
  if (automatic.length > 0 || selection.searching.size > 0 || selection.named.length > 0)
    return { managed: true, selection };
  return { managed: false, reason: saysNo(words) ? 'workload-disabled' : 'not-opted-in' };
}

function refusal(
  name: string,
  { inject, selected }: NamespaceFacts,
  { excludedNamespaces }: PolicyOptions,
): Extract<Verdict, { managed: false }>['reason'] | undefined {
  if (excludedNamespaces.has(name)) return 'namespace-excluded';
  if (!selected) return 'namespace-not-selected';
  return inject === 'disabled' ? 'namespace-disabled' : undefined;
}

interface Circumstances {
  readonly workload: Pick<Workload, 'namespace'>;
  readonly namespace: NamespaceFacts;
  readonly options: PolicyOptions;
}

/** Whether the references of the pod template count without being named. */
function isAutomatic(words: Words, kind: SourceKind, { workload, namespace, options }: Circumstances): boolean {
  if (words.inject !== undefined) return words.inject === 'enabled';
  const said = words.automatic[kind];
  if (said !== undefined) return said;
  if (isProtected(workload.namespace, options)) return false;
  // As Reloader's auto-reload-all: on top of what a workload names.
  if (options.all) return true;
  return namespace.inject === 'enabled' && !selects(words);
}

/** Whether a workload says by itself, in any words, which sources it rolls for. */
function selects({ automatic, searching, named }: Words): boolean {
  return searching || named.length > 0 || SOURCE_KINDS.some((kind) => automatic[kind] === true);
}

function saysNo({ inject, automatic }: Words): boolean {
  return inject === 'disabled' || SOURCE_KINDS.some((kind) => automatic[kind] === false);
}

function selectionOf(words: Words, automatic: readonly SourceKind[], options: PolicyOptions): Selection {
  const counted = (kinds: readonly SourceKind[]): ReadonlySet<SourceKind> =>
    new Set(kinds.filter((kind) => options.ignoredSources?.has(kind) !== true));
  const isAllowed = ({ kind, namespace }: { kind: SourceKind; namespace?: string }): boolean =>
    options.ignoredSources?.has(kind) !== true &&
    (namespace === undefined || options.crossNamespaces?.has(namespace) === true);
  return {
    automatic: counted(automatic),
    // `disabled` leaves what is named, as Reloader's `auto: "false"` does, but a search looks at references.
    searching: counted(words.searching && words.inject !== 'disabled' ? SOURCE_KINDS : []),
    named: words.named.filter(isAllowed),
    excluded: words.excluded,
  };
}

/** A source that is named with the workload's own namespace is the one that is named without. */
function asSeenFrom(home: string, { namespace, ...item }: NamedSource): NamedSource {
  return namespace === undefined || namespace === home ? item : { ...item, namespace };
}

/** Whether a namespace can be opted in only workload by workload: a mistake there could stop the cluster. */
export function isProtected(namespace: string, options: Pick<PolicyOptions, 'ownNamespace'>): boolean {
  return namespace === options.ownNamespace || (PROTECTED_NAMESPACES as readonly string[]).includes(namespace);
}
