import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process that can be told from a later one with the same pid. */
export interface ProcessRecord {
  readonly pid: number;
  /** What `startOf` said when the process was recorded. */
  readonly started: string;
}

/**
 * When a process started, in a form that only that process has; undefined when there is no such process.
 * Linux gives clock ticks since boot, which needs the boot's id beside it; elsewhere `ps` gives the time to the second.
 */
export async function startOf(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? await linuxStart(pid) : await psStart(pid);
}

/** Field 22 of /proc/PID/stat, counted after the command name in brackets, which may hold spaces and brackets itself. */
async function linuxStart(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; it only waits for its parent to notice.
    if (state === 'Z' || state === 'X') return undefined;
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    return `${boot}:${rest[18]}`;
  } catch {
    return undefined;
  }
}

async function psStart(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      env: { ...process.env, LC_ALL: 'C' },
    });
    const [, stat, start] = /^\s*(\S+)\s+(.*\S)\s*$/.exec(stdout) ?? [];
    return stat === undefined || stat.startsWith('Z') ? undefined : start;
  } catch {
    return undefined;
  }
}

/** The record of a process that runs now. */
export async function recordProcess(pid: number): Promise<ProcessRecord> {
  return { pid, started: (await startOf(pid)) ?? 'ended before it was recorded' };
}

/** Whether the recorded process still runs: the pid is there and it is not a later process that got the same number. */
export async function isRunning(record: ProcessRecord): Promise<boolean> {
  return (await startOf(record.pid)) === record.started;
}

/** Ends a recorded process with SIGKILL, if it is still that process, and waits until it is gone. */
export async function killRecorded(record: ProcessRecord, deadlineMs = 10_000): Promise<void> {
  if (await isRunning(record)) sendSignal(record.pid, 'SIGKILL');
  await waitForEnd(record, deadlineMs);
}

/** Waits until a recorded process is gone; says whether it is. */
export async function waitForEnd(record: ProcessRecord, deadlineMs: number): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  while (await isRunning(record)) {
    if (performance.now() > end) return false;
    await sleep(25);
  }
  return true;
}

/** `process.kill` that does not mind when the process (or group, as a negative pid) has already gone. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A watch over a process group that no longer needs us: see `guardGroup`. */
export interface Guard {
  /** The group has ended in good order: the guard goes away without doing anything. */
  standDown(): void;
}

/**
 * Starts a shell that waits on a pipe held by this process, and kills the process group when the pipe closes without a word.
 * This covers what no handler can: SIGKILL of this process, or a crash of Node. The shell has a session of its own, so that neither
 * Ctrl-C nor the death of the group takes it along.
 */
export function guardGroup(group: number): Guard {
  const script = 'read -r word; [ "$word" = done ] || kill -s KILL -- "-$1"';
  const shell = spawn('/bin/sh', ['-c', script, 'restamp-cluster-guard', String(group)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  // A guard that could not start or was killed leaves us without it, not broken.
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return { standDown: () => void shell.stdin.end('done\n') };
}

/** The environment for programs that only talk over loopback: a proxy set for the user's shell must not see that traffic. */
export function loopbackEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !UNWANTED.test(name));
  return Object.fromEntries(kept);
}

// KUBECONFIG and the in-cluster variables would offer the components another cluster; NODE_* would load a test runner's hooks into
// the supervisor; etcd reads every ETCD_* variable as a flag.
const UNWANTED =
  /^((https?|all|no|ftp)_proxy|node_options|node_v8_coverage|node_use_env_proxy|kubeconfig|kubernetes_.*|etcd_.*)$/i;
