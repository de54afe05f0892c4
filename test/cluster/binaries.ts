import { access, constants, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buildPrograms, GoMissingError } from './build.ts';
import { CommandError, runCommand } from './command.ts';
import { cacheDirectory } from './directories.ts';
import { DownloadError, download, fetchText } from './download.ts';
import { withLock } from './lock.ts';
import { lineProgress, megabytes, type Progress } from './progress.ts';
import { RELEASE_SERVERS, type Release, type ReleaseServers, releaseOf } from './releases.ts';
import { BinaryStore, binariesIn } from './store.ts';
import { type Binaries, PROGRAMS, type ProgramName } from './versions.ts';

export interface BinariesOptions {
  readonly report: (line: string) => void;
  /** Shows long work; lines to `report` if left out. */
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** For tests: what the process and the network are otherwise. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly servers?: ReleaseServers;
  readonly platform?: string;
  readonly arch?: string;
}

interface Search {
  readonly store: BinaryStore;
  readonly environment: NodeJS.ProcessEnv;
  readonly servers: ReleaseServers;
  readonly platform: string;
  readonly arch: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Finds the programs of a control plane, or makes them. In this order: the directory in KUBEBUILDER_ASSETS, the cache, the
 * official releases, a build from Go modules.
 */
export async function findBinaries(options: BinariesOptions): Promise<Binaries> {
  const { environment = process.env, platform = process.platform, arch = process.arch, report } = options;
  const named = await namedDirectory(environment, report);
  if (named !== undefined) return binariesIn(named);
  const store = new BinaryStore(cacheDirectory(environment), platform, arch);
  if ((await store.missing()).length > 0) {
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    const progress = options.progress ?? lineProgress(report);
    const search: Search = {
      store,
      environment,
      platform,
      arch,
      progress,
      servers: options.servers ?? RELEASE_SERVERS,
      ...signal,
    };
    const purpose = 'fetches or builds the control plane';
    await withLock({ path: store.lockPath, purpose, report, ...signal }, () => completeStore(search));
  }
  return binariesIn(store.directory);
}

/**
 * The directory in KUBEBUILDER_ASSETS, if it has everything. Its usual content, for other projects, is only a part; mixing that
 * with programs of other versions would be a guess, so then it is not used.
 */
async function namedDirectory(
  environment: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<string | undefined> {
  const named = environment.KUBEBUILDER_ASSETS;
  if (named === undefined || named === '') return undefined;
  const directory = resolve(named);
  const lacking: ProgramName[] = [];
  for (const program of PROGRAMS) {
    await access(join(directory, program), constants.X_OK).catch(() => lacking.push(program));
  }
  if (lacking.length === 0) return directory;
  report(`KUBEBUILDER_ASSETS is not used: ${directory} has no ${lacking.join(', ')}`);
  return undefined;
}

async function completeStore(search: Search): Promise<void> {
  const { store, progress } = search;
  // Another process may have done it while this one waited for the lock.
  const missing = await store.missing();
  if (missing.length === 0) return;
  await store.prepare();
  const reasons = await downloadPrograms(missing, search);
  const rest = await store.missing();
  if (rest.length > 0) {
    progress.line(`not downloaded (${reasons.join('; ')}): building ${rest.join(', ')} from Go modules instead`);
    await build(rest, reasons, search);
  }
  await rm(store.workDirectory, { recursive: true, force: true });
}

async function build(programs: readonly ProgramName[], reasons: readonly string[], search: Search): Promise<void> {
  try {
    await buildPrograms({ ...search, programs });
  } catch (error) {
    if (!(error instanceof GoMissingError)) throw error;
    const why = `there is no release to download (${reasons.join('; ')})`;
    const assets = `or set KUBEBUILDER_ASSETS to a directory with ${PROGRAMS.join(', ')}`;
    throw new Error(`the control plane cannot be made: ${why}, and ${error.message}, ${assets}`, { cause: error });
  }
}

/** Downloads what can be; returns why the rest cannot, one reason for each kind of failure. */
async function downloadPrograms(programs: readonly ProgramName[], search: Search): Promise<string[]> {
  const reasons = new Set<string>();
  const closedHosts = new Set<string>();
  for (const program of programs) {
    const release = releaseOf(program, search.platform, search.arch, search.servers);
    if (release === undefined) reasons.add(`not all programs are released for ${search.platform} ${search.arch}`);
    else if (!closedHosts.has(new URL(release.url).host)) {
      const failure = await downloadRelease(release, search);
      if (failure?.failure === 'unreachable') closedHosts.add(new URL(release.url).host);
      if (failure !== undefined) reasons.add(failure.message);
    }
  }
  return [...reasons];
}

async function downloadRelease(release: Release, search: Search): Promise<DownloadError | undefined> {
  const { store, progress, signal } = search;
  const { program, url, member } = release;
  const path = join(store.workDirectory, member === undefined ? program : `${program}.tar.gz`);
  try {
    const sha256 = release.parseChecksum(await fetchText(release.checksumUrl, signal));
    if (sha256 === undefined)
      return new DownloadError('refused', `${release.checksumUrl} has no SHA-256 for ${program}`);
    const show = (received: number, total: number | undefined): void =>
      progress.update(
        `downloading ${program}: ${megabytes(received)}${total === undefined ? '' : ` of ${megabytes(total)}`}`,
      );
    await download({ url, path, sha256, progress: show, ...(signal && { signal }) });
    const file = member === undefined ? path : await extract(path, member, search);
    await store.put(program, file, 'release');
    progress.line(`downloaded ${program}`);
    return undefined;
  } catch (error) {
    if (error instanceof DownloadError) return error;
    if (error instanceof CommandError)
      return new DownloadError('refused', `${url} could not be unpacked: ${error.message}`);
    throw error;
  } finally {
    progress.end();
  }
}

/** Takes one file out of an archive with the system's tar. */
async function extract(archive: string, member: string, { store, environment, signal }: Search): Promise<string> {
  await runCommand('tar', ['-xzf', archive, '-C', store.workDirectory, member], {
    environment,
    ...(signal && { signal }),
  });
  return join(store.workDirectory, member);
}
