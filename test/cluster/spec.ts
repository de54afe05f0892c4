import { fileURLToPath } from 'node:url';
import { findBinaries } from './binaries.ts';
import type { Progress } from './progress.ts';
import type { ClusterSpec } from './state.ts';
import type { Binaries } from './versions.ts';

export interface ClusterOptions {
  /** Names the cluster in kubeconfigs and in its directory. */
  readonly name?: string;
  /** Receives a line for each step of the start. */
  readonly report?: (line: string) => void;
  /** Shows the download or build of the programs, which can take minutes; lines to `report`, or to stderr, if left out. */
  readonly progress?: Progress;
  /** How many nodes there are; 1 if left out. */
  readonly nodes?: number;
  /** Feature gates of the API server, on or off. */
  readonly featureGates?: Readonly<Record<string, boolean>>;
  /** Resources (`events`, `secrets`, `deployments.apps`) that the API server does not keep in its watch cache. */
  readonly uncached?: readonly string[];
  /** More kwok Stage files. One with a `weight` wins over the built-in ones, which have none. */
  readonly stages?: readonly string[];
  /** Gives up the start; nothing is left behind. */
  readonly signal?: AbortSignal;
}

const STAGES = ['node-initialize', 'node-heartbeat-with-lease', 'pod-ready', 'pod-complete', 'pod-delete'] as const;

/** What a cluster is made from. `keep` says whether its directory stays after a stop. */
export function clusterSpec(name: string, options: ClusterOptions, binaries: Binaries, keep: boolean): ClusterSpec {
  const builtIn = STAGES.map((stage) => fileURLToPath(new URL(`./stages/${stage}.yaml`, import.meta.url)));
  return {
    name,
    binaries,
    nodes: options.nodes ?? 1,
    featureGates: options.featureGates ?? {},
    uncached: options.uncached ?? [],
    stages: [...builtIn, ...(options.stages ?? [])],
    keep,
  };
}

/** The programs for a cluster. Without a `report` the minutes of a first build would pass in silence, so stderr hears of them. */
export async function findClusterBinaries({ report, progress, signal }: ClusterOptions): Promise<Binaries> {
  return await findBinaries({
    report: report ?? ((line) => void process.stderr.write(`${line}\n`)),
    ...(progress && { progress }),
    ...(signal && { signal }),
  });
}

/** Throws unless a name can be part of a path and of a kubeconfig. */
export function checkName(name: string): void {
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
    throw new Error(
      `"${name}" is not a cluster name: use 1 to 40 lower-case letters, digits and "-", with no "-" at either end`,
    );
  }
}
