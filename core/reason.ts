/**
 * The catalogue of what restamp can decide, and why. These words are the ones in logs, metrics, Events and
 * audit annotations alike; `docs/reference/decisions.md` lists them all and a test compares the two.
 */
export const REASONS = {
  // Nothing to do.
  'in-step': 'The running pods have the configuration of now.',
  'no-references': 'The workload refers to no ConfigMap or Secret.',
  // Not restamp's business.
  'namespace-excluded': 'The namespace is excluded by an option.',
  'namespace-disabled': 'The namespace carries restamp.dev/inject: disabled.',
  'workload-disabled': 'The workload carries restamp.dev/inject: disabled.',
  'not-opted-in': 'Neither the namespace nor the workload opts in.',
  // Written down, no rollout.
  'never-seen': 'The workload was met for the first time; its pods are taken to have the configuration of now.',
  unreadable: 'The stamp or record was made with a key or by a version that is unknown here; taken up as new.',
  'stamp-dropped': 'Somebody removed the stamp; the record shows that the configuration is the same.',
  'record-lost':
    'The record is gone or belongs to another template; the stamp shows that the configuration is the same.',
  'source-appeared': 'A required source or key was missing and is there now; the pods could not start without it.',
  'references-changed': 'The template came to refer to other sources; the change of the template rolled the pods.',
  // A rollout.
  'source-changed': 'The content of a source changed, or an optional source came or went.',
  'stamp-differs': 'The stamp is not the one of the configuration of now, and no record tells which source changed.',
  // Seen, and nothing to be done for now.
  'source-gone': 'A required source or key is gone; its digest is kept, since new pods could not start.',
  'source-missing': 'There is a reason to roll, but a required source or key is missing and new pods could not start.',
  // At admission.
  created: 'A new workload is stamped with the configuration of now.',
  'template-changed': 'The pod template changes; it is stamped with the configuration of now.',
  untouched: 'The request changes nothing that restamp looks at.',
  'true-stamp': 'The request carries the stamp or record of the configuration of now.',
  'false-stamp': 'The request drops or falsifies what restamp wrote; it is put back.',
  'read-failed': 'The configuration could not be read in time; the watcher sees to the workload.',
} as const;

export type Reason = keyof typeof REASONS;
