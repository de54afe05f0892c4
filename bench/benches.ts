/** The benches and their options: the table that the command line and `--help` are made from. */
import { count, flag, type OptionTable } from '../cli/option.ts';

export const MEMORY_OPTIONS = {
  deployments: count(1_000, 'Deployments, each with a ConfigMap and a Secret of its own'),
  secrets: count(5_000, 'Secrets in all; those that no Deployment uses are there to be ignored'),
  changes: count(200, 'ConfigMaps to change, each of which rolls a Deployment; at most one per Deployment'),
  seconds: count(60, 'seconds of idling to measure'),
  levers: flag('measure each of the flags of Node by itself, too'),
} as const satisfies OptionTable;

export const BENCHES = {
  memory: { summary: 'what the watcher keeps resident, and how many requests it makes', options: MEMORY_OPTIONS },
} as const;

export type BenchName = keyof typeof BENCHES;
