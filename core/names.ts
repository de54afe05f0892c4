/**
 * Every name restamp reads or puts on the wire, and the only place that spells one.
 * Changing a value here breaks objects that exist in clusters.
 */

export const DOMAIN = 'restamp.dev';

/** Namespace label and workload annotation: `enabled` or `disabled`. */
export const INJECT = 'restamp.dev/inject';

/** Pod template annotation: the stamp, `v1.<key id>.<hash>`. */
export const CONFIG_HASH = 'restamp.dev/config-hash';

/** Workload annotation: the digests the running pods are taken to have, and the stamp they belong to. */
export const RECORD = 'restamp.dev/record';

/** Workload annotation: the last rollouts and why each happened. */
export const HISTORY = 'restamp.dev/history';

/** Workload annotations: more sources, or fewer: `configmap/a, secret/b#key, configmap/app-*`. */
export const INCLUDE = 'restamp.dev/include';
export const EXCLUDE = 'restamp.dev/exclude';

/** Annotation of a ConfigMap or Secret: nobody rolls for this object. */
export const IGNORE = 'restamp.dev/ignore';

/** Settings of a workload, or of all workloads of a namespace where they stand on the Namespace. */
export const SETTLE = 'restamp.dev/settle';
export const MIN_INTERVAL = 'restamp.dev/min-interval';
export const STRATEGY = 'restamp.dev/strategy';

/** Namespace label: `enforce` has malformed restamp annotations denied there. */
export const VALIDATE = 'restamp.dev/validate';

/** Field manager of every write restamp makes. It must not start with `kubectl`: Flux takes such managers over. */
export const FIELD_MANAGER = 'restamp';

/** Label that the API server puts on every namespace with the namespace's own name (KEP-2161). */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

/**
 * Reloader's annotations. Installations can call most of them otherwise (Reloader's `--auto-annotation` and its like),
 * hence a value of this type wherever they are read.
 */
export interface Vocabulary {
  readonly auto: string;
  readonly autoOf: Readonly<Record<'ConfigMap' | 'Secret' | 'SecretProviderClass', string>>;
  readonly reload: Readonly<Record<'ConfigMap' | 'Secret' | 'SecretProviderClass', string>>;
  readonly exclude: Readonly<Record<'ConfigMap' | 'Secret' | 'SecretProviderClass', string>>;
  readonly search: string;
  readonly match: string;
  readonly ignore: string;
  readonly pausePeriod: string;
  readonly pausedAt: string;
  readonly rolloutStrategy: string;
}

export const RELOADER_DOMAIN = 'reloader.stakater.com';

export const RELOADER: Vocabulary = {
  auto: 'reloader.stakater.com/auto',
  autoOf: {
    ConfigMap: 'configmap.reloader.stakater.com/auto',
    Secret: 'secret.reloader.stakater.com/auto',
    SecretProviderClass: 'secretproviderclass.reloader.stakater.com/auto',
  },
  reload: {
    ConfigMap: 'configmap.reloader.stakater.com/reload',
    Secret: 'secret.reloader.stakater.com/reload',
    SecretProviderClass: 'secretproviderclass.reloader.stakater.com/reload',
  },
  exclude: {
    ConfigMap: 'configmaps.exclude.reloader.stakater.com/reload',
    Secret: 'secrets.exclude.reloader.stakater.com/reload',
    SecretProviderClass: 'secretproviderclasses.exclude.reloader.stakater.com/reload',
  },
  search: 'reloader.stakater.com/search',
  match: 'reloader.stakater.com/match',
  ignore: 'reloader.stakater.com/ignore',
  pausePeriod: 'deployment.reloader.stakater.com/pause-period',
  pausedAt: 'deployment.reloader.stakater.com/paused-at',
  rolloutStrategy: 'reloader.stakater.com/rollout-strategy',
};

/** Pod template annotation of Reloader's strategy `annotations`: what triggered the rollout, as JSON. */
export const LAST_RELOADED_FROM = 'reloader.stakater.com/last-reloaded-from';

/** What Reloader's strategy `env-vars` calls its variables: `STAKATER_<NAME>_<TYPE>`. */
export const RELOADER_VARIABLE_PREFIX = 'STAKATER_';

export const WAVE_DOMAIN = 'wave.pusher.com';

/** wave's names: what selects, and what old versions left behind. */
export const WAVE = {
  update: 'wave.pusher.com/update-on-config-change',
  extraConfigMaps: 'wave.pusher.com/extra-configmaps',
  extraSecrets: 'wave.pusher.com/extra-secrets',
  configHash: 'wave.pusher.com/config-hash',
  /** Workload annotation: the scheduler of a workload that wave parked until its sources exist. */
  schedulingDisabled: 'wave.pusher.com/scheduling-disabled',
  /** The scheduler that does not exist, under which a parked workload's pods stay pending. */
  parkedScheduler: 'wave.pusher.com/invalid',
  finalizer: 'wave.pusher.com/finalizer',
} as const;

/** How a Job that was made of a CronJob by hand is marked (`kubectl create job --from`). */
export const INSTANTIATE = 'cronjob.kubernetes.io/instantiate';
