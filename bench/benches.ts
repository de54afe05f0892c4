/** The benches and their options: the table that the command line and `--help` are made from. */
import { count, duration, flag, type Option, type OptionTable } from '../cli/option.ts';
import { SHUTDOWN_DELAY_MS } from '../core/defaults.ts';

export const MEMORY_OPTIONS = {
  deployments: count(1_000, 'Deployments, each with a ConfigMap and a Secret of its own'),
  secrets: count(5_000, 'Secrets in all; those that no Deployment uses are there to be ignored'),
  changes: count(200, 'ConfigMaps to change, each of which rolls a Deployment; at most one per Deployment'),
  seconds: count(60, 'seconds of idling to measure'),
  levers: flag('measure each of the flags of Node by itself, too'),
} as const satisfies OptionTable;

export const ADMISSIONS_OPTIONS = {
  count: many(10_000, 'creations, changes and dry runs to send through admission'),
  clients: count(8, 'clients that send them, one after the other each'),
  'rotate-every': duration(3_000, 'another certificate this often; each third one is bad and has to be refused'),
  'shutdown-delay': duration(SHUTDOWN_DELAY_MS, 'how long an instance answers on after SIGTERM'),
} as const satisfies OptionTable;

/** A count of what takes no more room for being many. */
function many(fallback: number, help: string): Option<number> {
  return {
    ...count(fallback, help),
    form: 'a whole number from 1 to 999999',
    parse: (value) => (/^[1-9]\d{0,5}$/.test(value) ? Number(value) : undefined),
  };
}

export const BENCHES = {
  memory: { summary: 'what the watcher keeps resident, and how many requests it makes', options: MEMORY_OPTIONS },
  admissions: {
    summary: 'requests that fail while webhooks are replaced and certificates rotated: none',
    options: ADMISSIONS_OPTIONS,
  },
} as const;

export type BenchName = keyof typeof BENCHES;
