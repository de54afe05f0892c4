/**
 * Every name restamp puts on the wire, and the only place that spells one.
 * Changing a value here breaks objects that exist in clusters.
 */

export const DOMAIN = 'restamp.dev';

/** Namespace label and workload annotation: `enabled` or `disabled`. */
export const INJECT = 'restamp.dev/inject';

/** Pod template annotation: the stamp, `v1.<key id>.<hash>`. */
export const CONFIG_HASH = 'restamp.dev/config-hash';

/** Workload annotation: the digests the running pods are taken to have, and the stamp they belong to. */
export const RECORD = 'restamp.dev/record';

/** Workload annotation: the last rollouts and why each happened. */
export const HISTORY = 'restamp.dev/history';

/** Field manager of every write restamp makes. It must not start with `kubectl`: Flux takes such managers over. */
export const FIELD_MANAGER = 'restamp';

/** Label that the API server puts on every namespace with the namespace's own name (KEP-2161). */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

/** What a workload's own metadata may carry of restamp's; anything else in the domain is a slip of the pen. */
export const WORKLOAD_ANNOTATIONS: readonly string[] = [INJECT, RECORD, HISTORY];
