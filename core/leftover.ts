/**
 * What old versions of wave leave on a workload: parked under a scheduler that does not exist until its sources do, and
 * a finalizer that nobody removes once wave is gone. Both keep the workload from living, or from dying.
 */
import { asList, asObject, type JsonObject } from './json.ts';
import { WAVE } from './names.ts';
import { templateOf } from './parse.ts';
import { nested } from './patch.ts';
import type { WorkloadKind } from './workload.ts';

/** Schedulers that wave's versions park under. */
const PARKED = [WAVE.parkedScheduler, 'invalid'];

export type Leftover = 'parked' | 'finalizer';

/** What is left of wave on an object. */
export function leftovers(raw: unknown): readonly Leftover[] {
  const { annotations, finalizers } = asObject(asObject(raw).metadata);
  return [
    ...(typeof asObject(annotations)[WAVE.schedulingDisabled] === 'string' ? (['parked'] as const) : []),
    ...(asList(finalizers).includes(WAVE.finalizer) ? (['finalizer'] as const) : []),
  ];
}

/** The JSON merge patch (RFC 7386) that takes them off: the scheduler is the one there was before wave parked it. */
export function releasePatch(
  raw: unknown,
  { kindInfo, which }: { kindInfo: Pick<WorkloadKind, 'templatePath'>; which: readonly Leftover[] },
): JsonObject {
  const { annotations, finalizers, resourceVersion } = asObject(asObject(raw).metadata);
  const spec = asObject(asObject(templateOf(raw, kindInfo)).spec);
  const before = asObject(annotations)[WAVE.schedulingDisabled];
  const isParked = which.includes('parked');
  const unpark = isParked && PARKED.some((name) => name === spec.schedulerName);
  return {
    metadata: {
      resourceVersion,
      ...(isParked ? { annotations: { [WAVE.schedulingDisabled]: null } } : {}),
      ...(which.includes('finalizer')
        ? { finalizers: asList(finalizers).filter((name) => name !== WAVE.finalizer) }
        : {}),
    },
    // None is written as null: the API server then puts in its default.
    ...(unpark ? nested(kindInfo.templatePath, { spec: { schedulerName: before === '' ? null : before } }) : {}),
  };
}
