/**
 * What the watcher watches, and what each event means for the index. An event only says where to look: workloads in
 * full (their templates are needed), everything else as metadata, Helm's release Secrets not at all.
 */
import { parseClassStatus } from '../core/class-status.ts';
import { INJECT, MIN_INTERVAL, SETTLE, STRATEGY } from '../core/names.ts';
import type { NamespaceFacts } from '../core/policy.ts';
import type { SourceKind, SourceName } from '../core/source.ts';
import { type WorkloadKind, type WorkloadName, workloadId } from '../core/workload.ts';
import type { Clock } from '../kube/clock.ts';
import { type ObjectMetadata, parseMetadata } from '../kube/metadata.ts';
import { CLASS_STATUSES, CONFIG_MAPS, NAMESPACES, type Resource, resourcePath, SECRETS } from '../kube/path.ts';
import { Reflector, type ReflectorEvents, type Sink } from '../kube/reflector.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { type ParsedWorkload, parseIndexed } from './indexed.ts';
import type { LabelTest, WatcherRules } from './rules.ts';
import type { WorkloadIndex } from './workload-index.ts';

export interface FeedsOptions {
  readonly index: WorkloadIndex;
  /** Called with the workloads that have to be looked at. */
  readonly onDirty: (ids: readonly string[]) => void;
  readonly onGone: (id: string) => void;
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly events: ReflectorEvents;
  readonly rules: WatcherRules;
}

/** A feed, whatever it reflects. */
export type Feed = Reflector<unknown>;

/** A Secret of this type is a Helm release: up to 1 MiB each, written at every upgrade, and nobody's configuration. */
const NO_HELM_RELEASES = { fieldSelector: 'type!=helm.sh/release.v1' };

/** The feed of the namespaces themselves. Where only some are watched there is none: each of them is asked for (`namespace-poll.ts`). */
export function namespaceFeeds(options: FeedsOptions): readonly Feed[] {
  if (options.rules.namespaces.length > 0) return [];
  return [metadataFeed(options, { resource: NAMESPACES, sink: namespaceSink(options) })];
}

/** The feeds of ConfigMaps and Secrets, less the kinds that are ignored. */
export function sourceFeeds(options: FeedsOptions): readonly Feed[] {
  const { ignoredSources, sourceSelector } = options.rules;
  const selected = sourceSelector === undefined ? {} : { labelSelector: sourceSelector.text };
  return scopes(options).flatMap((scope) => [
    ...(ignoredSources.has('ConfigMap')
      ? []
      : [
          metadataFeed(options, {
            ...scope,
            resource: CONFIG_MAPS,
            query: selected,
            sink: sourceSink('ConfigMap', options, scope),
          }),
        ]),
    ...(ignoredSources.has('Secret')
      ? []
      : [
          metadataFeed(options, {
            ...{ ...scope, resource: SECRETS, query: { ...NO_HELM_RELEASES, ...selected } },
            sink: sourceSink('Secret', options, scope),
          }),
        ]),
  ]);
}

/** The feeds of one kind of workload. */
export function workloadFeeds(options: FeedsOptions, kindInfo: WorkloadKind): readonly Feed[] {
  return scopes(options).map((scope) =>
    feed(options, {
      ...{ ...scope, resource: kindInfo, metadataOnly: false },
      parse: (object) => parseIndexed(object, kindInfo, options.rules),
      sink: workloadSink(kindInfo, options, scope),
    }),
  );
}

/** The feeds of what pods tell of the classes they mounted. */
export function classFeeds(options: FeedsOptions): readonly Feed[] {
  return scopes(options).map((scope) =>
    feed(options, {
      ...{ ...scope, resource: CLASS_STATUSES, metadataOnly: false },
      parse: parseClassStatus,
      sink: classSink(options, scope),
    }),
  );
}

/** What is left in the index of a kind that is not served any more. */
export function forgetKind(kindInfo: WorkloadKind, { index, onDirty, onGone }: FeedsOptions): void {
  for (const workload of [...index.workloadsOfKind(kindInfo.kind)]) {
    onDirty(index.deleteWorkload(workloadId(workload)));
    onGone(workloadId(workload));
  }
}

