/**
 * Who refers to what: the watcher's memory. It holds names, references and restamp's own annotations; no content,
 * and nothing at all of a ConfigMap or Secret that nobody refers to. Told of every object by the reflectors, it
 * answers with the workloads that have to be looked at.
 */
import { equalOurs, type Ours } from '../core/ours.ts';
import { type PolicyOptions, policy, type Verdict } from '../core/policy.ts';
import type { Reference } from '../core/reference.ts';
import { type SourceKind, type SourceName, sourceId } from '../core/source.ts';
import { type WorkloadKind, type WorkloadName, workloadId } from '../core/workload.ts';

/** A workload as the index keeps it. */
export interface IndexedWorkload extends WorkloadName {
  readonly kindInfo: WorkloadKind;
  readonly uid: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly references: readonly Reference[];
  readonly ours: Ours;
}

interface IndexEntry {
  readonly workload: IndexedWorkload;
  readonly verdict: Verdict;
}

export class WorkloadIndex {
  readonly #options: PolicyOptions;
  readonly #entries = new Map<string, IndexEntry>();
  readonly #namespaceLabels = new Map<string, string>();
  readonly #idsByNamespace = new Map<string, Set<string>>();
  readonly #idsBySource = new Map<string, Set<string>>();
  /** The last version seen of each source that is referred to: a relist then finds what changed in between. */
  readonly #sourceVersions = new Map<string, string>();

  constructor(options: PolicyOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): IndexEntry | undefined {
    return this.#entries.get(id);
  }

  namespaceLabel(namespace: string): string | undefined {
    return this.#namespaceLabels.get(namespace);
  }

  ids(): IterableIterator<string> {
    return this.#entries.keys();
  }

  managedCount(): number {
    let count = 0;
    for (const { verdict } of this.#entries.values()) if (verdict.managed) count += 1;
    return count;
  }

  /** Takes a workload in; answers whether it has to be looked at. A change of status alone says no. */
  applyWorkload(workload: IndexedWorkload): boolean {
    const id = workloadId(workload);
    const known = this.#entries.get(id);
    const verdict = policy(workload, this.#namespaceLabels.get(workload.namespace), this.#options);
    this.#entries.set(id, { workload, verdict });
    this.#relink(id, known, { workload, verdict });
    return verdict.managed && (known === undefined || !sameForUs(known, { workload, verdict }));
  }

  deleteWorkload(id: string): void {
    this.#relink(id, this.#entries.get(id), undefined);
    this.#entries.delete(id);
  }

  /** Takes in a namespace's `restamp.dev/inject` label; answers with the workloads that came to be managed by it. */
  applyNamespace(namespace: string, label: string | undefined): readonly string[] {
    if (this.#namespaceLabels.get(namespace) === label) return [];
    if (label === undefined) this.#namespaceLabels.delete(namespace);
    else this.#namespaceLabels.set(namespace, label);
    return [...(this.#idsByNamespace.get(namespace) ?? [])].filter((id) => {
      const entry = this.#entries.get(id);
      return entry !== undefined && this.applyWorkload(entry.workload);
    });
  }

  /** A source was seen at a version; answers with the managed workloads that refer to it, if the version is new. */
  applySource(source: SourceName, version: string): readonly string[] {
    const key = sourceKey(source);
    const ids = this.#idsBySource.get(key);
    if (ids === undefined || this.#sourceVersions.get(key) === version) return [];
    this.#sourceVersions.set(key, version);
    return [...ids];
  }

  /** A source is gone; answers with the managed workloads that refer to it. */
  deleteSource(source: SourceName): readonly string[] {
    const key = sourceKey(source);
    this.#sourceVersions.delete(key);
    return [...(this.#idsBySource.get(key) ?? [])];
  }

  /** The sources of a kind that managed workloads refer to: after a relist, those it did not show are gone. */
  *referencedSources(kind: SourceKind): IterableIterator<SourceName> {
    for (const key of this.#idsBySource.keys()) {
      const source = parseSourceKey(key);
      if (source.kind === kind) yield source;
    }
  }

  *workloadsOfKind(kind: string): IterableIterator<IndexedWorkload> {
    for (const { workload } of this.#entries.values()) if (workload.kind === kind) yield workload;
  }

  *labelledNamespaces(): IterableIterator<{ name: string }> {
    for (const name of this.#namespaceLabels.keys()) yield { name };
  }

  /** Moves a workload from the sources and the namespace it was found under to those of now. */
  #relink(id: string, before: IndexEntry | undefined, now: IndexEntry | undefined): void {
    const sources = new Set(sourcesOf(now));
    for (const key of sources) addTo(this.#idsBySource, key, id);
    for (const key of sourcesOf(before)) {
      if (!sources.has(key) && removeFrom(this.#idsBySource, key, id)) this.#sourceVersions.delete(key);
    }
    if (now !== undefined) addTo(this.#idsByNamespace, now.workload.namespace, id);
    else if (before !== undefined) removeFrom(this.#idsByNamespace, before.workload.namespace, id);
  }
}

function sourcesOf(entry: IndexEntry | undefined): readonly string[] {
  if (!entry?.verdict.managed) return [];
  const { workload } = entry;
  return workload.references.map(({ kind, name }) => sourceKey({ kind, namespace: workload.namespace, name }));
}

/** Neither a namespace nor a kind can hold a slash; the name comes last, whatever it holds. */
function sourceKey({ kind, namespace, name }: SourceName): string {
  return `${namespace}/${sourceId({ kind, name })}`;
}

function parseSourceKey(key: string): SourceName {
  const [namespace = '', prefix, ...name] = key.split('/');
  return { kind: prefix === 'configmap' ? 'ConfigMap' : 'Secret', namespace, name: name.join('/') };
}

function addTo(map: Map<string, Set<string>>, key: string, id: string): void {
  const set = map.get(key) ?? new Set();
  map.set(key, set.add(id));
}

/** Answers whether that was the last id under the key. */
function removeFrom(map: Map<string, Set<string>>, key: string, id: string): boolean {
  const set = map.get(key);
  set?.delete(id);
  return set?.size === 0 && map.delete(key);
}

/** Whether nothing changed that a decision looks at. */
function sameForUs(a: IndexEntry, b: IndexEntry): boolean {
  return (
    a.verdict.managed === b.verdict.managed &&
    a.workload.uid === b.workload.uid &&
    equalOurs(a.workload.ours, b.workload.ours) &&
    referenceText(a.workload.references) === referenceText(b.workload.references)
  );
}

function referenceText(references: readonly Reference[]): string {
  return JSON.stringify(references.map(({ kind, name, need, all, keys }) => [kind, name, need, all, ...keys]));
}
