/** Pods that take a moment to get ready, as real ones do, so that a rollout can be watched. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../cluster/directories.ts';

/** Long enough to see each pod come, short enough for a demo. */
const READY_AFTER_MS = 800;

/**
 * Writes the cluster's own Stage for pods with a delay and a weight by which it wins; returns its path. It is kept in
 * the cache: the kwok of a demo that stays up reads it again should it have to start anew.
 */
export async function slowStartStage(): Promise<string> {
  const original = fileURLToPath(new URL('../cluster/stages/pod-ready.yaml', import.meta.url));
  const stage = (await readFile(original, 'utf8'))
    .replace('name: pod-ready', 'name: pod-slowly-ready')
    .replace('durationMilliseconds: 0', `durationMilliseconds: ${READY_AFTER_MS}`)
    .replace('  delay:', '  weight: 10\n  delay:');
  const directory = join(cacheDirectory(process.env), 'demo');
  const path = join(directory, 'pod-slowly-ready.yaml');
  await mkdir(directory, { recursive: true });
  await writeFile(path, stage);
  return path;
}
