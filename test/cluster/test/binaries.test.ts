import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { type BinariesOptions, findBinaries } from '../binaries.ts';
import { goVersionNeeded, isOlder } from '../build.ts';
import { BinaryStore } from '../store.ts';
import { PROGRAMS, VERSIONS } from '../versions.ts';
import {
  CLOSED,
  fakeGo,
  fixture,
  localServer,
  runScript,
  sha256,
  temporaryDirectory,
  writePrograms,
} from './support.ts';

const NO_NETWORK = { kubernetes: CLOSED, github: CLOSED, githubApi: CLOSED };
// A PATH without Go, on any machine.
const NO_GO = { PATH: '/nonexistent' };

interface Found {
  readonly directory: string;
  readonly lines: string[];
}

async function find(options: Partial<BinariesOptions> & { environment: NodeJS.ProcessEnv }): Promise<Found> {
  const lines: string[] = [];
  const binaries = await findBinaries({
    servers: NO_NETWORK,
    platform: 'linux',
    arch: 'x64',
    ...options,
    report: (line) => lines.push(line),
  });
  return { directory: binaries.kubectl.replace(/\/kubectl$/, ''), lines };
}

/** Puts every program into the cache, as an earlier run would have. */
async function fillCache(cache: string): Promise<void> {
  const store = new BinaryStore(cache, 'linux', 'x64');
  await store.prepare();
  for (const program of PROGRAMS) {
    await writeFile(join(store.workDirectory, program), `cached ${program}`);
    await store.put(program, join(store.workDirectory, program), 'go');
  }
}

/** The text of each program in a directory. */
async function contents(directory: string): Promise<string[]> {
  return await Promise.all(PROGRAMS.map(async (program) => (await readFile(join(directory, program), 'utf8')).trim()));
}

/** A server with all releases; `spoil` may change the answer of a path. */
async function releaseServer(t: Test, spoil: (path: string) => Buffer | number | undefined = () => undefined) {
  const files = await releaseFiles(t);
  const server = await localServer(t, (request, response) => {
    const path = request.url ?? '';
    const answer = spoil(path) ?? files.get(path) ?? 404;
    if (answer === 0) response.destroy();
    else if (typeof answer === 'number') response.writeHead(answer).end();
    else response.writeHead(200).end(answer);
  });
  const { url, requests } = server;
  return { servers: { kubernetes: url, github: url, githubApi: url }, requests };
}

async function releaseFiles(t: Test): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const kubernetes = `/release/v${VERSIONS.kubernetes}/bin/linux/amd64`;
  for (const program of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl']) {
    const content = Buffer.from(`released ${program}`);
    files.set(`${kubernetes}/${program}`, content);
    files.set(`${kubernetes}/${program}.sha256`, Buffer.from(sha256(content)));
  }
  const archive = await etcdArchive(t);
  const etcd = `/etcd-io/etcd/releases/download/v${VERSIONS.etcd}`;
  const archiveName = `etcd-v${VERSIONS.etcd}-linux-amd64.tar.gz`;
  files.set(`${etcd}/${archiveName}`, archive);
  files.set(`${etcd}/SHA256SUMS`, Buffer.from(`${sha256('x')}  other.zip\n${sha256(archive)}  ${archiveName}\n`));
  const kwok = Buffer.from('released kwok');
  files.set(`/kubernetes-sigs/kwok/releases/download/v${VERSIONS.kwok}/kwok-linux-amd64`, kwok);
  const assets = [
    { name: 'kwokctl-linux-amd64', digest: null },
    { name: 'kwok-linux-amd64', digest: `sha256:${sha256(kwok)}` },
  ];
  files.set(`/repos/kubernetes-sigs/kwok/releases/tags/v${VERSIONS.kwok}`, Buffer.from(JSON.stringify({ assets })));
  return files;
}

async function etcdArchive(t: Test): Promise<Buffer> {
  const directory = await temporaryDirectory(t);
  const name = `etcd-v${VERSIONS.etcd}-linux-amd64`;
  await mkdir(join(directory, name));
  await writeFile(join(directory, name, 'etcd'), 'released etcd');
  execFileSync('tar', ['-czf', 'archive.tar.gz', name], { cwd: directory });
  return await readFile(join(directory, 'archive.tar.gz'));
}

const RELEASED = PROGRAMS.map((program) => `released ${program}`);
const WITH_TAR = { PATH: '/usr/bin:/bin', GOROOT: '' };

