/** Pods that take a second to get ready, as real ones do, so that a rollout can be watched. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Long enough to see each pod come, short enough for a demo. */
const READY_AFTER_MS = 800;

/** Writes the cluster's own Stage for pods with a delay and a weight by which it wins, into a directory of its own. */
export async function slowStartStage(): Promise<{ readonly directory: string; readonly path: string }> {
  const original = fileURLToPath(new URL('../cluster/stages/pod-ready.yaml', import.meta.url));
  const stage = (await readFile(original, 'utf8'))
    .replace('name: pod-ready', 'name: pod-slowly-ready')
    .replace('durationMilliseconds: 0', `durationMilliseconds: ${READY_AFTER_MS}`)
    .replace('  delay:', '  weight: 10\n  delay:');
  const directory = await mkdtemp(join(tmpdir(), 'restamp-demo-stage-'));
  const path = join(directory, 'pod-slowly-ready.yaml');
  await writeFile(path, stage);
  return { directory, path };
}
