/** Runs rows about decisions through core, as the watcher does: read ours, compare in its key's terms, write. */
import { type Decision, decide } from '../../core/decision.ts';
import { nextStamp } from '../../core/digest.ts';
import type { Key, Keyring } from '../../core/key.ts';
import type { Ours } from '../../core/ours.ts';
import { formatRecord } from '../../core/record.ts';
import { comparisonKeyId, running } from '../../core/running.ts';
import { configurationOf, KEYRING, oursFor } from './build.ts';
import type { Expected, Step, World } from './decision-case.ts';

/** What restamp wrote when the pods of this world were made. */
export function stampedFor(world: World, keyring: Keyring = KEYRING): Ours {
  return oursFor(configurationOf(world.spec, world.objects, keyring.current), keyring.current);
}

export function decideIn(world: World, ours: Ours, keyring: Keyring = KEYRING): Decision {
  const known = running(ours, keyring);
  const key = keyById(comparisonKeyId(known, keyring), keyring);
  return decide({ running: known, stamp: ours.stamp, wanted: configurationOf(world.spec, world.objects, key), key });
}

function keyById(id: string, keyring: Keyring): Key {
  const key = keyring.byId.get(id);
  if (key === undefined) throw new Error('the comparison is to be made with a key that is not in the ring');
  return key;
}

/** Ours after the decision was carried out. */
export function oursAfter(decision: Decision, ours: Ours, world: World, keyring: Keyring = KEYRING): Ours {
  switch (decision.outcome) {
    case 'adopt':
    case 'accept':
      return { ...ours, record: formatRecord(decision.record) };
    case 'roll':
      return rolled(ours, world, keyring);
    case 'none':
    case 'keep':
    case 'hold':
      return ours;
  }
}

function rolled(ours: Ours, { spec, objects }: World, { current }: Keyring): Ours {
  const wanted = configurationOf(spec, objects, current);
  const stamp = nextStamp(ours.stamp, wanted, current);
  return { stamp, record: formatRecord({ ...wanted, stamp }), history: ours.history };
}

/** One step of a row: what is decided, and ours after it. */
export function runStep(step: Step, ours: Ours): { readonly decision: Decision; readonly ours: Ours } {
  const left = step.tamper?.(ours) ?? ours;
  const decision = decideIn(step.now, left, step.keyring);
  return { decision, ours: oursAfter(decision, left, step.now, step.keyring) };
}

/** A decision less the record it comes with, to compare with what a row expects. */
export function withoutRecord(decision: Decision): Expected {
  if (decision.outcome !== 'adopt' && decision.outcome !== 'accept') return decision;
  const { record: _, ...rest } = decision;
  return rest;
}
