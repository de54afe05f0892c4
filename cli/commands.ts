/** The commands and their options: the one table that parsing, `--help` and the documents are made from. */
import { TOOLS } from '../core/clean-up.ts';
import * as defaults from '../core/defaults.ts';
import { DECLARED_KIND_FORM, parseDeclaredKind } from './declared-kind.ts';
import {
  alsoCalled,
  choice,
  choices,
  count,
  duration,
  flag,
  hidden,
  hosts,
  labelSelector,
  list,
  namespace,
  namespaces,
  type OptionTable,
  onlyOne,
  optionalText,
  optionalUrl,
  port,
  text,
} from './option.ts';
import type { Values } from './parse-options.ts';
import { VOCABULARY_OPTIONS } from './vocabulary.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/** Reloader's words for levels; restamp has nothing to say that it would not survive. */
const RELOADER_LEVELS = { warning: 'warn', fatal: 'error', panic: 'error' } as const;

/** What both commands need to know in order to judge alike, besides where they run. */
const judging = {
  all: alsoCalled(flag('manage workloads in every namespace, labelled or not'), 'auto-reload-all'),
  'exclude-namespaces': alsoCalled(namespaces('namespaces in which nothing is managed'), 'namespaces-to-ignore'),
  'namespace-selector': labelSelector('labels of the namespaces in which anything is managed'),
  'source-selector': alsoCalled(
    labelSelector('labels of the ConfigMaps and Secrets that count'),
    'resource-label-selector',
  ),
  'ignore-sources': alsoCalled(
    onlyOne(['configmaps', 'secrets'], 'the kind of source that nothing rolls for'),
    'resources-to-ignore',
  ),
  'cross-namespaces': namespaces('namespaces whose ConfigMaps and Secrets may be named by workloads of others'),
  'image-pull-secrets': flag('imagePullSecrets count as references'),
  'volume-secrets': flag('nodePublishSecretRef and the secret references of other volume types count'),
  'secret-provider-classes': alsoCalled(
    flag('the SecretProviderClass of a csi volume counts, by the versions it was mounted in'),
    'enable-csi-integration',
  ),
  'workload-kind': list(
    'GROUP/VERSION/RESOURCE:PATH',
    parseDeclaredKind,
    DECLARED_KIND_FORM,
    'a further kind of workload, and the path to its pod template',
  ),
  cronjobs: choice(['stamp', 'run', 'ignore'], 'stamp', 'on a change: stamp the job template, run a Job, or nothing'),
  jobs: choice(['report', 'recreate', 'ignore'], 'report', 'on a change: say so, recreate the Job, or nothing'),
  'ignored-workload-types': hidden(
    choices(['jobs', 'cronjobs'], 'ignores these, as `--jobs=ignore` and `--cronjobs=ignore` do'),
  ),
  'argo-rollouts': alsoCalled(flag('manage Argo Rollouts, where there are any', true), 'is-Argo-Rollouts'),
  'reload-on-create': flag('roll also when a ConfigMap or Secret is created'),
  'reload-on-delete': flag('roll also when a ConfigMap or Secret is deleted'),
  'webhook-url': optionalUrl('told of each change by POST, in place of any rollout'),
  ...VOCABULARY_OPTIONS,
} as const satisfies OptionTable;

/** Its values. */
export type JudgingValues = Values<typeof judging>;

const running = {
  kubeconfig: optionalText('FILE', 'kubeconfig to use; without it $KUBECONFIG, in a pod its ServiceAccount'),
  namespace: namespace(defaults.NAMESPACE, 'the namespace restamp runs in; its key and certificates are kept there'),
  'key-secret': text(defaults.KEY_SECRET, 'NAME', 'Secret of the HMAC key, created if absent'),
  'bind-address': text('0.0.0.0', 'ADDRESS', 'address to listen on'),
  'log-level': choice(LEVELS, 'info', 'least level to log', RELOADER_LEVELS),
  'log-format': hidden({
    ...choice(['json'], 'json', 'the log is always JSON', { '': 'json', text: 'json' }),
    form: 'json, text or nothing',
  }),
} as const satisfies OptionTable;

