/** How far a rollout is, from the status its controller writes. */
import { asObject } from './json.ts';

/**
 * Whether the pods of a workload are all of its newest template and available, as `kubectl rollout status` sees it for
 * Deployments, StatefulSets and DaemonSets. A kind without such a status counts as done: nobody could wait for it.
 */
export function isRolledOut(raw: unknown): boolean {
  const { metadata, spec, status } = asObject(raw);
  const { generation } = asObject(metadata);
  const { observedGeneration, desiredNumberScheduled, updatedNumberScheduled, ...counts } = asObject(status);
  if (typeof generation !== 'number' || typeof observedGeneration !== 'number') return true;
  if (observedGeneration < generation) return false;
  const wanted = number(desiredNumberScheduled ?? asObject(spec).replicas ?? 1);
  const updated = number(updatedNumberScheduled ?? counts.updatedReplicas);
  const available = number(counts.numberAvailable ?? counts.availableReplicas);
  return updated >= wanted && available >= wanted;
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
