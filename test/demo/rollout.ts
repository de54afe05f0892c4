/** Follows a rollout of the demo's Deployment to its end. */
import { asList, asObject, asText } from '../../core/json.ts';
import { CONFIG_HASH } from '../../core/names.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { eventually } from '../cluster/deadline.ts';

export interface Rollout {
  readonly stamp: string;
  /** Names of all ReplicaSets the Deployment has had. */
  readonly replicaSets: readonly string[];
}

/** A rollout of two pods takes a second or two here; a busy machine gets longer. */
const DEADLINE_MS = 60_000;

/** Shows each state of the ReplicaSets that differs from the one before, until the newest runs alone. */
export async function followRollout(
  cluster: Cluster,
  previous: Rollout | undefined,
  show: (state: string) => void,
): Promise<Rollout> {
  let shown = '';
  return eventually(
    async () => {
      const { stdout } = await cluster.kubectl(['-n', 'shop', 'get', 'deployment,replicaset', '-o', 'json']);
      const items = asList(asObject(JSON.parse(stdout)).items).map(asObject);
      const deployment = items.find(({ kind }) => kind === 'Deployment');
      const sets = items.filter(({ kind }) => kind === 'ReplicaSet').toSorted(byCreation);
      const state = sets.map(setText).join('   ');
      if (state !== shown) show(state);
      shown = state;
      const stamp = stampIn(deployment);
      const isNew = stamp !== undefined && stamp !== previous?.stamp;
      return isNew && isComplete(deployment) ? { stamp, replicaSets: sets.map(nameOf) } : undefined;
    },
    { what: 'the rollout', deadlineMs: DEADLINE_MS, everyMs: 100 },
  );
}

function byCreation(a: unknown, b: unknown): number {
  const revision = (set: unknown): number =>
    Number(asObject(asObject(asObject(set).metadata).annotations)['deployment.kubernetes.io/revision']);
  return revision(a) - revision(b);
}

function setText(set: unknown): string {
  const { replicas = 0, readyReplicas = 0 } = asObject(asObject(set).status);
  return `${nameOf(set)} ${String(readyReplicas)}/${String(replicas)} ready`;
}

function nameOf(object: unknown): string {
  return asText(asObject(asObject(object).metadata).name) ?? '';
}

function stampIn(deployment: unknown): string | undefined {
  const template = asObject(asObject(asObject(deployment).spec).template);
  return asText(asObject(asObject(template.metadata).annotations)[CONFIG_HASH]);
}

/** As `kubectl rollout status` judges it: the spec was seen, and all pods are new and available. */
function isComplete(deployment: unknown): boolean {
  const { metadata, spec, status } = asObject(deployment);
  const { observedGeneration, replicas, updatedReplicas, availableReplicas } = asObject(status);
  const wanted = asObject(spec).replicas;
  const isSeen = observedGeneration === asObject(metadata).generation;
  return isSeen && updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted;
}
