import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loopbackEnvironment } from './processes.ts';
import { type ClusterSpec, clusterFiles, writePrivate } from './state.ts';
import type { StarterMessage, SupervisorMessage } from './supervisor.ts';

const SUPERVISOR = fileURLToPath(new URL('./supervisor.ts', import.meta.url));

export interface Launch {
  readonly directory: string;
  readonly spec: ClusterSpec;
  readonly report: (line: string) => void;
  /** Gives up the start; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/** A cluster that is up and ends with this process, unless it is detached. */
export interface Supervised {
  /** Lets the cluster live on without this process. */
  detach(): Promise<void>;
  /** Ends the cluster and waits until its supervisor has gone. */
  stop(): Promise<void>;
}

/** Writes the spec, starts a supervisor and waits until the cluster is up. */
export async function launch({ directory, spec, report, signal }: Launch): Promise<Supervised> {
  const files = clusterFiles(directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writePrivate(files.spec, JSON.stringify(spec, null, 2));
  signal?.throwIfAborted();
  const child = startSupervisor(files.supervisorLog);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.ref();
    if (child.connected) child.disconnect();
    await gone;
  };
  try {
    await up(child, directory, report, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  // A process that has nothing else to do may end, and the cluster with it.
  child.unref();
  child.channel?.unref();
  return { detach: () => detach(child), stop };

  function startSupervisor(logPath: string): ChildProcess {
    const log = openSync(logPath, 'a', 0o600);
    try {
      return spawn(process.execPath, [SUPERVISOR, directory], {
        // A group of its own: Ctrl-C in the terminal reaches only us, and we close the channel.
        detached: true,
        stdio: ['ignore', log, log, 'ipc'],
        env: loopbackEnvironment(process.env),
      });
    } finally {
      closeSync(log);
    }
  }
}

function up(
  child: ChildProcess,
  directory: string,
  report: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (why: string): void =>
    reject(new Error(`the cluster did not start: ${why}\nIts files are kept in ${directory}`));
  const abort = (): void => reject(signal?.reason);
  child.on('message', (message: SupervisorMessage) => {
    if (message.kind === 'progress') report(message.line);
    if (message.kind === 'up') resolve();
    if (message.kind === 'failed') fail(message.message);
  });
  child.once('exit', (code, by) => fail(`its supervisor ended with ${by ?? `code ${code}`}`));
  child.once('error', (error) => fail(`its supervisor could not be started: ${error.message}`));
  signal?.addEventListener('abort', abort, { once: true });
  return promise.finally(() => signal?.removeEventListener('abort', abort));
}

async function detach(child: ChildProcess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  child.ref();
  child.channel?.ref();
  // The supervisor closes the channel when it has understood.
  child.once('disconnect', () => resolve());
  child.once('exit', () => resolve());
  const message: StarterMessage = { kind: 'detach' };
  child.send(message);
  await promise;
  child.unref();
}
