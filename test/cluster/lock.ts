import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LockOptions {
  readonly path: string;
  /** What the holder does meanwhile, for those who wait: "builds the control plane". */
  readonly purpose: string;
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal;
}

interface Holder {
  readonly pid: number;
  readonly purpose: string;
  readonly since: string;
}

const POLL_MS = 200;
// SQLITE_BUSY: https://sqlite.org/rescode.html#busy
const BUSY = 5;

/**
 * Runs `work` while no other process (nor another call here) holds the lock; says once whom it waits for.
 *
 * The lock is SQLite's lock on an empty database file: the one kernel lock that Node offers on every system. The kernel drops it
 * when its holder ends, in whatever way, so there is no stale lock and no take-over to get wrong. The file itself stays: removing it
 * would let two processes lock two files of the same name.
 */
export async function withLock<T>(options: LockOptions, work: () => Promise<T>): Promise<T> {
  const { path, purpose } = options;
  await mkdir(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 0 });
  const note = `${path}.holder`;
  try {
    await acquire(database, note, options);
    const holder: Holder = { pid: process.pid, purpose, since: new Date().toISOString() };
    await writeFile(note, JSON.stringify(holder));
    return await work().finally(() => rm(note, { force: true }));
  } finally {
    database.close();
  }
}

async function acquire(database: DatabaseSync, note: string, { report, signal }: LockOptions): Promise<void> {
  let told = false;
  while (!tryLock(database)) {
    const holder = told ? undefined : await readHolder(note);
    if (holder !== undefined) {
      report(`waiting for process ${holder.pid}, which ${holder.purpose} since ${holder.since}`);
      told = true;
    }
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === BUSY) return false;
    throw error;
  }
}

async function readHolder(note: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(note, 'utf8')) as Holder;
  } catch {
    // Between taking the lock and writing the note: the next round will find it.
    return undefined;
  }
}
