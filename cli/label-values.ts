/**
 * The values that labels of the metrics can have. A labelled counter shows nothing until a value is counted, so each is
 * set to zero at the start. The types hold the tables to core's unions: an outcome or reason left out does not compile.
 */
import type { Answer } from '../core/admission.ts';
import type { Verdict } from '../core/policy.ts';
import { WORKLOAD_KINDS } from '../core/workload.ts';
import { CONFIG_MAPS, NAMESPACES, SECRETS } from '../kube/path.ts';
import type { Outcome } from '../watcher/told.ts';

type ReasonsOf<T extends { outcome: string; reason: string }> = {
  readonly [Outcome in T['outcome']]: Readonly<Record<Extract<T, { outcome: Outcome }>['reason'], true>>;
};

const DECISIONS: ReasonsOf<Outcome> = {
  none: { 'in-step': true, 'no-references': true, 'job-finished': true },
  adopt: { 'never-seen': true, unreadable: true, 'stamp-dropped': true, 'record-lost': true },
  accept: { 'source-appeared': true, 'references-changed': true, 'cronjob-suspended': true },
  keep: { 'source-gone': true },
  roll: { 'source-changed': true, 'stamp-differs': true },
  hold: { 'source-missing': true, 'min-interval': true, 'job-active': true, 'still-owner': true },
  report: { 'job-immutable': true },
  resume: { 'pause-over': true },
  release: { 'left-by-wave': true },
};

/** What is not managed passes, and says why. */
type NotManaged = { outcome: 'pass'; reason: Extract<Verdict, { managed: false }>['reason'] };

const ADMISSIONS: ReasonsOf<Answer | NotManaged> = {
  stamp: { created: true, 'template-changed': true },
  restore: { 'false-stamp': true },
  pass: {
    untouched: true,
    'true-stamp': true,
    'no-references': true,
    'namespace-excluded': true,
    'namespace-disabled': true,
    'namespace-not-selected': true,
    'workload-disabled': true,
    'not-opted-in': true,
  },
  skip: { 'read-failed': true },
};

type OutcomeLabels = { readonly outcome: string; readonly reason: string };

export const DECISION_LABELS = labelsOf(DECISIONS);
export const ADMISSION_LABELS = labelsOf(ADMISSIONS);
export const KIND_LABELS = WORKLOAD_KINDS.map(({ kind }) => ({ kind }));
export const RESOURCE_LABELS = [NAMESPACES, CONFIG_MAPS, SECRETS, ...WORKLOAD_KINDS].map(({ resource }) => ({
  resource,
}));

function labelsOf(table: Readonly<Record<string, object>>): readonly OutcomeLabels[] {
  return Object.entries(table).flatMap(([outcome, reasons]) =>
    Object.keys(reasons).map((reason) => ({ outcome, reason })),
  );
}
