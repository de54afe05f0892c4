import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { guardGroup, sendSignal } from './processes.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Receives each line of stderr. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** A command that could not be started or ended with an error. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

// The end of a compiler's complaint; its beginning is in the log above it.
const KEPT_LINES = 20;

/**
 * Runs a command and resolves with its stdout. It has a process group of its own, which ends with an abort and, whatever happens to
 * this process, not later than it.
 */
export async function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<string> {
  options.signal?.throwIfAborted();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: options.environment,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const guard = child.pid === undefined ? undefined : guardGroup(child.pid);
  const kill = (): void => {
    if (child.pid !== undefined) sendSignal(-child.pid, 'SIGKILL');
  };
  options.signal?.addEventListener('abort', kill, { once: true });
  const last: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    last.push(line);
    if (last.length > KEPT_LINES) last.shift();
    options.onLine?.(line);
  });
  try {
    const [output, how] = await Promise.all([text(child.stdout), closed(child)]);
    options.signal?.throwIfAborted();
    if (how !== undefined)
      throw new CommandError(`${command} ${args[0] ?? ''} ${how}${last.map((line) => `\n  ${line}`).join('')}`);
    return output;
  } finally {
    options.signal?.removeEventListener('abort', kill);
    guard?.standDown();
  }
}

/** How a child failed; undefined when it did not. */
function closed(child: ReturnType<typeof spawn>): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}`));
  });
}
