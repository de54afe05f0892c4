/** `restamp webhook`: wires the admission server to its certificate, key, log and metrics. */
import type { FastifyInstance } from 'fastify';
import { caBundlePublisher } from '../certs/ca-bundle.ts';
import { directorySource } from '../certs/directory.ts';
import { serviceNames } from '../certs/name.ts';
import type { Pair } from '../certs/pair.ts';
import { selfSignedSource } from '../certs/self-signed.ts';
import type { PairListener, PairSource } from '../certs/source.ts';
import type { Keyring } from '../core/key.ts';
import { systemClock } from '../kube/clock.ts';
import { describeError } from '../kube/error.ts';
import type { KubeTransport } from '../kube/transport.ts';
import { type MutateOptions, mutate } from '../webhook/mutate.ts';
import { createServer, swapCertificate } from '../webhook/server.ts';
import { validate } from '../webhook/validate.ts';
import type { WEBHOOK_OPTIONS } from './commands.ts';
import { connect } from './connection.ts';
import { awaitKeyring } from './keyring.ts';
import { createLog, type Logger } from './log.ts';
import { createWebhookMetrics, type WebhookMetrics } from './metrics.ts';
import { createOpsServer } from './ops-server.ts';
import type { Values } from './parse-options.ts';
import { admissionRules } from './rules.ts';

type Options = Values<typeof WEBHOOK_OPTIONS>;

/** Requests under way get this long to finish: more than the API server waits for any of them (3 s as shipped). */
const CLOSE_MS = 10_000;

interface State {
  keyring?: Keyring;
  server?: FastifyInstance;
  draining: boolean;
}

/**
 * Runs until the signal aborts. In order: the ops server, so that probes are answered from the start; the key, in the
 * background, since a webhook without it still has to answer (unstamped); the certificate; then the port opens.
 * To stop: not ready any more, answer on until Kubernetes sends nobody here, finish what is under way, close.
 */
export async function runWebhook(options: Options, signal: AbortSignal): Promise<void> {
  const log = createLog('webhook', options['log-level']);
  const metrics = createWebhookMetrics();
  const transport = await connect('webhook', options.kubeconfig);
  const state: State = { draining: false };
  const ended = new AbortController(); // Certificates are watched until the very end: draining takes a while.
  const ops = createOpsServer({ registry: metrics.registry, checks: readiness(state) });
  await ops.listen({ host: options['bind-address'], port: options['ops-port'] });
  log.info({ address: ops.listeningOrigin }, 'serving health and metrics');

  const at = { namespace: options.namespace, name: options['key-secret'] };
  const either = AbortSignal.any([signal, ended.signal]);
  const loading = awaitKeyring({ transport, clock: systemClock, log, at }, either).then((keyring) => {
    if (keyring !== undefined) state.keyring = keyring;
  });
  const serving = serve(options, { log, metrics, transport, state, stop: ended.signal });
  try {
    // Rejects where there is nothing to wait for: the port is taken.
    await Promise.race([aborted(signal), serving.then(() => aborted(signal))]);
    await drain(state, options['shutdown-delay'], log);
  } finally {
    ended.abort();
    await Promise.allSettled([loading, serving]);
    log.info('stopped');
    await ops.close();
    transport.close();
  }
}

function readiness(state: State): Record<string, () => string | undefined> {
  return {
    key: () => (state.keyring === undefined ? 'not loaded yet' : undefined),
    certificate: () => (state.server === undefined ? 'none yet' : undefined),
    draining: () => (state.draining ? 'shutting down' : undefined),
  };
}

interface Parts {
  readonly log: Logger;
  readonly metrics: WebhookMetrics;
  readonly transport: KubeTransport;
  readonly state: State;
  readonly stop: AbortSignal;
}

