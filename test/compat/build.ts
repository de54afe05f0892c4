/** From a row of a table to a case: what a row leaves out is the same for most. */
import { asObject, type JsonObject, stringMap } from '../../core/json.ts';
import { edit } from './actions.ts';
import type { Action, CompatCase, Flip, Form, Group, Outcome, Use } from './case.ts';
import { type SourceKind, templateOf, type WorkloadKind } from './kinds.ts';
import { podUsing, sourceObject, type Texts, type WorkloadParts, workload } from './manifest.ts';

/** What a row says; `source` is the kind of the one source named `source` that the workload uses and that changes. */
export interface Row extends Partial<Omit<CompatCase, 'flip' | 'covers' | 'group' | 'tool'>> {
  readonly id: string;
  readonly name: string;
  readonly source?: SourceKind;
  readonly annotations?: Texts;
  readonly templateAnnotations?: Texts;
  /** Annotations and labels of the source. */
  readonly sourceMetadata?: JsonObject;
  readonly parts?: WorkloadParts;
  /** Flags and annotations that the manifests do not show. */
  readonly covers?: readonly string[];
  readonly outcome?: Outcome;
  readonly flip?: Flip;
}

export interface Table {
  readonly tool: 'reloader' | 'wave';
  readonly group: Group;
  readonly form: Form;
}

/** The cases of a table's rows. */
export function casesOf(table: Table, rows: readonly Row[]): readonly CompatCase[] {
  return rows.map((row) => caseOf(table, row));
}

function caseOf({ tool, group, form }: Table, row: Row): CompatCase {
  const { kind = 'Deployment', use = 'env-from', source = 'ConfigMap' } = row;
  const { annotations = {}, templateAnnotations = {}, parts = {}, sourceMetadata = {}, covers = [], ...rest } = row;
  const pod = parts.pod ?? podUsing(use, source);
  const {
    workload: object = workload(kind, { ...parts, annotations, templateAnnotations, pod }),
    sources = [sourceObject(source, 'source', sourceMetadata)],
    change = [edit(source)],
    outcome = 'rolls',
  } = rest;
  return {
    form,
    ...withoutSource(rest),
    tool,
    group: group.name,
    kind,
    use,
    workload: object,
    sources,
    change,
    outcome,
    covers: [
      ...new Set([
        ...annotationsOf(kind, object, [...sources, ...created(change, row.flip)]),
        ...flagsOf(group),
        ...covers,
      ]),
    ],
  };
}

function withoutSource({ source: _, ...rest }: Omit<Row, 'covers'>): Omit<Row, 'covers' | 'source'> {
  return rest;
}

/** Domains whose annotations are worth telling that they are exercised. */
const DOMAINS = /(^|[./])(restamp\.dev|reloader\.stakater\.com|wave\.pusher\.com)\//;

function annotationsOf(kind: WorkloadKind, object: JsonObject, others: readonly JsonObject[]): readonly string[] {
  const metadata = [object, templateOf(kind, object), ...others].map((one) => asObject(one.metadata));
  return metadata
    .flatMap(({ annotations }) => Object.keys(stringMap(annotations)))
    .filter((name) => DOMAINS.test(name));
}

/** Objects that come up in the course of a case, and patches that look like them. */
function created(change: readonly Action[], flip: Flip | undefined): readonly JsonObject[] {
  return [...change, ...(flip?.set ?? []), ...(flip?.change ?? [])].flatMap((action) => {
    if (action.do === 'create') return [action.object];
    return action.do === 'patch' ? [action.patch] : [];
  });
}

function flagsOf({ args }: Group): readonly string[] {
  return args.flatMap((arg) => arg.split('=')[0] ?? []);
}

/** How a use of a source is called in the name of a case. */
export const USE_WORDS: Readonly<Record<Use, string>> = {
  'env-key': 'one key in env',
  'env-from': 'envFrom',
  volume: 'a volume',
  'volume-item': 'an item of a volume',
  'sub-path': 'a subPath of a volume',
  projected: 'a projected volume',
  'init-env-key': 'one key in env of an init container',
  'init-env-from': 'envFrom of an init container',
  'init-volume': 'a volume of an init container',
  'sidecar-env-from': 'envFrom of a native sidecar',
  none: 'nothing',
};

/** One kind of workload using one kind of source in one way: the cells of the combinatorial tables. */
export type Cell = readonly [WorkloadKind, Use, SourceKind];

export function cellId([kind, use, source]: Cell): string {
  return `${kind.toLowerCase()}-${use}-${source.toLowerCase()}`;
}

export function cellWords([kind, use, source]: Cell): string {
  return `${kind} with a ${source} in ${USE_WORDS[use]}`;
}
