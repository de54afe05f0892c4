/** What restamp told of a workload: to its owner as Events, to operators as metrics and in the log. */
import { asObject, asText } from '../../core/json.ts';
import type { WorkloadAt, World } from './world.ts';

export interface OwnerEvent {
  readonly reason: string;
  readonly note: string;
  /** `apps/v1 Deployment`: what the Event says it is about. */
  readonly about: string;
}

/** The Events about a workload, oldest first. Events of Kubernetes' own controllers are left out. */
export async function eventsOf(world: World, at: WorkloadAt): Promise<readonly OwnerEvent[]> {
  const [kind] = at.kind.split('.');
  const all = (await world.api.list('Event', at.namespace)).filter(({ reportingController, regarding }) => {
    const { name, kind: about } = asObject(regarding);
    return reportingController === 'restamp.dev/watcher' && name === at.name && about === kind;
  });
  return all
    .toSorted((a, b) => String(a.eventTime).localeCompare(String(b.eventTime)))
    .map(({ reason, note, regarding }) => ({
      reason: asText(reason) ?? '',
      note: asText(note) ?? '',
      about: `${String(asObject(regarding).apiVersion)} ${String(asObject(regarding).kind)}`,
    }));
}

/** The reasons of the Events about a workload, oldest first. */
export async function reasonsOf(world: World, at: WorkloadAt): Promise<readonly string[]> {
  return (await eventsOf(world, at)).map(({ reason }) => reason);
}

/** What the watcher decided about a workload, oldest first: `roll source-changed`. What needs nothing is not logged. */
export function decisionsOf(world: World, at: Pick<WorkloadAt, 'namespace' | 'name'>): readonly string[] {
  return world.restamp.watcher.lines
    .filter(({ message, namespace, name }) => message === 'decided' && namespace === at.namespace && name === at.name)
    .map(({ outcome, reason }) => `${String(outcome)} ${String(reason)}`);
}

/** Waits for a decision about a workload; `times` counts from the start of the test. */
export async function decided(world: World, at: WorkloadAt, decision: string, times = 1): Promise<void> {
  await world.eventually(`the decision ${decision}`, async () => {
    return decisionsOf(world, at).filter((known) => known === decision).length >= times;
  });
}

/** One counter of a page of metrics; nothing where it does not show. */
export function counter(
  metrics: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const text = Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',');
  const start = `${name}${text === '' ? '' : `{${text}}`} `;
  const line = metrics.split('\n').find((candidate) => candidate.startsWith(start));
  return line === undefined ? undefined : Number(line.slice(start.length));
}
