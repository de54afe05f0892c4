/**
 * What the watcher watches, and what each event means for the index. An event only says where to look: workloads in
 * full (their templates are needed), everything else as metadata, Helm's release Secrets not at all.
 */
import { INJECT } from '../core/names.ts';
import { oursOf } from '../core/ours.ts';
import { parseWorkload } from '../core/parse.ts';
import { references } from '../core/reference.ts';
import type { SourceKind, SourceName } from '../core/source.ts';
import { WORKLOAD_KINDS, type Workload, type WorkloadKind, type WorkloadName, workloadId } from '../core/workload.ts';
import type { Clock } from '../kube/clock.ts';
import { type ObjectMetadata, parseMetadata } from '../kube/metadata.ts';
import { CONFIG_MAPS, NAMESPACES, type Resource, resourcePath, SECRETS } from '../kube/path.ts';
import { Reflector, type ReflectorEvents, type Sink } from '../kube/reflector.ts';
import type { KubeTransport } from '../kube/transport.ts';
import type { IndexedWorkload, WorkloadIndex } from './workload-index.ts';

export interface FeedsOptions {
  readonly index: WorkloadIndex;
  /** Called with the workloads that have to be looked at. */
  readonly onDirty: (ids: readonly string[]) => void;
  readonly onGone: (id: string) => void;
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly events: ReflectorEvents;
}

/** A Secret of this type is a Helm release: up to 1 MiB each, written at every upgrade, and nobody's configuration. */
const NO_HELM_RELEASES = { fieldSelector: 'type!=helm.sh/release.v1' };

/** All reflectors of the watcher, not yet running. */
export function createFeeds(options: FeedsOptions): readonly Reflector<unknown>[] {
  return [
    metadataFeed(options, { resource: NAMESPACES, sink: namespaceSink(options) }),
    ...WORKLOAD_KINDS.map((kindInfo) => workloadFeed(options, kindInfo)),
    metadataFeed(options, { resource: CONFIG_MAPS, sink: sourceSink('ConfigMap', options) }),
    metadataFeed(options, { resource: SECRETS, query: NO_HELM_RELEASES, sink: sourceSink('Secret', options) }),
  ];
}

interface MetadataFeed {
  readonly resource: Resource;
  readonly query?: Readonly<Record<string, string>>;
  readonly sink: Sink<ObjectMetadata>;
}

function metadataFeed({ transport, clock, events }: FeedsOptions, feed: MetadataFeed): Reflector<unknown> {
  return new Reflector({
    resource: feed.resource.resource,
    path: resourcePath(feed.resource),
    query: feed.query ?? {},
    metadataOnly: true,
    parse: parseMetadata,
    sink: feed.sink,
    transport,
    clock,
    events,
  }) as Reflector<unknown>;
}

function workloadFeed(options: FeedsOptions, kindInfo: WorkloadKind): Reflector<unknown> {
  const { transport, clock, events } = options;
  return new Reflector({
    resource: kindInfo.resource,
    path: resourcePath(kindInfo),
    metadataOnly: false,
    parse: (object) => parseIndexed(object, kindInfo),
    sink: workloadSink(kindInfo, options),
    transport,
    clock,
    events,
  }) as Reflector<unknown>;
}

function parseIndexed(object: unknown, kindInfo: WorkloadKind): IndexedWorkload | undefined {
  const workload = parseWorkload(object, { kind: kindInfo.kind, namespace: '' });
  return workload === undefined ? undefined : indexedWorkload(workload, kindInfo);
}

/** What the index keeps of a workload: of its annotations those that are read, of its template the references. */
export function indexedWorkload(workload: Workload, kindInfo: WorkloadKind): IndexedWorkload {
  const { namespace, name, uid, annotations, template } = workload;
  const inject = annotations[INJECT];
  return {
    kind: kindInfo.kind,
    namespace,
    name,
    uid,
    kindInfo,
    annotations: inject === undefined ? {} : { [INJECT]: inject },
    references: references(template.spec),
    ours: oursOf(workload),
  };
}

function workloadSink(kindInfo: WorkloadKind, { index, onDirty, onGone }: FeedsOptions): Sink<IndexedWorkload> {
  return withoutUnseen<WorkloadName, IndexedWorkload>({
    known: () => index.workloadsOfKind(kindInfo.kind),
    idOf: workloadId,
    applied: (workload) => {
      if (index.applyWorkload(workload)) onDirty([workloadId(workload)]);
    },
    deleted: (workload) => {
      index.deleteWorkload(workloadId(workload));
      onGone(workloadId(workload));
    },
  });
}

function namespaceSink({ index, onDirty }: FeedsOptions): Sink<ObjectMetadata> {
  return withoutUnseen<{ name: string }, ObjectMetadata>({
    known: () => index.labelledNamespaces(),
    idOf: ({ name }) => name,
    applied: ({ name, labels }) => onDirty(index.applyNamespace(name, labels[INJECT])),
    deleted: ({ name }) => onDirty(index.applyNamespace(name, undefined)),
  });
}

function sourceSink(kind: SourceKind, { index, onDirty }: FeedsOptions): Sink<ObjectMetadata> {
  return withoutUnseen<Omit<SourceName, 'kind'>, ObjectMetadata>({
    known: () => index.referencedSources(kind),
    idOf: ({ namespace, name }) => `${namespace}/${name}`,
    applied: ({ namespace, name, resourceVersion }) =>
      onDirty(index.applySource({ kind, namespace, name }, resourceVersion)),
    deleted: ({ namespace, name }) => onDirty(index.deleteSource({ kind, namespace, name })),
  });
}

interface Handler<Name, T extends Name> {
  /** What is known to exist, before a list begins. */
  readonly known: () => Iterable<Name>;
  readonly idOf: (name: Name) => string;
  readonly applied: (object: T) => void;
  readonly deleted: (name: Name) => void;
}

/** A sink that takes what was known and does not show in a list as deleted: its event was missed. */
function withoutUnseen<Name, T extends Name>({ known, idOf, applied, deleted }: Handler<Name, T>): Sink<T> {
  const unseen = new Map<string, Name>();
  return {
    begin: () => {
      unseen.clear();
      for (const name of known()) unseen.set(idOf(name), name);
    },
    applied: (object) => {
      unseen.delete(idOf(object));
      applied(object);
    },
    deleted,
    complete: () => {
      for (const name of unseen.values()) deleted(name);
      unseen.clear();
    },
  };
}
