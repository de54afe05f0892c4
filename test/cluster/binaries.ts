import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { type Binaries, PROGRAMS } from './versions.ts';
export interface BinariesOptions {
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal;
}
export async function findBinaries(_options: BinariesOptions): Promise<Binaries> {
  const directory = process.env.KUBEBUILDER_ASSETS ?? '';
  await Promise.all(PROGRAMS.map((program) => access(join(directory, program), constants.X_OK)));
  return binariesIn(directory);
}
/** The paths of the programs in a directory. */
export function binariesIn(directory: string): Binaries {
  return {
    etcd: join(directory, 'etcd'),
    kubeApiserver: join(directory, 'kube-apiserver'),
    kubeControllerManager: join(directory, 'kube-controller-manager'),
    kubeScheduler: join(directory, 'kube-scheduler'),
    kwok: join(directory, 'kwok'),
    kubectl: join(directory, 'kubectl'),
  };
}
