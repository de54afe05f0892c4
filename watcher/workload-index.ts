/**
 * Who rolls for what: the watcher's memory. It holds names, references and restamp's own annotations; no content,
 * and nothing at all of a ConfigMap or Secret that nobody rolls for. Told of every object by the reflectors, it
 * answers with the workloads that have to be looked at.
 */
import { equalJson } from '../core/json.ts';
import { equalOurs, type Ours } from '../core/ours.ts';
import { type NamespaceFacts, type PolicyOptions, policy, type Verdict } from '../core/policy.ts';
import { type Reference, usesOf } from '../core/reference.ts';
import { matchesPattern, patternKinds, selectReferences } from '../core/selection.ts';
import { parseSourceId, type SourceId, type SourceKind, type SourceName, sourceId } from '../core/source.ts';
import { type WorkloadKind, type WorkloadName, workloadId } from '../core/workload.ts';

type Annotations = Readonly<Record<string, string>>;

/** A workload as the index keeps it. */
export interface IndexedWorkload extends WorkloadName {
  readonly kindInfo: WorkloadKind;
  readonly uid: string;
  /** Those that policy and settings are read from, and the names of others that were perhaps meant to be. */
  readonly annotations: Annotations;
  readonly templateAnnotations: Annotations;
  /** Those of its pod template, whether they count or not. */
  readonly references: readonly Reference[];
  readonly ours: Ours;
  /** The Deployment whose template it runs (Argo's `workloadRef`). */
  readonly borrows?: { readonly name: string; readonly restarts: boolean };
  /** It is scaled to nothing: it has no pods of its own. */
  readonly idle?: true;
  /** Something is to be done about it besides its configuration: a pause to end, leftovers to remove. */
  readonly needsCare?: true;
}

type Advised = Pick<IndexEntry, 'own' | 'advice'>;

export interface IndexEntry {
  /** With the references of the template it runs, be that its own or another's. */
  readonly workload: IndexedWorkload;
  /** As it was told of. */
  readonly own: IndexedWorkload;
  readonly verdict: Verdict;
  /** The sources it rolls for, as far as they are known by name. */
  readonly sources: readonly string[];
  /** What its owner should know about its annotations. */
  readonly advice: readonly string[];
}

export class WorkloadIndex {
  readonly #options: PolicyOptions;
  /** What holds for a namespace that was not seen. */
  readonly #unseen: NamespaceFacts;
  readonly #entries = new Map<string, IndexEntry>();
  readonly #namespaces = new Map<string, NamespaceFacts>();
  readonly #idsByNamespace = new Map<string, Set<string>>();
  readonly #idsBySource = new Map<string, Set<string>>();
  /** Workloads that select sources by expressions: any source of their namespace may be one. */
  readonly #expressiveIds = new Map<string, Set<string>>();
  /** Workloads that run the template of another, by that one's id. */
  readonly #borrowers = new Map<string, Set<string>>();
  /** The last version seen of each source that somebody rolls for: a relist then finds what changed in between. */
  readonly #sourceVersions = new Map<string, string>();

  constructor(options: PolicyOptions, unseen: NamespaceFacts) {
    this.#options = options;
    this.#unseen = unseen;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): IndexEntry | undefined {
    return this.#entries.get(id);
  }

  namespaceFacts(namespace: string): NamespaceFacts {
    return this.#namespaces.get(namespace) ?? this.#unseen;
  }

  ids(): IterableIterator<string> {
    return this.#entries.keys();
  }