t.test('a directory named in KUBEBUILDER_ASSETS is used when it has every program', async (t) => {
  const [assets, cache] = [await temporaryDirectory(t), await temporaryDirectory(t)];
  await writePrograms(assets);
  await fillCache(cache);
  const { directory } = await find({ environment: { ...NO_GO, KUBEBUILDER_ASSETS: assets, RESTAMP_CACHE: cache } });
  t.equal(directory, assets);
});

t.test('a directory in KUBEBUILDER_ASSETS that lacks programs is passed over, and they are named', async (t) => {
  const [assets, cache] = [await temporaryDirectory(t), await temporaryDirectory(t)];
  await writePrograms(assets, ['kwok']);
  await chmod(join(assets, 'kubectl'), 0o644);
  await fillCache(cache);
  const { directory, lines } = await find({
    environment: { ...NO_GO, KUBEBUILDER_ASSETS: assets, RESTAMP_CACHE: cache },
  });
  t.ok(directory.startsWith(cache));
  t.strictSame(lines, [`KUBEBUILDER_ASSETS is not used: ${assets} has no kwok, kubectl`]);
});

t.test('a full cache is used without asking the network or Go', async (t) => {
  const cache = await temporaryDirectory(t);
  await fillCache(cache);
  const { servers, requests } = await releaseServer(t);
  const { directory, lines } = await find({ servers, environment: { ...NO_GO, RESTAMP_CACHE: cache } });
  t.strictSame(
    await contents(directory),
    PROGRAMS.map((program) => `cached ${program}`),
  );
  t.strictSame([requests, lines], [[], []]);
});

t.test('releases are downloaded, checked and unpacked, and Go is not asked', async (t) => {
  const cache = await temporaryDirectory(t);
  const go = await fakeGo(t);
  const { servers } = await releaseServer(t);
  const { directory, lines } = await find({ servers, environment: { ...go, RESTAMP_CACHE: cache } });
  t.strictSame(await contents(directory), RELEASED);
  t.strictSame(
    lines,
    PROGRAMS.map((program) => `downloaded ${program}`),
  );
  await t.rejects(readFile(go.FAKE_GO_JOURNAL));
});

t.test('a program whose release does not fit its checksum is built, the others are kept', async (t) => {
  const cache = await temporaryDirectory(t);
  const { servers } = await releaseServer(t, (path) =>
    path.endsWith('/kube-scheduler') ? Buffer.from('evil') : undefined,
  );
  const { directory, lines } = await find({ servers, environment: { ...(await fakeGo(t)), RESTAMP_CACHE: cache } });
  const expected = PROGRAMS.map((program) =>
    program === 'kube-scheduler' ? 'built k8s.io/kubernetes/cmd/kube-scheduler' : `released ${program}`,
  );
  t.strictSame(await contents(directory), expected);
  t.ok(lines.some((line) => /has the SHA-256 .*: building kube-scheduler from Go modules instead/.test(line)));
});

t.test('a closed network is said in one line, and everything is built', async (t) => {
  const cache = await temporaryDirectory(t);
  const { directory, lines } = await find({ environment: { ...(await fakeGo(t)), RESTAMP_CACHE: cache } });
  t.match(lines[0], /^not downloaded \(127\.0\.0\.1:9: .*\): building etcd, .*kubectl from Go modules instead$/);
  t.match(lines[1], 'building 6 programs with Go: 2 packages to compile');
  t.equal((await contents(directory))[0], 'built go.etcd.io/etcd/server/v3');
});

t.test('a platform without releases goes straight to Go', async (t) => {
  const cache = await temporaryDirectory(t);
  const { servers, requests } = await releaseServer(t);
  const environment = { ...(await fakeGo(t)), RESTAMP_CACHE: cache };
  const { lines } = await find({ servers, environment, platform: 'darwin', arch: 'arm64' });
  t.match(lines[0], /^not downloaded \(not all programs are released for darwin arm64\): building /);
  t.strictSame(requests, []);
});

t.test('without a network and without Go the error says what to install', async (t) => {
  const environment = { ...NO_GO, RESTAMP_CACHE: await temporaryDirectory(t) };
  await t.rejects(find({ environment }), {
    message:
      /cannot be made: .*127\.0\.0\.1:9.*, and Go is not installed: install Go 1\.26\.0 or newer .* or set KUBEBUILDER_ASSETS/,
  });
});

