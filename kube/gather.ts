/** Gathers what is decided on, for webhook and watcher alike: the references that count, and what their sources hold now. */
import type { Gathered } from '../core/digest.ts';
import type { Use } from '../core/reference.ts';
import {
  applicable,
  type Candidates,
  patternKinds,
  patternTexts,
  type Selection,
  type SourceRules,
  selectReferences,
} from '../core/selection.ts';
import type { SourceKind } from '../core/source.ts';
import { listSourceNames, readSources } from './reader.ts';
import type { KubeTransport } from './transport.ts';

export interface GatherOptions {
  readonly transport: KubeTransport;
  readonly sources: SourceRules;
}

export interface Gatherable {
  readonly namespace: string;
  /** What the pod template refers to. */
  readonly uses: readonly Use[];
  readonly selection: Selection;
}

/** Reads live, in parallel. Rejects if anything cannot be read: what is not known must not be decided on. */
export async function gather(
  { namespace, uses, selection }: Gatherable,
  options: GatherOptions,
  signal?: AbortSignal,
): Promise<Gathered> {
  const candidates = await readCandidates(namespace, patternKinds(selection), options.transport, signal);
  const selected = selectReferences(uses, selection, candidates);
  const sources = await readSources(options.transport, namespace, selected, signal);
  return { references: applicable(selected, sources, options.sources), sources, patterns: patternTexts(selection) };
}

async function readCandidates(
  namespace: string,
  kinds: ReadonlySet<SourceKind>,
  transport: KubeTransport,
  signal: AbortSignal | undefined,
): Promise<Candidates> {
  const named = [...kinds].map(
    async (kind) => [kind, await listSourceNames(transport, { kind, namespace }, signal)] as const,
  );
  return new Map(await Promise.all(named));
}
