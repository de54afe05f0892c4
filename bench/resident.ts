/** What the operating system says a process keeps in memory. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** MiB. `anonymous` is the process's own; `file` are pages of the Node binary, shared and reclaimable. */
export interface Resident {
  readonly resident: number;
  readonly anonymous?: number;
  readonly file?: number;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export type ResidentSpread = { readonly [Part in keyof Resident]: Spread };

const SAMPLE_EVERY_MS = 1_000;

/** Samples each second for so long. */
export async function sampleResident(pid: number, seconds: number, signal: AbortSignal): Promise<ResidentSpread> {
  const samples: Resident[] = [];
  for (let second = 0; second < seconds; second += 1) {
    samples.push(await residentOf(pid));
    await sleep(SAMPLE_EVERY_MS, undefined, { signal });
  }
  const parts = ['resident', 'anonymous', 'file'] as const;
  const spreads = parts.map((part) => [part, samples.flatMap((sample) => sample[part] ?? [])] as const);
  return Object.fromEntries(
    spreads.filter(([, values]) => values.length > 0).map(([part, values]) => [part, spread(values)]),
  ) as unknown as ResidentSpread;
}

/** From `/proc` where there is one, else the total from `ps`. */
export async function residentOf(pid: number): Promise<Resident> {
  if (process.platform !== 'linux') {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
    return { resident: Number(stdout) / 1_024 };
  }
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (field: string): number =>
    Number(status.match(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm'))?.[1]) / 1_024;
  return { resident: mebibytes('VmRSS'), anonymous: mebibytes('RssAnon'), file: mebibytes('RssFile') };
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => Math.round((sorted[index] ?? Number.NaN) * 10) / 10;
  return { median: at(Math.floor((sorted.length - 1) / 2)), min: at(0), max: at(sorted.length - 1) };
}
