/** Jobs made for a change of configuration: one of a CronJob, or a Job that is deleted and created again. */
import { isFinished } from '../core/effect.ts';
import { asList, asObject, type JsonObject } from '../core/json.ts';
import { FIELD_MANAGER } from '../core/names.ts';
import type { Ours } from '../core/ours.ts';
import { backoffMs } from '../kube/backoff.ts';
import type { Clock } from '../kube/clock.ts';
import { isStatus, KubeError } from '../kube/error.ts';
import { JOBS, resourcePath } from '../kube/path.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { manualJob, sameJob } from './job.ts';
import type { LiveWorkload } from './live.ts';

/**
 * Creates the Job of one change; that it exists already means that it was created before a crash. Resolves to false
 * where another Job of the CronJob runs and it forbids a second one.
 */
export async function runJob(
  { raw, workload: { namespace } }: LiveWorkload,
  changeId: string,
  transport: KubeTransport,
): Promise<boolean> {
  const job = manualJob(raw, changeId);
  const forbids = asObject(asObject(raw).spec).concurrencyPolicy === 'Forbid';
  if (forbids && (await othersRun({ cronJob: raw, job, namespace }, transport))) return false;
  try {
    await createJob(transport, namespace, job);
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
  }
  return true;
}

/** A CronJob's status tells of the Jobs that its schedule started, and not of those that were made by hand or here. */
async function othersRun(
  { cronJob, job, namespace }: { cronJob: unknown; job: JsonObject; namespace: string },
  transport: KubeTransport,
): Promise<boolean> {
  const { uid } = asObject(asObject(cronJob).metadata);
  const list = await transport.request({ method: 'GET', path: resourcePath(JOBS, { namespace }) });
  return asList(asObject(list).items).some((other) => {
    const { name, ownerReferences } = asObject(asObject(other).metadata);
    const isIts = asList(ownerReferences).some((owner) => asObject(owner).uid === uid);
    return isIts && name !== asObject(job.metadata).name && !isFinished(other);
  });
}

/**
 * Deletes a Job and creates it again under its name. A refusal shows in a dry run before anything is deleted. Resolves
 * to false where the Job changed since it was read. Rejects with what refused it.
 */
export async function recreateJob(
  { raw, workload: { namespace, name } }: LiveWorkload,
  ours: Ours,
  { transport, clock }: { transport: KubeTransport; clock: Clock },
): Promise<boolean> {
  const job = sameJob(raw, ours);
  try {
    await createJob(transport, namespace, job, { dryRun: 'All' });
  } catch (error) {
    // Admission and validation come before the name is looked up: nothing but the old Job is in the way.
    if (!isStatus(error, 409)) throw error;
  }
  if (!(await deleteJob(transport, { namespace, name }, raw))) return false;
  await untilCreated(() => createJob(transport, namespace, job), clock);
  return true;
}

async function createJob(
  transport: KubeTransport,
  namespace: string,
  job: unknown,
  query: Readonly<Record<string, string>> = {},
): Promise<void> {
  await transport.request({
    method: 'POST',
    path: resourcePath(JOBS, { namespace }),
    query: { fieldManager: FIELD_MANAGER, ...query },
    body: job,
  });
}

/** Its pods go with it. The preconditions keep a Job that was changed or made anew meanwhile. */
async function deleteJob(
  transport: KubeTransport,
  at: { namespace: string; name: string },
  raw: unknown,
): Promise<boolean> {
  const { uid, resourceVersion } = asObject(asObject(raw).metadata);
  try {
    await transport.request({
      method: 'DELETE',
      path: resourcePath(JOBS, at),
      body: {
        ...{ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
        preconditions: { uid, resourceVersion },
      },
    });
    return true;
  } catch (error) {
    if (isStatus(error, 409) || isStatus(error, 404)) return false;
    throw error;
  }
}

/** The Job is gone from the cluster and lives in this process alone: it takes a while of failures to give it up. */
const CREATE_ATTEMPTS = 12;
const CREATE_BACKOFF = { baseMs: 100, capMs: 10_000 };

async function untilCreated(create: () => Promise<void>, clock: Clock): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await create();
    } catch (error) {
      if (attempt >= CREATE_ATTEMPTS || !mayPass(error)) throw error;
      await clock.sleep(backoffMs(attempt, clock.random(), CREATE_BACKOFF));
    }
  }
}

/**
 * No answer, a server in trouble, the old Job still on its way out (409); or a quota or policy that let the dry run
 * pass: nothing is left to be lost by trying on. Only the namespace has to be there.
 */
function mayPass(error: unknown): boolean {
  return error instanceof KubeError && error.status !== 404;
}
