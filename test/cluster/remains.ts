import { rm } from 'node:fs/promises';
import { killRecorded } from './processes.ts';
import { type ClusterState, clusterFiles, readJson } from './state.ts';

/**
 * After a supervisor has gone: ends what it would have ended if it was killed, and removes the directory unless it is kept.
 * Only recorded processes are killed, and only if they are still the ones that were recorded.
 */
export async function removeRemains(directory: string, keep: boolean, known?: ClusterState): Promise<void> {
  const state = (await readJson<ClusterState>(clusterFiles(directory).state)) ?? known;
  const records = state === undefined ? [] : [state.supervisor, ...Object.values(state.components)];
  await Promise.all(records.map((record) => killRecorded(record)));
  if (!keep) await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}