export const WEBHOOK_OPTIONS = {
  ...running,
  port: port(defaults.WEBHOOK_PORT, 'port of the admission webhook (HTTPS)'),
  'ops-port': port(defaults.WEBHOOK_OPS_PORT, 'port of /livez, /readyz and /metrics (HTTP)'),
  budget: duration(defaults.ADMISSION_BUDGET_MS, 'what reading may take per request; less than timeoutSeconds'),
  tls: choice(['files', 'self-signed'], 'files', 'where the certificate comes from'),
  'tls-dir': text('/tls', 'DIRECTORY', 'with --tls=files: holds tls.crt and tls.key, watched for changes'),
  'tls-secret': text(defaults.TLS_SECRET, 'NAME', 'with --tls=self-signed: Secret of the authority, created if absent'),
  service: text(defaults.WEBHOOK_SERVICE, 'NAME', 'with --tls=self-signed: the Service the certificate is for'),
  'tls-names': hosts('with --tls=self-signed: further host names and addresses'),
  configuration: text(
    defaults.WEBHOOK_CONFIGURATION,
    'NAME',
    'with --tls=self-signed: webhook configurations that get the CA bundle',
  ),
  'shutdown-delay': duration(defaults.SHUTDOWN_DELAY_MS, 'time to go on answering after SIGTERM, not ready any more'),
  ...judging,
} as const satisfies OptionTable;

/** Flags of Reloader's that ask for what restamp does anyway, or has no need of. Their defaults are Reloader's. */
const needless = {
  'enable-ha': hidden(flag('two watchers are safe side by side, without a leader')),
  'leader-election-lease-duration': hidden(duration(15_000, 'there is no leader to be elected')),
  'leader-election-renew-deadline': hidden(duration(10_000, 'there is no leader to be elected')),
  'leader-election-retry-period': hidden(duration(2_000, 'there is no leader to be elected')),
  'sync-after-restart': hidden(flag('what changed while nothing ran is always found at the start')),
  'enable-pprof': {
    ...hidden(flag('there is no profiling port')),
    notice: 'there is no profiling port, nothing is opened',
  },
  'pprof-addr': hidden(text(':6060', 'ADDRESS', 'there is no profiling port')),
} as const satisfies OptionTable;

export const WATCHER_OPTIONS = {
  ...running,
  'ops-port': port(defaults.WATCHER_OPS_PORT, 'port of /livez, /readyz and /metrics (HTTP)'),
  namespaces: namespaces('watch these only, with Roles in place of ClusterRoles; all of them if there are none'),
  settle: duration(defaults.SETTLE_MS, 'quiet time after a change before it is acted on'),
  'min-interval': duration(defaults.MIN_INTERVAL_MS, 'least time between two rollouts of one workload'),
  concurrency: count(defaults.CONCURRENCY, 'workloads worked on at once'),
  'reload-strategy': choice(
    ['hash', 'annotations', 'env-vars'],
    'hash',
    'what a rollout writes besides the hash: nothing, or what Reloader would',
  ),
  ...judging,
  ...needless,
} as const satisfies OptionTable;

export const CLEAN_UP_OPTIONS = {
  kubeconfig: optionalText('FILE', 'kubeconfig to use; else $KUBECONFIG or ~/.kube/config'),
  namespaces: namespaces('look at these only; all of them if there are none'),
  of: choices(TOOLS, 'whose leftovers; those of both if there are none'),
  yes: flag('remove what is left; without it, only show it'),
} as const satisfies OptionTable;

/** The commands that run until they are stopped. */
export const SERVICES = {
  webhook: { summary: 'stamps workloads when they are created or changed', options: WEBHOOK_OPTIONS },
  watcher: { summary: 'rolls workloads when a ConfigMap or Secret of theirs changes', options: WATCHER_OPTIONS },
} as const;

export const COMMANDS = {
  ...SERVICES,
  'clean-up': { summary: 'shows and removes what Reloader and wave left in a cluster', options: CLEAN_UP_OPTIONS },
} as const;

export type CommandName = keyof typeof COMMANDS;
