/** The commands and their options: the one table that parsing, `--help` and the documents are made from. */
import * as defaults from '../core/defaults.ts';
import {
  choice,
  count,
  duration,
  flag,
  hosts,
  namespace,
  namespaces,
  type OptionTable,
  optionalText,
  port,
  text,
} from './option.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

const common = {
  kubeconfig: optionalText('FILE', 'kubeconfig to use; without it $KUBECONFIG, in a pod its ServiceAccount'),
  namespace: namespace(defaults.NAMESPACE, 'the namespace restamp runs in; its key and certificates are kept there'),
  'key-secret': text(defaults.KEY_SECRET, 'NAME', 'Secret of the HMAC key, created if absent'),
  'exclude-namespaces': namespaces('namespaces in which nothing is managed'),
  'bind-address': text('0.0.0.0', 'ADDRESS', 'address to listen on'),
  'log-level': choice(LEVELS, 'info', 'least level to log'),
} as const satisfies OptionTable;

export const WEBHOOK_OPTIONS = {
  ...common,
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
} as const satisfies OptionTable;

export const WATCHER_OPTIONS = {
  ...common,
  'ops-port': port(defaults.WATCHER_OPS_PORT, 'port of /livez, /readyz and /metrics (HTTP)'),
  all: flag('manage workloads in every namespace, labelled or not'),
  settle: duration(defaults.SETTLE_MS, 'quiet time after a change before it is acted on'),
  concurrency: count(defaults.CONCURRENCY, 'workloads worked on at once'),
} as const satisfies OptionTable;

export const COMMANDS = {
  webhook: { summary: 'stamps workloads when they are created or changed', options: WEBHOOK_OPTIONS },
  watcher: { summary: 'rolls workloads when a ConfigMap or Secret of theirs changes', options: WATCHER_OPTIONS },
} as const;

export type CommandName = keyof typeof COMMANDS;
