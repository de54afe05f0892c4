/** The watchers that Reloader's users run: by the flags they give. */
import type { Group } from '../case.ts';
import { WATCHED } from '../witness.ts';

export const PLAIN: Group = { name: 'plain', args: [] };

/** On its own, since what is paused must be seen before it resumes. */
export const PAUSE: Group = { name: 'pause', args: [] };
/** Its watcher is started anew while something is paused. */
export const PAUSE_RESTART: Group = { name: 'pause-restart', args: [], flipArgs: [] };

export const DOWN: Group = { name: 'down', args: [], down: true };
export const SYNC: Group = { name: 'sync', args: ['--sync-after-restart=true'], down: true };

export const ON_CREATE: Group = { name: 'on-create', args: ['--reload-on-create=true'] };
export const ON_DELETE: Group = { name: 'on-delete', args: ['--reload-on-delete=true'] };
export const ON_BOTH: Group = { name: 'on-both', args: ['--reload-on-create=true', '--reload-on-delete=true'] };

export const AUTO_ALL: Group = { name: 'auto-all', args: ['--auto-reload-all=true'] };

export const NO_SECRETS: Group = {
  name: 'no-secrets',
  args: ['--resources-to-ignore=secrets'],
  flipArgs: [],
  witnesses: ['ConfigMap'],
};
export const NO_CONFIGMAPS: Group = {
  name: 'no-configmaps',
  args: ['--resources-to-ignore=configMaps'],
  flipArgs: [],
  witnesses: ['Secret'],
};

export const IGNORED_NAMESPACES: Group = {
  name: 'ignored-ns',
  args: ['--namespaces-to-ignore=flags-ns-ignored-first,flags-ns-ignored-second'],
  flipArgs: [],
};

/** As Reloader with `watchGlobally: false`, which takes the namespace from its environment. */
export const SCOPED: Group = {
  name: 'scoped',
  args: ['--namespaces=scoped-inside,scoped-inside-too,witness-scoped'],
  flipArgs: ['--namespaces=scoped-inside,scoped-inside-too,scoped-outside,witness-scoped'],
};

export const SELECTED: Group = {
  name: 'selected',
  args: ['--namespace-selector=compat-group=selected,team=a'],
  namespaceLabels: { team: 'a' },
};
export const SELECTED_SET: Group = {
  name: 'selected-set',
  args: ['--namespace-selector=compat-group=selected-set,team in (a,b),!frozen'],
  namespaceLabels: { team: 'b' },
};
const [[watchedKey, watchedValue] = ['', '']] = Object.entries(WATCHED);
export const LABELLED: Group = {
  name: 'labelled',
  args: [`--resource-label-selector=${watchedKey}=${watchedValue}`],
};

export const ANNOTATIONS: Group = { name: 'annotations', args: ['--reload-strategy=annotations'] };
export const ENV_VARS: Group = { name: 'env-vars', args: ['--reload-strategy=env-vars'] };

export const AS_RELOADER: Group = { name: 'as-reloader', args: ['--cronjobs=run', '--jobs=recreate'] };
export const JOB_DEFAULT: Group = { name: 'job-default', args: [], flipArgs: ['--jobs=recreate'] };
export const IGNORED_TYPES: Group = {
  name: 'ignored-types',
  args: ['--cronjobs=run', '--jobs=recreate', '--ignored-workload-types=jobs,cronjobs'],
  flipArgs: ['--cronjobs=run', '--jobs=recreate'],
};

export const CUSTOM: Group = {
  name: 'custom',
  args: [
    '--auto-annotation=custom.example/auto',
    '--configmap-auto-annotation=custom.example/configmap-auto',
    '--secret-auto-annotation=custom.example/secret-auto',
    '--configmap-annotation=custom.example/configmaps',
    '--secret-annotation=custom.example/secrets',
    '--auto-search-annotation=custom.example/search',
    '--search-match-annotation=custom.example/match',
    '--ignore-annotation=custom.example/ignore',
    '--pause-deployment-annotation=custom.example/pause',
    '--pause-deployment-time-annotation=custom.example/since',
  ],
};

export const WEBHOOK_URL: Group = { name: 'webhook-url', args: ['--webhook-url={sink}'], sink: true, witnesses: [] };
export const WEBHOOK_URL_QUIET: Group = { ...WEBHOOK_URL, name: 'webhook-url-quiet' };

export const HA: Group = { name: 'ha', args: ['--enable-ha=true'], watchers: 2 };

/** Flags that are understood and need nothing. */
export const ACCEPTED: Group = {
  name: 'accepted',
  args: [
    '--is-Argo-Rollouts=true',
    '--log-format=json',
    '--log-level=trace',
    '--enable-pprof=false',
    '--pprof-addr=:6060',
  ],
};
export const NO_ROLLOUTS: Group = { name: 'no-rollouts', args: ['--is-Argo-Rollouts=false'], flipArgs: [] };

export const CSI: Group = { name: 'csi', args: ['--enable-csi-integration=true'] };
export const NO_CSI: Group = { name: 'no-csi', args: [], flipArgs: ['--enable-csi-integration=true'] };

/** Namespaces that the webhook serves too. */
export const ADMITTED: Group = { name: 'admitted', args: [], namespaceLabels: { 'restamp.dev/inject': 'enabled' } };

/** The longest first, so that the short ones fill the gaps. */
export const RELOADER_GROUPS: readonly Group[] = [
  PLAIN,
  PAUSE,
  PAUSE_RESTART,
  CUSTOM,
  AS_RELOADER,
  ANNOTATIONS,
  ENV_VARS,
  ON_CREATE,
  ON_DELETE,
  ON_BOTH,
  IGNORED_TYPES,
  JOB_DEFAULT,
  DOWN,
  SYNC,
  CSI,
  NO_CSI,
  SCOPED,
  SELECTED,
  SELECTED_SET,
  LABELLED,
  AUTO_ALL,
  NO_SECRETS,
  NO_CONFIGMAPS,
  IGNORED_NAMESPACES,
  NO_ROLLOUTS,
  ACCEPTED,
  HA,
  WEBHOOK_URL,
  WEBHOOK_URL_QUIET,
  ADMITTED,
];
