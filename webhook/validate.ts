/**
 * `/validate`: warnings about what its author surely meant otherwise. It denies nothing, except what a namespace asked to
 * have denied: malformed values of restamp's own annotations.
 */
import { type Advice, adviceOf, adviceOfSource, advisable } from '../core/advice.ts';
import { isMadeByController } from '../core/effect.ts';
import { equalJson } from '../core/json.ts';
import { RELOADER } from '../core/names.ts';
import { parseWorkload } from '../core/parse.ts';
import { LABELLED_NAMESPACE, type PolicyOptions, policy } from '../core/policy.ts';
import { podUses, type Reference, type ReferenceOptions } from '../core/reference.ts';
import { selectReferences } from '../core/selection.ts';
import { kindOf, type Workload, type WorkloadKind } from '../core/workload.ts';
import { readSources } from '../kube/reader.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { missing } from './missing.ts';
import { type AdmissionRequest, storesObject, type Verdict } from './review.ts';

export interface ValidateOptions {
  readonly transport: KubeTransport;
  /** What reading may take in all. Milliseconds. */
  readonly budgetMs: number;
  readonly kinds: readonly WorkloadKind[];
  readonly policy: PolicyOptions;
  readonly references: ReferenceOptions;
}

/** `enforce` denies malformed values of restamp's own annotations. */
export type ValidateMode = 'warn' | 'enforce';

/** More than that nobody reads, and the API server cuts at 4,096 characters in all. */
const WARNINGS = 20;

/** Warnings for one request, or a denial. What cannot be read is not warned about. */
export async function validate(
  request: AdmissionRequest,
  options: ValidateOptions,
  mode: ValidateMode = 'warn',
): Promise<Verdict> {
  const change = storesObject(request) ? changeOf(request, options) : undefined;
  if (change === undefined || options.policy.excludedNamespaces.has(request.namespace)) return {};
  const denied = mode === 'enforce' ? denial(change, options) : undefined;
  if (denied !== undefined) return { denied };
  const warnings = textsOf(adviceOf(change.workload, adviceOptions(options)));
  return { warnings: limited([...warnings, ...(await sourceWarnings(change.workload, options))]) };
}

/** What a request does to a workload: the workload as it will be, and as it was, unless it is new. */
interface Change {
  readonly workload: Workload;
  readonly old: Workload | undefined;
}

/** `undefined` where there is nothing to be said: no workload, or an update of nothing that restamp reads. */
function changeOf(request: AdmissionRequest, options: ValidateOptions): Change | undefined {
  const kindInfo = kindOf(options.kinds, request);
  if (kindInfo === undefined || isMadeByController(request.object, kindInfo)) return undefined;
  const parse = (value: unknown): Workload | undefined => {
    const workload = parseWorkload(value, kindInfo);
    return workload && { ...workload, namespace: request.namespace };
  };
  const workload = parse(request.object);
  if (workload === undefined) return undefined;
  if (request.operation === 'CREATE') return { workload, old: undefined };
  const old = parse(request.oldObject);
  return old === undefined || isSame(old, workload, options) ? undefined : { workload, old };
}

/** A controller that counts revisions, or restamp that writes its record, has no use for advice. */
function isSame(old: Workload, workload: Workload, options: ValidateOptions): boolean {
  const said = ({ annotations, template }: Workload): unknown => ({
    annotations: advisable(annotations, adviceOptions(options)),
    template: advisable(template.annotations, adviceOptions(options)),
    spec: template.spec,
  });
  return equalJson(said(old), said(workload));
}

/**
 * Why a change is denied. Only annotations that it touches count, so that what was there before can still be scaled,
 * labelled, repaired step by step and deleted.
 */
function denial({ workload, old }: Change, options: ValidateOptions): string | undefined {
  const touched = Object.entries(workload.annotations).filter(([name, value]) => old?.annotations[name] !== value);
  const subject = {
    kind: workload.kind,
    annotations: Object.fromEntries(touched),
    template: { annotations: {}, spec: {} },
  };
  const malformed = adviceOf(subject, adviceOptions(options)).filter(
    ({ own, severity }) => own && severity === 'malformed',
  );
  return malformed.length === 0 ? undefined : textsOf(malformed).join('; ');
}

function adviceOptions({ policy }: ValidateOptions): Parameters<typeof adviceOf>[1] {
  const { vocabulary = RELOADER, crossNamespaces } = policy;
  return { vocabulary, ...(crossNamespaces === undefined ? {} : { crossNamespaces }) };
}

function textsOf(advice: readonly Advice[]): readonly string[] {
  return advice.map(({ text }) => text);
}

/** What is to be said about the sources that a workload selects by name: expressions name what exists. */
async function sourceWarnings(workload: Workload, options: ValidateOptions): Promise<readonly string[]> {
  const { transport, budgetMs } = options;
  // Of a class nothing can be read before a pod has mounted it.
  const references = selected(workload, options).filter(
    ({ kind, need }) => need !== 'optional' && kind !== 'SecretProviderClass',
  );
  const { vocabulary } = adviceOptions(options);
  try {
    const sources = await readSources(transport, workload.namespace, references, AbortSignal.timeout(budgetMs));
    return [
      ...missing(references, sources, { workload, vocabulary }),
      ...[...sources.values()].flatMap((source) => textsOf(adviceOfSource(source, { vocabulary }))),
    ];
  } catch {
    return [];
  }
}

function selected(workload: Workload, options: ValidateOptions): readonly Reference[] {
  // As in `/mutate`, what arrives here counts as labelled.
  const verdict = policy(workload, LABELLED_NAMESPACE, options.policy);
  if (!verdict.managed) return [];
  return selectReferences(podUses(workload.template.spec, options.references), verdict.selection);
}

function limited(warnings: readonly string[]): readonly string[] {
  if (warnings.length <= WARNINGS) return warnings;
  return [...warnings.slice(0, WARNINGS - 1), `and ${warnings.length - WARNINGS + 1} more warnings`];
}