t.test('a Go that is too old is named with the version that is needed', async (t) => {
  const environment = { ...(await fakeGo(t)), FAKE_GO_VERSION: '1.22.3', RESTAMP_CACHE: await temporaryDirectory(t) };
  await t.rejects(find({ environment }), { message: /Go 1\.22\.3 is too old: install Go 1\.26\.0 or newer/ });
});

t.test('Go versions are compared by number', async (t) => {
  t.ok(isOlder('1.9.7', '1.26.0'));
  t.notOk(isOlder('1.26.8', '1.26.0'));
  t.notOk(isOlder('1.26.0', '1.26.0'));
  t.ok(isOlder('1.25rc1', '1.26.0'));
  t.notOk(isOlder('2.0', '1.26.0'));
});

t.test('a program in the cache that is not whole any more is made again, alone', async (t) => {
  const cache = await temporaryDirectory(t);
  await fillCache(cache);
  const store = new BinaryStore(cache, 'linux', 'x64');
  await truncate(join(store.directory, 'kube-apiserver'), 3);
  const { servers, requests } = await releaseServer(t);
  const { directory } = await find({ servers, environment: { ...WITH_TAR, RESTAMP_CACHE: cache } });
  const expected = PROGRAMS.map((program) => `${program === 'kube-apiserver' ? 'released' : 'cached'} ${program}`);
  t.strictSame(await contents(directory), expected);
  t.strictSame(
    requests.map((path) => basename(path)),
    ['kube-apiserver.sha256', 'kube-apiserver'],
  );
});

t.test('what an earlier run has downloaded is not downloaded again', async (t) => {
  const environment = { ...WITH_TAR, PATH: '/nonexistent', RESTAMP_CACHE: await temporaryDirectory(t) };
  let broken = true;
  const { servers, requests } = await releaseServer(t, (path) =>
    broken && /kube-scheduler$|etcd/.test(path) ? 0 : undefined,
  );
  await t.rejects(find({ servers, environment }), { message: /cannot be made/ });
  broken = false;
  const before = requests.length;
  await find({ servers, environment: { ...environment, PATH: '/usr/bin:/bin' } });
  const again = requests.slice(before).map((path) => basename(path));
  t.notOk(again.includes('kube-apiserver'), 'the one before the failure is kept');
  t.ok(again.includes('kube-scheduler'));
});

t.test('two processes that need the programs at once build them once', async (t) => {
  const go = await fakeGo(t);
  const cache = await temporaryDirectory(t);
  const environment = { ...go, FAKE_GO_SECONDS: '1', RESTAMP_CACHE: cache, KUBEBUILDER_ASSETS: '' };
  const scripts = [1, 2].map(() => runScript(t, fixture('find-binaries.ts'), [], environment));
  t.strictSame(await Promise.all(scripts.map(({ ended }) => ended)), [0, 0]);
  t.equal(await readFile(go.FAKE_GO_JOURNAL, 'utf8'), 'build\n');
  const waited = scripts.flatMap(({ output }) => output.filter((line) => line.startsWith('waiting for process')));
  t.equal(waited.length, 1);
});

t.test('a build whose process was killed is done by the next run', async (t) => {
  const go = await fakeGo(t);
  const environment = { ...go, RESTAMP_CACHE: await temporaryDirectory(t), KUBEBUILDER_ASSETS: '' };
  const first = runScript(t, fixture('find-binaries.ts'), [], { ...environment, FAKE_GO_SECONDS: '60' });
  await first.line('packages to compile');
  first.kill('SIGKILL');
  await first.ended;
  const second = runScript(t, fixture('find-binaries.ts'), [], environment);
  t.equal(await second.ended, 0);
});

t.test('the versions in versions.ts are those in binaries/go.mod', async (t) => {
  const module = await readFile(new URL('../binaries/go.mod', import.meta.url), 'utf8');
  t.match(module, `k8s.io/kubernetes v${VERSIONS.kubernetes} `);
  t.match(module, `k8s.io/client-go => k8s.io/client-go v${VERSIONS.kubernetes.replace(/^1/, '0')}\n`);
  t.match(module, `go.etcd.io/etcd/server/v3 v${VERSIONS.etcd}`);
  t.match(module, `sigs.k8s.io/kwok v${VERSIONS.kwok}`);
  t.match(await goVersionNeeded(), /^\d+\.\d+\.\d+$/);
});
