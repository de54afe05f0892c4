/**
 * The record (DESIGN §2): what the running pods are taken to have, kept on the workload itself,
 * so that restamp has no state of its own to lose.
 */
import type { Configuration, PartName, PartState } from './digest.ts';
import { asObject, asText, equalJson, isObject, parseJson, stringMap } from './json.ts';
import type { SourceId } from './source.ts';

export interface RunningRecord extends Configuration {
  /** The stamp in the template these parts belong to; none for a workload that was adopted and never stamped. */
  readonly stamp: string | undefined;
}

/** The format written today. A later version reads it for ever (DESIGN §7). */
const VERSION = 1;

/** Compact JSON with a fixed order of members: the same record is always the same text. */
export function formatRecord(record: RunningRecord): string {
  const sorted = <V>(map: ReadonlyMap<string, V>): [string, V][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({
    v: VERSION,
    key: record.keyId,
    ...(record.stamp === undefined ? {} : { stamp: record.stamp }),
    ...(record.patterns === undefined ? {} : { patterns: record.patterns }),
    parts: Object.fromEntries(sorted(record.parts)),
    entries: Object.fromEntries(sorted(record.entries).map(([id, map]) => [id, Object.fromEntries(sorted(map))])),
  });
}

/** Reads a record; `undefined` for anything this version did not write, which is then treated as no record at all. */
export function parseRecord(text: string | undefined): RunningRecord | undefined {
  const json = asObject(parseJson(text ?? ''));
  const keyId = asText(json.key);
  if (json.v !== VERSION || keyId === undefined || !isObject(json.parts)) return undefined;
  return {
    keyId,
    stamp: asText(json.stamp),
    ...(asText(json.patterns) === undefined ? {} : { patterns: asText(json.patterns) ?? '' }),
    parts: new Map(Object.entries(stringMap(json.parts))) as ReadonlyMap<PartName, PartState>,
    entries: new Map(
      Object.entries(asObject(json.entries)).map(([id, map]) => [id, new Map(Object.entries(stringMap(map)))]),
    ) as ReadonlyMap<SourceId, ReadonlyMap<string, string>>,
  };
}

/** Whether two records say the same. */
export function equalRecords(a: RunningRecord, b: RunningRecord): boolean {
  return equalJson(parseJson(formatRecord(a)), parseJson(formatRecord(b)));
}
