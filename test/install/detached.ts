/** A restamp process that stays when its starter ends, and ends with the cluster it belongs to. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';

/** Looks once a second whether the cluster's supervisor is still there; when it is not, the process is ended too. */
const TETHER = `supervisor=$1; shift
"$@" & pid=$!
while kill -0 $supervisor 2>/dev/null && kill -0 $pid 2>/dev/null; do sleep 1; done
kill $pid 2>/dev/null`;

export interface DetachedOptions {
  readonly argv: readonly string[];
  readonly logFile: string;
  /** Process id of the cluster's supervisor. */
  readonly supervisor: number;
}

export function startDetached({ argv, logFile, supervisor }: DetachedOptions): void {
  const log = openSync(logFile, 'a');
  const child = spawn('sh', ['-c', TETHER, 'restamp', String(supervisor), ...argv], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  child.unref();
}