  managedCount(): number {
    let count = 0;
    for (const { verdict } of this.#entries.values()) if (verdict.managed) count += 1;
    return count;
  }

  /**
   * Takes a workload in; answers with what has to be looked at. A change of status alone answers with nothing. `advise`
   * is asked only if something changed.
   */
  applyWorkload(workload: IndexedWorkload, advise: () => readonly string[] = () => []): readonly string[] {
    const id = workloadId(workload);
    const before = this.#entries.get(id)?.own;
    if (before !== undefined && sameForUs(before, workload)) return [];
    const lender = lenderOf(workload);
    const left = before === undefined || lenderOf(before) === lender ? undefined : lenderOf(before);
    this.#returnTo(left, id);
    if (lender !== undefined) addTo(this.#borrowers, lender, id);
    const advice = advise();
    const touched = [id, ...this.#related(id, lender), ...(left === undefined ? [] : [left])];
    return touched.filter((each) => this.#enter(each, { own: workload, advice }));
  }

  /** Forgets a workload; answers with what has to be looked at because of that. */
  deleteWorkload(id: string): readonly string[] {
    const entry = this.#entries.get(id);
    this.#relink(id, entry, undefined);
    this.#entries.delete(id);
    const lender = entry === undefined ? undefined : lenderOf(entry.workload);
    this.#returnTo(lender, id);
    return this.#related(id, lender).filter((touched) => this.#enter(touched, undefined));
  }

  /** What a workload is judged by: its own annotations, before those of a Rollout that runs its template. */
  effectiveAnnotations(workload: IndexedWorkload): Annotations {
    let annotations: Annotations = {};
    for (const id of this.#borrowers.get(workloadId(workload)) ?? []) {
      const borrower = this.#entries.get(id)?.workload;
      if (borrower?.borrows?.restarts === false) annotations = { ...annotations, ...borrower.annotations };
    }
    return { ...annotations, ...workload.annotations };
  }

  /** Takes in what is known of a namespace, `undefined` where it is gone; answers with what has to be looked at. */
  applyNamespace(namespace: string, facts: NamespaceFacts | undefined): readonly string[] {
    if (equalJson(this.namespaceFacts(namespace), facts ?? this.#unseen)) return [];
    if (facts === undefined) this.#namespaces.delete(namespace);
    else this.#namespaces.set(namespace, facts);
    return [...(this.#idsByNamespace.get(namespace) ?? [])].filter((id) => this.#enter(id, undefined));
  }

  /** A source was seen at a version; answers with the workloads that roll for it, if the version is new. */
  applySource(source: SourceName, version: string): readonly string[] {
    const key = sourceKey(source);
    if (this.#sourceVersions.get(key) === version) return [];
    const ids = this.#idsOf(source, key);
    if (ids.length > 0) this.#sourceVersions.set(key, version);
    return ids;
  }

  /** A source is gone; answers with the workloads that roll for it. */
  deleteSource(source: SourceName): readonly string[] {
    const key = sourceKey(source);
    this.#sourceVersions.delete(key);
    return this.#idsOf(source, key);
  }

  /** The sources of a kind that somebody rolls for: after a relist, those it did not show are gone. */
  *knownSources(kind: SourceKind): IterableIterator<SourceName> {
    for (const key of new Set([...this.#idsBySource.keys(), ...this.#sourceVersions.keys()])) {
      const source = parseSourceKey(key);
      if (source.kind === kind) yield source;
    }
  }

  *workloadsOfKind(kind: string): IterableIterator<IndexedWorkload> {
    for (const { workload } of this.#entries.values()) if (workload.kind === kind) yield workload;
  }

  *knownNamespaces(): IterableIterator<{ name: string }> {
    for (const name of this.#namespaces.keys()) yield { name };
  }

  /** Judges a workload anew, with `now` if it is the one that was told of; answers whether it has to be looked at. */
  #enter(id: string, now: Advised | undefined): boolean {
    const known = this.#entries.get(id);
    const told = now !== undefined && workloadId(now.own) === id ? now : known;
    if (told === undefined) return false;
    const entry = this.#judged(told);
    this.#entries.set(id, entry);
    this.#relink(id, known, entry);
    if (!entry.verdict.managed && entry.workload.needsCare !== true && entry.advice.length === 0) return false;
    return known === undefined || now !== undefined || !sameVerdict(known, entry);
  }

  #judged({ own, advice }: Advised): IndexEntry {
    const { namespace, templateAnnotations, borrows } = own;
    const lender = borrows === undefined ? undefined : this.#entries.get(lenderOf(own) ?? '')?.own;
    const references = lender?.references ?? own.references;
    const judged = {
      namespace,
      annotations: this.effectiveAnnotations(own),
      template: { annotations: lender?.templateAnnotations ?? templateAnnotations, spec: undefined },
    };
    // What runs another's template, and is not restarted by itself, is that one's business.
    const verdict: Verdict =
      borrows?.restarts === false
        ? { managed: false, reason: 'not-opted-in' }
        : this.#isLentToRestart(own)
          ? policyOfOwnWords(judged, this.namespaceFacts(namespace), this.#options)
          : policy(judged, this.namespaceFacts(namespace), this.#options);
    const selected = verdict.managed ? selectReferences(references.flatMap(usesOf), verdict.selection) : [];
    return {
      workload: lender === undefined ? own : { ...own, references },
      own,
      verdict,
      advice,
      sources: selected.map((reference) => sourceKey({ ...reference, namespace: reference.namespace ?? namespace })),
    };
  }

  /** A Rollout runs its template and is restarted by itself. With no pods of its own, a stamp would be a second rollout of that. */
  #isLentToRestart(workload: IndexedWorkload): boolean {
    if (workload.idle !== true) return false;
    const borrowers = [...(this.#borrowers.get(workloadId(workload)) ?? [])];
    return borrowers.some((id) => this.#entries.get(id)?.own.borrows?.restarts === true);
  }

  /** Whoever has to be judged anew with a workload: those that run its template, and the one whose template it runs. */
  #related(id: string, lender: string | undefined): readonly string[] {
    return [...(this.#borrowers.get(id) ?? []), ...(lender === undefined ? [] : [lender])];
  }

  #returnTo(lender: string | undefined, id: string): void {
    if (lender !== undefined) removeFrom(this.#borrowers, lender, id);
  }

  #idsOf(source: SourceName, key: string): readonly string[] {
    const ids = new Set(this.#idsBySource.get(key));
    for (const id of this.#expressiveIds.get(source.namespace) ?? []) {
      const verdict = this.#entries.get(id)?.verdict;
      if (verdict?.managed && matchesPattern(verdict.selection, source)) ids.add(id);
    }
    return [...ids];
  }

  /** Moves a workload from the sources and the namespace it was found under to those of now. */
  #relink(id: string, before: IndexEntry | undefined, now: IndexEntry | undefined): void {
    const sources = new Set(now?.sources);
    for (const key of sources) addTo(this.#idsBySource, key, id);
    for (const key of before?.sources ?? []) {
      if (!sources.has(key) && removeFrom(this.#idsBySource, key, id)) this.#sourceVersions.delete(key);
    }
    const namespace = (now ?? before)?.workload.namespace ?? '';
    if (now === undefined) removeFrom(this.#idsByNamespace, namespace, id);
    else addTo(this.#idsByNamespace, namespace, id);
    if (isExpressive(now)) addTo(this.#expressiveIds, namespace, id);
    else if (removeFrom(this.#expressiveIds, namespace, id)) this.#forgetUnnamed(namespace);
  }

  /** Nobody in the namespace selects by expression any more: of its sources those that are named are remembered. */
  #forgetUnnamed(namespace: string): void {
    for (const key of this.#sourceVersions.keys()) {
      if (key.startsWith(`${namespace}/`) && !this.#idsBySource.has(key)) this.#sourceVersions.delete(key);
    }
  }
}

/** What a workload says by itself decides, not that everything around it is managed. */
function policyOfOwnWords(
  workload: Parameters<typeof policy>[0],
  facts: NamespaceFacts,
  options: PolicyOptions,
): Verdict {
  const inject = facts.inject === 'enabled' ? undefined : facts.inject;
  return policy(workload, { ...facts, inject }, { ...options, all: false });
}

function lenderOf({ borrows, namespace }: IndexedWorkload): string | undefined {
  return borrows === undefined ? undefined : workloadId({ kind: 'Deployment', namespace, name: borrows.name });
}

function isExpressive(entry: IndexEntry | undefined): boolean {
  return entry?.verdict.managed === true && patternKinds(entry.verdict.selection).size > 0;
}

/** Neither a namespace nor a kind can hold a slash; the name comes last, whatever it holds. */
function sourceKey({ kind, namespace, name }: SourceName): string {
  return `${namespace}/${sourceId({ kind, name })}`;
}

function parseSourceKey(key: string): SourceName {
  const slash = key.indexOf('/');
  const namespace = key.slice(0, slash);
  const id = key.slice(slash + 1) as SourceId;
  return { ...parseSourceId(id, namespace), namespace, name: id.slice(id.indexOf('/') + 1) };
}

function addTo(map: Map<string, Set<string>>, key: string, id: string): void {
  const set = map.get(key) ?? new Set();
  map.set(key, set.add(id));
}

/** Answers whether that was the last id under the key. */
function removeFrom(map: Map<string, Set<string>>, key: string, id: string): boolean {
  const set = map.get(key);
  return set?.delete(id) === true && set.size === 0 && map.delete(key);
}

/** Whether nothing changed that a decision looks at. */
function sameForUs(a: IndexedWorkload, b: IndexedWorkload): boolean {
  const text = ({
    uid,
    annotations,
    templateAnnotations,
    needsCare,
    borrows,
    idle,
    references,
  }: IndexedWorkload): string =>
    JSON.stringify([
      [uid, annotations, templateAnnotations, needsCare, borrows, idle],
      references.map(({ kind, name, need, all, keys }) => [kind, name, need, all, ...keys]),
    ]);
  return equalOurs(a.ours, b.ours) && text(a) === text(b);
}

/** Whether a workload that did not change itself is judged as before. */
function sameVerdict(a: IndexEntry, b: IndexEntry): boolean {
  return a.verdict.managed === b.verdict.managed && equalJson(a.sources, b.sources);
}
