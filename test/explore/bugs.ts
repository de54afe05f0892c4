/** Mistakes that restamp could have been made with. Each is seeded around `core/`, never in it, and has to be found. */
import type { Answer, admit } from '../../core/admission.ts';
import { type Decision, decide, type Facts } from '../../core/decision.ts';
import { MISSING, stampOf } from '../../core/digest.ts';
import { oursOf } from '../../core/ours.ts';
import { mergePatches } from '../../core/patch.ts';
import { parseRecord, type RunningRecord } from '../../core/record.ts';
import { RESTAMP, type Restamp } from './restamp.ts';

export interface Bug {
  readonly says: string;
  readonly restamp: Restamp;
}

const bug = (says: string, seeded: Partial<Restamp>): Bug => ({ says, restamp: { ...RESTAMP, ...seeded } });

/** The watcher decides as `core/` does, but for what `change` makes of it. */
const deciding = (change: (decision: Decision, facts: Facts) => Decision): Partial<Restamp> => ({
  decide: (facts) => change(decide(facts), facts),
});

const rollInstead: Decision = { outcome: 'roll', reason: 'source-changed', causes: [] };

export const BUGS = {
  'record-after-patch': bug('the record is written after the stamp instead of with it', { writes: 'stamp-first' }),
  'no-reread': bug('what a look read at first is decided on, and not read again after the workload', {
    readsAgain: false,
  }),
  'no-version': bug('the write carries no resourceVersion', { carriesVersion: false }),
  'accept-rolls': bug(
    'accept is treated as roll',
    deciding((decision) => rollIf(decision, decision.outcome === 'accept')),
  ),
  'adopt-rolls': bug(
    'adopt is treated as roll',
    deciding((decision) => rollIf(decision, decision.outcome === 'adopt')),
  ),
  'hold-rolls': bug(
    'hold is treated as roll',
    deciding((decision) => rollIf(decision, decision.outcome === 'hold')),
  ),
  'dropped-stamp-rolls': bug(
    'a workload that lost its stamp, and nothing else, is rolled',
    deciding((decision) => rollIf(decision, decision.outcome === 'adopt' && decision.reason === 'stamp-dropped')),
  ),
  'keep-forgets': bug('the digest of what is gone is not kept', deciding(forgetting)),
  'wrong-key': bug('stamp and record are compared under the current key, whatever key made them', {
    comparisonKey: (_known, keyring) => keyring.current,
  }),
  'plain-stamp': bug('a rollout may be given the stamp that the template has already', {
    nextStamp: (_present, configuration, key) => stampOf(configuration, key),
  }),
  'false-stamp-passes': bug('the webhook lets any stamp and record pass where nothing else changed', {
    admit: answering((question) => question.ask === 'truth'),
  }),
  'undo-trusted': bug('the webhook trusts the stamp and record that an undo brings back', {
    admit: answering((question, object) => {
      const { stamp, record } = oursOf(object.workload);
      return question.ask === 'configuration' && stamp !== undefined && parseRecord(record)?.stamp === stamp;
    }),
  }),
  'webhook-fails': bug('the webhook fails where a request comes without a record', {
    admit: (question, object, known) => {
      if (oursOf(object.workload).record === undefined) throw new Error('there is no record');
      return RESTAMP.admit(question, object, known);
    },
  }),
  'watcher-oversteps': bug('the watcher writes a field that is not its own', {
    send: (patch) => mergePatches(patch, { spec: { replicas: 1 } }),
  }),
  'queue-forgets': bug('what changes while a workload is worked on is not looked at again', { remembers: false }),
} as const satisfies Readonly<Record<string, Bug>>;

export type BugName = keyof typeof BUGS;

export function isBugName(name: string): name is BugName {
  return Object.hasOwn(BUGS, name);
}

function rollIf(decision: Decision, isMistaken: boolean): Decision {
  return isMistaken ? rollInstead : decision;
}

/** Where something is gone, the record is made to say so. */
function forgetting(decision: Decision, { wanted, stamp }: Facts): Decision {
  if (decision.outcome !== 'keep') return decision;
  const record: RunningRecord = { ...wanted, stamp };
  const isForgotten = decision.missing.every((part) => record.parts.get(part) === MISSING);
  return isForgotten ? { outcome: 'accept', reason: 'references-changed', record } : decision;
}

/** The webhook answers as `core/` does, but lets pass what it should have looked at. */
function answering(isLetPass: (question: Parameters<typeof admit>[0], object: Parameters<typeof admit>[1]) => boolean) {
  const mistaken: typeof admit = (question, object, known) => {
    const pass: Answer = { outcome: 'pass', reason: 'true-stamp', ours: oursOf(object.workload) };
    return isLetPass(question, object) ? pass : RESTAMP.admit(question, object, known);
  };
  return mistaken;
}
