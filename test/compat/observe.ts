/** What is seen of a case's workload at a moment, and whether two moments differ as they should. */
import { asList, asObject, asText, equalJson, type JsonObject, parseJson, stringMap } from '../../core/json.ts';
import { HISTORY, RECORD } from '../../core/names.ts';
import type { CompatCase, Outcome } from './case.ts';
import type { Client } from './client.ts';
import { revisionKindOf, templateOf, type WorkloadKind } from './kinds.ts';

/** A workload at a moment. */
export interface Sight {
  readonly kind: WorkloadKind;
  readonly workload: JsonObject;
  readonly uid: string;
  readonly generation: number;
  readonly template: JsonObject;
  readonly annotations: Readonly<Record<string, string>>;
  /** Objects its controller made for its templates: ReplicaSets or ControllerRevisions. */
  readonly revisions: number;
  /** Jobs it owns. */
  readonly jobs: readonly JsonObject[];
  /** Notes of the Events about it, of cases that want them. */
  readonly events: readonly string[];
  /** Requests that have arrived at the group's sink. */
  readonly posts: number;
}

/** Every case's workload, by the case's id. One that does not exist is not there. */
export type Snapshot = ReadonlyMap<string, Sight>;

export const GROUP_LABEL = 'compat-group';

/** Where to look: a group's workloads are found by a label, its sink is asked. */
export interface View {
  readonly client: Client;
  readonly group: string;
  readonly posts: () => number;
}

/** Looks at all workloads of a group with one request for each kind. */
export async function look({ client, group, posts }: View, cases: readonly CompatCase[]): Promise<Snapshot> {
  const kinds = [...new Set(cases.map(({ kind }) => kind))];
  const selector = `${GROUP_LABEL}=${group}`;
  const owned = [...new Set(kinds.flatMap((kind) => revisionKindOf(kind) ?? []))];
  const withJobs = kinds.includes('CronJob');
  const withEvents = cases.some(({ events }) => events);
  const [workloads, revisions, jobs, events] = await Promise.all([
    Promise.all(kinds.map((kind) => client.list(kind, selector))),
    Promise.all(owned.map((kind) => client.list(kind, selector, 'metadata'))),
    // A Job that somebody makes of a CronJob need not carry the label.
    withJobs ? client.list('Job', '') : Promise.resolve([]),
    withEvents ? client.list('Event', '') : Promise.resolve([]),
  ]);
  const found = new Map(
    kinds.flatMap((kind, index) => (workloads[index] ?? []).map((object) => [placeOf(kind, object), object] as const)),
  );
  const revisionsByOwner = countByOwner(revisions.flat());
  return new Map(
    cases.flatMap(({ id, kind, workload }) => {
      const object = found.get(`${kind} ${id}/${String(asObject(workload.metadata).name)}`);
      return object === undefined
        ? []
        : [[id, sightOf(kind, object, { revisionsByOwner, jobs, events, posts: posts() })] as const];
    }),
  );
}

interface Around {
  readonly revisionsByOwner: ReadonlyMap<string, number>;
  readonly jobs: readonly JsonObject[];
  readonly events: readonly JsonObject[];
  readonly posts: number;
}

function sightOf(kind: WorkloadKind, workload: JsonObject, around: Around): Sight {
  const metadata = asObject(workload.metadata);
  const uid = String(metadata.uid);
  return {
    kind,
    workload,
    uid,
    generation: Number(metadata.generation ?? 0),
    template: templateOf(kind, workload),
    annotations: stringMap(metadata.annotations),
    revisions: around.revisionsByOwner.get(uid) ?? 0,
    jobs: around.jobs.filter((job) => ownersOf(job).includes(uid)),
    events: around.events
      .filter(({ regarding }) => asObject(regarding).uid === uid)
      .flatMap(({ note }) => asText(note) ?? []),
    posts: around.posts,
  };
}

function placeOf(kind: WorkloadKind, object: JsonObject): string {
  const { namespace, name } = asObject(object.metadata);
  return `${kind} ${String(namespace)}/${String(name)}`;
}

function ownersOf(object: JsonObject): readonly string[] {
  return asList(asObject(object.metadata).ownerReferences).flatMap((owner) => asText(asObject(owner).uid) ?? []);
}

function countByOwner(objects: readonly JsonObject[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const uid of objects.flatMap(ownersOf)) counts.set(uid, (counts.get(uid) ?? 0) + 1);
  return counts;
}

