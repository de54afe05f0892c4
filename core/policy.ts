/** Who is managed (DESIGN §5): the first rule that matches decides. */
import { PROTECTED_NAMESPACES } from './defaults.ts';
import { INJECT } from './names.ts';
import type { Workload } from './workload.ts';

export interface PolicyOptions {
  /** Namespaces in which nothing is managed, whatever is written there. */
  readonly excludedNamespaces: ReadonlySet<string>;
  /** Where restamp itself runs: like kube-system it cannot be opted in as a whole. */
  readonly ownNamespace: string;
  /** Manage workloads in every namespace, labelled or not. */
  readonly all: boolean;
}

export type Verdict =
  | { readonly managed: true }
  | {
      readonly managed: false;
      readonly reason: 'namespace-excluded' | 'namespace-disabled' | 'workload-disabled' | 'not-opted-in';
    };

const MANAGED: Verdict = { managed: true };

/**
 * Whether a workload is restamp's business.
 * `namespaceLabel` is the value of the namespace's `restamp.dev/inject` label; an unknown value counts as none.
 */
export function policy(
  workload: Pick<Workload, 'namespace' | 'annotations'>,
  namespaceLabel: string | undefined,
  options: PolicyOptions,
): Verdict {
  if (options.excludedNamespaces.has(workload.namespace)) return { managed: false, reason: 'namespace-excluded' };
  if (namespaceLabel === 'disabled') return { managed: false, reason: 'namespace-disabled' };
  if (workload.annotations[INJECT] === 'disabled') return { managed: false, reason: 'workload-disabled' };
  if (workload.annotations[INJECT] === 'enabled') return MANAGED;
  if (isProtected(workload.namespace, options)) return { managed: false, reason: 'not-opted-in' };
  if (namespaceLabel === 'enabled' || options.all) return MANAGED;
  return { managed: false, reason: 'not-opted-in' };
}

/** Whether a namespace can be opted in only workload by workload: a mistake there could stop the cluster. */
export function isProtected(namespace: string, options: Pick<PolicyOptions, 'ownNamespace'>): boolean {
  return namespace === options.ownNamespace || (PROTECTED_NAMESPACES as readonly string[]).includes(namespace);
}
