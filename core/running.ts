/** What can be concluded about the configuration the running pods have. */
import { stampKeyId } from './digest.ts';
import type { Keyring } from './key.ts';
import type { Ours } from './ours.ts';
import { parseRecord, type RunningRecord } from './record.ts';

export type Running =
  /** The record speaks: it belongs to the template's stamp, or the stamp was dropped and the record stayed. */
  | { readonly known: 'record'; readonly record: RunningRecord }
  /** Only the stamp speaks: equal to the stamp of now or not. */
  | { readonly known: 'stamp'; readonly stamp: string; readonly keyId: string }
  | { readonly known: 'nothing'; readonly why: 'never-seen' | 'unreadable' };

/**
 * Reads a workload's annotations. What was made with a key that is gone, or by a version that is not
 * understood, allows no conclusion: such a workload is adopted, never rolled.
 */
export function running(ours: Ours, keyring: Keyring): Running {
  const record = parseRecord(ours.record);
  const keyIsKnown = record !== undefined && keyring.byId.has(record.keyId);
  if (keyIsKnown && (ours.stamp === undefined || ours.stamp === record.stamp)) return { known: 'record', record };
  const keyId = ours.stamp === undefined ? undefined : stampKeyId(ours.stamp);
  if (ours.stamp !== undefined && keyId !== undefined && keyring.byId.has(keyId)) {
    return { known: 'stamp', stamp: ours.stamp, keyId };
  }
  const seen = ours.record !== undefined || ours.stamp !== undefined;
  return { known: 'nothing', why: seen ? 'unreadable' : 'never-seen' };
}

/** The id of the key in whose terms the comparison is made: the one that made what is known, else the current one. */
export function comparisonKeyId(known: Running, keyring: Keyring): string {
  switch (known.known) {
    case 'record':
      return known.record.keyId;
    case 'stamp':
      return known.keyId;
    case 'nothing':
      return keyring.current.id;
  }
}
