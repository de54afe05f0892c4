import { chmod, mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writePrivate } from './state.ts';
import { type Binaries, PROGRAMS, type ProgramName, VERSIONS } from './versions.ts';

/** Where a program came from. */
export type Source = 'release' | 'go';

interface Manifest {
  readonly programs: Partial<Readonly<Record<ProgramName, { readonly size: number; readonly source: Source }>>>;
}

/**
 * The programs in the cache, for one set of versions and one platform. A program is put in place whole, by a rename, and noted in
 * the manifest afterwards; one without a note, or whose size is not the noted one, counts as missing and is made again.
 */
export class BinaryStore {
  readonly directory: string;
  /** For what is not finished; on the same file system, so that a rename is enough. */
  readonly workDirectory: string;

  constructor(cache: string, platform: string, arch: string) {
    const versions = Object.entries(VERSIONS).map(([name, version]) => `${name}-${version}`);
    this.directory = join(cache, 'binaries', [...versions, platform, arch].join('_'));
    this.workDirectory = join(this.directory, 'work');
  }

  get lockPath(): string {
    return `${this.directory}.lock`;
  }

  /** The programs that are not there, or not whole. */
  async missing(): Promise<ProgramName[]> {
    const { programs } = await this.#manifest();
    const checks = PROGRAMS.map(async (program) => {
      const { size } = await stat(join(this.directory, program)).catch(() => ({ size: -1 }));
      return programs[program]?.size === size ? [] : [program];
    });
    return (await Promise.all(checks)).flat();
  }

  /** Makes the directories. */
  async prepare(): Promise<void> {
    await mkdir(this.workDirectory, { recursive: true });
  }

  /** Moves a finished program into its place. */
  async put(program: ProgramName, from: string, source: Source): Promise<void> {
    await chmod(from, 0o755);
    const { size } = await stat(from);
    await rename(from, join(this.directory, program));
    const { programs } = await this.#manifest();
    const manifest: Manifest = { programs: { ...programs, [program]: { size, source } } };
    await writePrivate(this.#manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
  }

  get #manifestPath(): string {
    return join(this.directory, 'manifest.json');
  }

  async #manifest(): Promise<Manifest> {
    return (await readJson<Manifest>(this.#manifestPath)) ?? { programs: {} };
  }
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
