/** What is told to people and programs outside the cluster about one rollout. Names and keys only, never content. */
import type { WorkloadName } from '../core/workload.ts';

export interface Alert {
  readonly workload: WorkloadName;
  readonly causes: readonly AlertCause[];
  /** RFC 3339. */
  readonly at: string;
}

export interface AlertCause {
  /** `configmap/app-config`; in the workload's namespace. */
  readonly source: string;
  /** The keys that changed; `*` where it was the object as a whole. */
  readonly keys: readonly string[];
  /** The field manager that wrote them, as far as is known. */
  readonly by?: string;
  /** RFC 3339. */
  readonly changedAt?: string;
}

/** A message is read on a phone: what comes after ten of a thing is a number. */
const SHOWN = 10;

/** One sentence: which workload was rolled, and which objects changed, which keys, by whom. */
export function alertText({ workload, causes, at }: Alert): string {
  const { kind, namespace, name } = workload;
  const because = causes.length === 0 ? '' : `: ${listed(causes, causeText, '; ')}`;
  return `${plain(kind)} ${plain(name)} in namespace ${plain(namespace)} was rolled at ${plain(at)}${because}.`;
}

function causeText({ source, keys, by, changedAt }: AlertCause): string {
  const which = keys.length === 0 || keys.includes('*') ? '' : ` (${listed(keys, plain, ', ')})`;
  const who = by === undefined ? '' : `, written by ${plain(by)}`;
  const when = changedAt === undefined ? '' : ` at ${plain(changedAt)}`;
  return `${plain(source)} changed${which}${who}${when}`;
}

function listed<T>(items: readonly T[], text: (item: T) => string, separator: string): string {
  const more = items.length - SHOWN;
  const shown = items.slice(0, SHOWN).map(text).join(separator);
  return more <= 0 ? shown : `${shown} and ${more} more`;
}

/**
 * Leaves nothing that a receiver takes for mark-up: a field manager's name is free text, and whoever may write a
 * ConfigMap could otherwise have everybody in the channel called (`<!channel>`), or show them a link.
 */
function plain(fact: string): string {
  return fact.replace(/[^\p{L}\p{M}\p{N} ._:/@,+=()-]/gu, '?').replace(/\/{2,}/g, '/');
}