/** Opens the port with the first good certificate, and swaps later ones in. Ends when stopped. */
async function serve(options: Options, parts: Parts): Promise<void> {
  const { log, metrics, state, stop } = parts;
  const offered: { pair?: Pair; server?: FastifyInstance } = {};
  const listener: PairListener = {
    accepted: (pair, { notAfter, serial }) => {
      offered.pair = pair;
      if (offered.server !== undefined) swapCertificate(offered.server, secureContext(pair));
      metrics.certificateExpiry.set(notAfter.getTime() / 1_000);
      log.info({ serial, notAfter: notAfter.toISOString() }, 'certificate accepted');
    },
    refused: (reason, source) => {
      metrics.certificateRefusals.inc();
      log.error({ reason, source }, 'certificate refused');
    },
  };
  try {
    await pairSource(options, parts).start(stop, listener);
  } catch (error) {
    if (stop.aborted) return;
    throw error;
  }
  if (offered.pair === undefined) return;
  const server = createAdmissionServer(options, parts, offered.pair);
  offered.server = server;
  await server.listen({ host: options['bind-address'], port: options.port });
  if (stop.aborted) return void (await server.close()); // Told to end meanwhile: nobody else would close it.
  state.server = server;
  log.info({ address: server.listeningOrigin }, 'serving admission');
}

function secureContext({ certificate, key }: Pair): { cert: string; key: string } {
  return { cert: certificate, key };
}

function pairSource(options: Options, { transport, log }: Parts): PairSource {
  const clock = systemClock;
  if (options.tls === 'files') return directorySource({ path: options['tls-dir'], clock });
  const names = serviceNames(options.service, options.namespace, options['tls-names']);
  const name = options.configuration;
  return selfSignedSource({
    transport,
    clock,
    names,
    secret: { namespace: options.namespace, name: options['tls-secret'] },
    publish: caBundlePublisher({
      transport,
      clock,
      names,
      configurations: [
        { kind: 'MutatingWebhookConfiguration', name },
        { kind: 'ValidatingWebhookConfiguration', name },
      ],
      report: ({ configuration, webhooks }) => log.info({ ...configuration, webhooks }, 'CA bundle published'),
    }),
    report: (event) => log[event.outcome === 'failed' ? 'error' : 'info'](event, 'certificate authority'),
  });
}

function createAdmissionServer(options: Options, parts: Parts, pair: Pair): FastifyInstance {
  const { log, metrics, transport, state } = parts;
  const mutation: MutateOptions = {
    transport,
    keyring: () => state.keyring,
    ...admissionRules(options),
    budgetMs: options.budget,
  };
  const { kinds, policy, references } = mutation;
  const validation = { transport, budgetMs: options.budget, kinds, policy, references };
  return createServer({
    tls: secureContext(pair),
    draining: () => state.draining,
    onCrash: (kind, error) => {
      metrics.crashes.inc();
      log.error({ kind, cause: describeError(error) }, 'admission failed');
    },
    validate: (request) => validate(request, validation, 'warn'),
    enforce: (request) => validate(request, validation, 'enforce'),
    mutate: async (request) => {
      const stopTimer = metrics.admissionSeconds.startTimer();
      const { verdict, told } = await mutate(request, mutation);
      stopTimer();
      metrics.admissions.inc({ outcome: told.outcome, reason: told.reason });
      const { kind, namespace, name, operation, dryRun, uid } = request;
      const quiet = told.reason === 'untouched' || told.reason === 'true-stamp';
      const facts = { kind, namespace, name, operation, dryRun, uid, ...told };
      log[told.cause !== undefined ? 'warn' : quiet ? 'debug' : 'info'](facts, 'admitted');
      return verdict;
    },
  });
}

async function drain(state: State, delayMs: number, log: Logger): Promise<void> {
  state.draining = true;
  if (state.server === undefined) return;
  log.info({ delayMs }, 'draining');
  await systemClock.sleep(delayMs);
  const closed = new AbortController();
  await Promise.race([state.server.close().finally(() => closed.abort()), systemClock.sleep(CLOSE_MS, closed.signal)]);
  // A client that never ends its request must not keep the process from ending.
  state.server.server.closeAllConnections();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
