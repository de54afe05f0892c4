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
  'namespace-not-selected': 'The namespace is none of those that the installation selects by label.',
  'namespace-disabled': 'The namespace carries restamp.dev/inject: disabled.',
  'workload-disabled': 'The workload opts out, in words of restamp or Reloader.',
  'not-opted-in': 'Neither the namespace nor the workload opts in.',
  // Written down, no rollout.
  'never-seen': 'The workload was met for the first time; its pods are taken to have the configuration of now.',
  unreadable: 'The stamp or record was made with a key or by a version that is unknown here; taken up as new.',
  'stamp-dropped': 'Somebody removed the stamp; the record shows that the configuration is the same.',
  'record-lost':
    'The record is gone or belongs to another template; the stamp shows that the configuration is the same.',
  'source-appeared': 'A required source or key was missing and is there now; the pods could not start without it.',
  'references-changed': 'The template came to refer to other sources; the change of the template rolled the pods.',
  'cronjob-suspended': 'The CronJob is suspended; its next Job will have the configuration of then.',
  // A rollout.
  'source-changed': 'The content of a source changed, or an optional source came or went.',
  'stamp-differs': 'The stamp is not the one of the configuration of now, and no record tells which source changed.',
  // Put right, no rollout of ours.
  'pause-over': 'The pause period is over; the Deployment is resumed, and rolls once for all changes since.',
  'left-by-wave': 'What an old version of wave left on the workload was taken off.',
  // Seen, and nothing to be done for now.
  'source-gone': 'A required source or key is gone; its digest is kept, since new pods could not start.',
  'source-missing': 'There is a reason to roll, but a required source or key is missing and new pods could not start.',
  'min-interval': 'The workload rolled a short while ago and asks for more time between two rollouts.',
  'job-active': 'A Job of the CronJob runs, and it forbids a second one beside it.',
  'still-owner':
    'The workload owns ConfigMaps or Secrets, by wave; its finalizer stays until restamp clean-up has run.',
  // Nothing that could be done.
  'job-immutable': 'The template of a Job cannot be changed; its pods keep the configuration they started with.',
  'job-finished': 'The Job has finished; nothing of it runs.',
  // At admission.
  created: 'A new workload is stamped with the configuration of now.',
  'template-changed': 'The pod template changes; it is stamped with the configuration of now.',
  untouched: 'The request changes nothing that restamp looks at.',
  'true-stamp': 'The request carries the stamp or record of the configuration of now.',
  'false-stamp': 'The request drops or falsifies what restamp wrote; it is put back.',
  'read-failed': 'The configuration could not be read in time; the watcher sees to the workload.',
} as const;

export type Reason = keyof typeof REASONS;
