/** The steps of the world, each as one number, so that a way through it can be told afterwards. */
import { CONTENTS, type Content, SOURCE_INDICES, type SourceIndex, type WorkloadIndex } from './cast.ts';
import { ALL_CONTENTS, contentAt } from './contents.ts';
import { ACTS, type Act } from './writes.ts';

/** How a write fares at the webhook, as a word. */
export const FARES = ['none', 'down', 'blind', 'up'] as const;
export type Fare = (typeof FARES)[number];

const KINDS = [
  /** A person gives a source another content, deletes it or creates it. */
  'change-source',
  /** A person's request, the webhook being down or blind. */
  'request',
  /** A person's request comes to the webhook, which begins to read. */
  'send',
  /** It has read, and the request is stored. */
  'store',
  'scale',
  'delete',
  'opt-in',
  'rotate-key',
  /** A watcher dies; everything is looked at again. */
  'crash',
  /** A watcher reads a workload. */
  'begin-look',
  /** It has read the sources, decides, and writes or does not. */
  'end-look',
] as const;

export interface WorldStep {
  readonly kind: (typeof KINDS)[number];
  readonly workload?: WorkloadIndex;
  readonly act?: Act;
  readonly fare?: Fare;
  /** What was read of the sources. */
  readonly read?: number;
  readonly source?: SourceIndex;
  readonly content?: Content;
}

export function stepCode({
  kind,
  workload = 0,
  act = 'create',
  fare = 'none',
  read = 0,
  source = 0,
  content = 'absent',
}: WorldStep): number {
  let code = KINDS.indexOf(kind);
  code = code * 2 + workload;
  code = code * ACTS.length + ACTS.indexOf(act);
  code = code * FARES.length + FARES.indexOf(fare);
  code = code * ALL_CONTENTS + read;
  code = code * SOURCE_INDICES.length + source;
  return code * CONTENTS.length + CONTENTS.indexOf(content);
}

/** The inverse of {@link stepCode}; every member is there, whether it means something or not. */
export function stepOf(code: number): Required<WorldStep> {
  let left = code;
  const take = (radix: number): number => {
    const digit = left % radix;
    left = Math.floor(left / radix);
    return digit;
  };
  const content = contentAt(take(CONTENTS.length));
  const source = SOURCE_INDICES[take(SOURCE_INDICES.length)] ?? 0;
  const read = take(ALL_CONTENTS);
  const fare = FARES[take(FARES.length)] ?? 'none';
  const act = ACTS[take(ACTS.length)] ?? 'create';
  const workload = take(2) === 0 ? 0 : 1;
  return { kind: KINDS[left] ?? 'crash', workload, act, fare, read, source, content };
}