/** What is known of a namespace from its metadata; `undefined` where that says nothing. */
export function namespaceFacts(
  { labels, annotations }: Pick<ObjectMetadata, 'labels' | 'annotations'>,
  selector: LabelTest | undefined,
): NamespaceFacts {
  const settings = [SETTLE, MIN_INTERVAL, STRATEGY].flatMap((name) => {
    const value = annotations[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    inject: labels[INJECT],
    selected: selector === undefined || selector.matches(labels),
    settings: Object.fromEntries(settings),
  };
}

/** One namespace, or all of them. */
interface Scope {
  readonly namespace?: string;
}

function scopes({ rules: { namespaces } }: FeedsOptions): readonly Scope[] {
  return namespaces.length === 0 ? [{}] : namespaces.map((namespace) => ({ namespace }));
}

function within({ namespace }: Scope, name: { namespace: string }): boolean {
  return namespace === undefined || name.namespace === namespace;
}

interface FeedFacts<T> extends Scope {
  readonly resource: Resource;
  readonly query?: Readonly<Record<string, string>>;
  readonly metadataOnly: boolean;
  readonly parse: (object: unknown) => T | undefined;
  readonly sink: Sink<T>;
}

function feed<T>({ transport, clock, events }: FeedsOptions, facts: FeedFacts<T>): Feed {
  const { resource, namespace, query = {}, metadataOnly, parse, sink } = facts;
  return new Reflector({
    ...{ resource: resource.resource, path: resourcePath(resource, { namespace }), query },
    ...{ metadataOnly, parse, sink, transport, clock, events },
  }) as Feed;
}

function metadataFeed(options: FeedsOptions, facts: Omit<FeedFacts<ObjectMetadata>, 'metadataOnly' | 'parse'>): Feed {
  return feed(options, { ...facts, metadataOnly: true, parse: parseMetadata });
}

function workloadSink(
  kindInfo: WorkloadKind,
  { index, onDirty, onGone }: FeedsOptions,
  scope: Scope,
): Sink<ParsedWorkload> {
  return withoutUnseen<WorkloadName, ParsedWorkload>({
    known: () => [...index.workloadsOfKind(kindInfo.kind)].filter((workload) => within(scope, workload)),
    idOf: workloadId,
    applied: ({ advise, ...workload }) => onDirty(index.applyWorkload(workload, advise)),
    deleted: (workload) => {
      onDirty(index.deleteWorkload(workloadId(workload)));
      onGone(workloadId(workload));
    },
  });
}

function namespaceSink({ index, onDirty, rules }: FeedsOptions): Sink<ObjectMetadata> {
  return withoutUnseen<{ name: string }, ObjectMetadata>({
    known: () => index.knownNamespaces(),
    idOf: ({ name }) => name,
    applied: (metadata) =>
      onDirty(index.applyNamespace(metadata.name, namespaceFacts(metadata, rules.namespaceSelector))),
    deleted: ({ name }) => onDirty(index.applyNamespace(name, undefined)),
  });
}

function sourceSink(kind: SourceKind, { index, onDirty }: FeedsOptions, scope: Scope): Sink<ObjectMetadata> {
  return withoutUnseen<Omit<SourceName, 'kind'>, ObjectMetadata>({
    known: () => [...index.knownSources(kind)].filter((source) => within(scope, source)),
    idOf: ({ namespace, name }) => `${namespace}/${name}`,
    applied: ({ namespace, name, resourceVersion }) =>
      onDirty(index.applySource({ kind, namespace, name }, resourceVersion)),
    deleted: ({ namespace, name }) => onDirty(index.deleteSource({ kind, namespace, name })),
  });
}

interface ClassName {
  readonly namespace: string;
  readonly className: string;
}

/** A status that goes is looked at like one that comes: what the others say counts then. */
function classSink({ index, onDirty }: FeedsOptions, scope: Scope): Sink<ClassName & { resourceVersion?: string }> {
  const sourceOf = ({ namespace, className }: ClassName): SourceName => ({
    ...{ kind: 'SecretProviderClass', namespace, name: className },
  });
  return withoutUnseen<ClassName, ClassName & { resourceVersion?: string }>({
    known: () =>
      [...index.knownSources('SecretProviderClass')]
        .filter((source) => within(scope, source))
        .map(({ namespace, name }) => ({ namespace, className: name })),
    idOf: ({ namespace, className }) => `${namespace}/${className}`,
    applied: (status) => onDirty(index.applySource(sourceOf(status), status.resourceVersion ?? '')),
    deleted: (status) => onDirty(index.deleteSource(sourceOf(status))),
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
