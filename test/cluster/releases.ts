import { type ProgramName, VERSIONS } from './versions.ts';

/** Where releases are published. Tests put a local server here. */
export interface ReleaseServers {
  readonly kubernetes: string;
  readonly github: string;
  readonly githubApi: string;
}

export const RELEASE_SERVERS: ReleaseServers = {
  kubernetes: 'https://dl.k8s.io',
  github: 'https://github.com',
  githubApi: 'https://api.github.com',
};

/** A published file with a program, and where its checksum is published. */
export interface Release {
  readonly program: ProgramName;
  readonly url: string;
  /** The path of the program in the archive, when the file is one (.tar.gz). */
  readonly member?: string;
  readonly checksumUrl: string;
  /** Finds the SHA-256 of the file in what `checksumUrl` answers. */
  readonly parseChecksum: (text: string) => string | undefined;
}

// Node's names to Go's, which releases use.
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * The release of a program for a platform; undefined where there is none. Only Linux has all of them: there is no kube-apiserver
 * for macOS, and a set that is half built is no simpler than one built whole.
 */
export function releaseOf(
  program: ProgramName,
  platform: string,
  arch: string,
  servers: ReleaseServers,
): Release | undefined {
  const goArch = ARCHITECTURES[arch];
  if (platform !== 'linux' || goArch === undefined) return undefined;
  if (program === 'etcd') return etcdRelease(goArch, servers);
  if (program === 'kwok') return kwokRelease(goArch, servers);
  const url = `${servers.kubernetes}/release/v${VERSIONS.kubernetes}/bin/linux/${goArch}/${program}`;
  return { program, url, checksumUrl: `${url}.sha256`, parseChecksum: (text) => sha256(text.trim()) };
}

function etcdRelease(goArch: string, { github }: ReleaseServers): Release {
  const base = `${github}/etcd-io/etcd/releases/download/v${VERSIONS.etcd}`;
  const directory = `etcd-v${VERSIONS.etcd}-linux-${goArch}`;
  const file = `${directory}.tar.gz`;
  return {
    program: 'etcd',
    url: `${base}/${file}`,
    member: `${directory}/etcd`,
    checksumUrl: `${base}/SHA256SUMS`,
    parseChecksum: (text) => sumInList(text, file),
  };
}

/** kwok publishes no checksum file; GitHub itself computes one for each file of a release. */
function kwokRelease(goArch: string, { github, githubApi }: ReleaseServers): Release {
  const file = `kwok-linux-${goArch}`;
  return {
    program: 'kwok',
    url: `${github}/kubernetes-sigs/kwok/releases/download/v${VERSIONS.kwok}/${file}`,
    checksumUrl: `${githubApi}/repos/kubernetes-sigs/kwok/releases/tags/v${VERSIONS.kwok}`,
    parseChecksum: (text) => digestOfAsset(text, file),
  };
}

/** Lines of `sha256sum`: the sum, two spaces (or a space and a star), the file. */
function sumInList(text: string, file: string): string | undefined {
  const line = text.split('\n').find((candidate) => candidate.trim().split(/\s+\*?/)[1] === file);
  return sha256(line?.trim().split(/\s/)[0] ?? '');
}

function digestOfAsset(text: string, file: string): string | undefined {
  const digest = readAssets(text).find(({ name }) => name === file)?.digest ?? '';
  return digest.startsWith('sha256:') ? sha256(digest.slice('sha256:'.length)) : undefined;
}

interface Asset {
  readonly name?: string;
  readonly digest?: string | null;
}

/** What answers in GitHub's place, such as the page of a proxy, has no assets. */
function readAssets(text: string): readonly Asset[] {
  try {
    return (JSON.parse(text) as { assets?: readonly Asset[] }).assets ?? [];
  } catch {
    return [];
  }
}

function sha256(text: string): string | undefined {
  return /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : undefined;
}
