/** `/validate`: warnings about what its author surely meant otherwise. It never denies. */
import { DOMAIN, INJECT, WORKLOAD_ANNOTATIONS } from '../core/names.ts';
import { parseWorkload } from '../core/parse.ts';
import { references } from '../core/reference.ts';
import { sourceId } from '../core/source.ts';
import type { Workload } from '../core/workload.ts';
import { readSources } from '../kube/reader.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { type AdmissionRequest, storesObject, type Verdict } from './review.ts';

export interface ValidateOptions {
  readonly transport: KubeTransport;
  readonly budgetMs: number;
}

/** Warnings for one request. Never rejects: what cannot be read is not warned about. */
export async function validate(request: AdmissionRequest, options: ValidateOptions): Promise<Verdict> {
  const workload = storesObject(request) ? parseWorkload(request.object, request) : undefined;
  if (workload === undefined) return {};
  const warnings = [...annotationWarnings(workload.annotations), ...(await missingSources(workload, request, options))];
  return { warnings };
}

function annotationWarnings(annotations: Workload['annotations']): readonly string[] {
  const unknown = Object.keys(annotations)
    .filter((name) => name.startsWith(`${DOMAIN}/`) && !WORKLOAD_ANNOTATIONS.includes(name))
    .map((name) => `${name} is no annotation of restamp on a workload; known: ${WORKLOAD_ANNOTATIONS.join(', ')}`);
  const inject = annotations[INJECT];
  const invalid = inject !== undefined && inject !== 'enabled' && inject !== 'disabled';
  return [...unknown, ...(invalid ? [`${INJECT} must be "enabled" or "disabled"; this value counts as none`] : [])];
}

/** Required sources that do not exist: pods will wait for them. The order of creation may be meant, so it is a warning. */
async function missingSources(
  workload: Workload,
  { namespace }: AdmissionRequest,
  { transport, budgetMs }: ValidateOptions,
): Promise<readonly string[]> {
  const required = references(workload.template.spec).filter(({ need }) => need === 'required');
  try {
    const found = await readSources(transport, namespace, required, AbortSignal.timeout(budgetMs));
    return required
      .map(sourceId)
      .filter((id) => !found.has(id))
      .map((id) => `${id} does not exist; the pods cannot start without it`);
  } catch {
    return [];
  }
}