/** Whether the watcher has written down what it knows of a workload. */
export function isRecorded({ annotations }: Sight): boolean {
  return annotations[RECORD] !== undefined;
}

/** Whether the workload's controller has made its first revision, where there is such a controller. */
export function isRolledOut({ kind, revisions, workload }: Sight): boolean {
  const paused = asObject(workload.spec).paused === true;
  return revisionKindOf(kind) === undefined || revisions > 0 || paused;
}

/** What is wrong with what came of a change; nothing if it is as it should be. */
export function complaint(outcome: Outcome, now: Sight, before: Sight): string | undefined {
  const wrong = EXPECTATIONS[outcome](now, before);
  return wrong === undefined ? undefined : `${wrong} (${difference(now, before)})`;
}

const EXPECTATIONS: Readonly<Record<Outcome, (now: Sight, before: Sight) => string | undefined>> = {
  rolls: (now, before) => {
    if (sameTemplate(now, before)) return 'it did not roll';
    const count = revisionKindOf(now.kind) === undefined ? specWrites(now, before) : now.revisions - before.revisions;
    return count === 1 ? undefined : `it rolled ${count} times`;
  },
  stamped: (now, before) => {
    if (sameTemplate(now, before)) return 'its template was not stamped';
    if (specWrites(now, before) !== 1) return `its spec was written ${specWrites(now, before)} times`;
    return now.revisions === before.revisions ? undefined : 'it rolled though it waits for its owner';
  },
  stays: (now, before) => {
    if (now.uid !== before.uid) return 'it was created anew';
    if (!sameTemplate(now, before)) return 'its template changed';
    if (now.revisions !== before.revisions) return 'it has another revision';
    if (!equalJson(now.workload.spec, before.workload.spec)) return 'its spec changed';
    return newJobs(now, before).length === 0 ? undefined : 'a Job of it was created';
  },
  restarts: (now, before) => {
    if (!sameTemplate(now, before)) return 'its template changed';
    if (restartAt(now) === undefined || restartAt(now) === restartAt(before)) return 'spec.restartAt was not set';
    return specWrites(now, before) === 1 ? undefined : `its spec was written ${specWrites(now, before)} times`;
  },
  runs: (now, before) => {
    const count = newJobs(now, before).length;
    return count === 1 ? undefined : `${count} Jobs of it were created`;
  },
  recreated: (now, before) => {
    if (now.uid === before.uid) return 'it was not created anew';
    const count = told(now) - told(before);
    return count === 1 ? undefined : `it was created anew ${count} times, as its history tells`;
  },
  resumes: (now, before) => {
    if (!sameTemplate(now, before)) return 'its template changed once more';
    const count = now.revisions - before.revisions;
    return count === 1 ? undefined : `it rolled ${count} times`;
  },
  posts: (now, before) => {
    if (!sameTemplate(now, before)) return 'its template changed';
    const count = now.posts - before.posts;
    return count === 1 ? undefined : `${count} requests arrived`;
  },
  changes: () => undefined,
};

/** How often the spec was written, as the API server counts; of a Deployment it counts writes of annotations too. */
function specWrites(now: Sight, before: Sight): number {
  return now.generation - before.generation;
}

function sameTemplate(now: Sight, before: Sight): boolean {
  return equalJson(now.template, before.template);
}

/** How many rollouts its history tells of: of a Job that is gone nothing else does. */
function told({ annotations }: Sight): number {
  return asList(parseJson(annotations[HISTORY] ?? '')).length;
}

/** The Jobs of a CronJob that were not there before. */
export function newJobs(now: Sight, before: Sight): readonly JsonObject[] {
  const known = new Set(before.jobs.map(uidOf));
  return now.jobs.filter((job) => !known.has(uidOf(job)));
}

function uidOf(object: JsonObject): string {
  return String(asObject(object.metadata).uid);
}

export function restartAt({ workload }: Sight): string | undefined {
  return asText(asObject(workload.spec).restartAt);
}

function difference(now: Sight, before: Sight): string {
  const template = sameTemplate(now, before) ? 'template unchanged' : 'template changed';
  const figures = [
    `generation ${before.generation} to ${now.generation}`,
    `revisions ${before.revisions} to ${now.revisions}`,
  ];
  const jobs = now.kind === 'CronJob' ? [`${newJobs(now, before).length} new Jobs`] : [];
  return [template, ...figures, ...jobs].join(', ');
}
