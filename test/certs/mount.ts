/** A directory as the kubelet makes one for a Secret: tls.crt -> ..data/tls.crt, ..data -> a directory, swapped at once. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pair } from '../../certs/pair.ts';

export interface Mount {
  readonly path: string;
  /** What the kubelet does when the Secret changed. */
  swap(pair: Pair): Promise<void>;
  /** The directory itself goes. */
  remove(): Promise<void>;
  /** Removes everything. */
  end(): Promise<void>;
}

export async function makeMount(): Promise<Mount> {
  const parent = await mkdtemp(join(tmpdir(), 'restamp-certs-'));
  const path = join(parent, 'tls');
  let version = 0;
  let data: string | undefined;
  const swap = async (pair: Pair): Promise<void> => {
    await mkdir(path, { recursive: true });
    const before = data;
    data = `..version_${++version}`;
    await mkdir(join(path, data));
    await writeFile(join(path, data, 'tls.crt'), pair.certificate);
    await writeFile(join(path, data, 'tls.key'), pair.key);
    await symlink(data, join(path, '..data_tmp'));
    await rename(join(path, '..data_tmp'), join(path, '..data'));
    if (before === undefined) {
      for (const file of ['tls.crt', 'tls.key']) await symlink(join('..data', file), join(path, file));
    } else {
      await rm(join(path, before), { recursive: true });
    }
  };
  const remove = async (): Promise<void> => {
    data = undefined;
    await rm(path, { recursive: true });
  };
  return { path, swap, remove, end: () => rm(parent, { recursive: true, force: true }) };
}
