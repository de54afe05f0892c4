import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { sendSignal } from '../processes.ts';
import { type ClusterState, clusterFiles, readJson } from '../state.ts';
import {
  CLI,
  comesTrue,
  fakeGo,
  fixture,
  processesWith,
  realPrograms,
  runScript,
  type Script,
  temporaryDirectory,
} from './support.ts';

t.setTimeout(1_800_000);

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

interface Orphan {
  readonly script: Script;
  readonly directory: string;
  readonly state: ClusterState;
}

/** A process with a cluster, as a test run is one; the cluster's directory is under TMPDIR of its own. */
async function processWithCluster(t: Test): Promise<Orphan> {
  const environment = { KUBEBUILDER_ASSETS: await realPrograms(t), TMPDIR: await temporaryDirectory(t) };
  const script = runScript(t, fixture('start-and-wait.ts'), [], environment);
  const directory = await script.line('restamp-orphan-');
  const state = await readJson<ClusterState>(clusterFiles(directory).state);
  if (state === undefined) throw new Error(`no state in ${directory}`);
  // Supervisor and five components: the check below would see them.
  t.equal((await processesWith(directory)).length, 6, 'all run before');
  t.equal((await processesWith(`restamp-cluster-guard ${state.supervisor.pid}`)).length, 1, 'the guard runs before');
  return { script, directory, state };
}

async function nothingRuns({ directory, state }: Orphan): Promise<boolean> {
  const found = [await processesWith(directory), await processesWith(`restamp-cluster-guard ${state.supervisor.pid}`)];
  return found.flat().length === 0;
}

for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
  t.test(`a process that ends by ${signal} takes its cluster along`, async (t) => {
    const orphan = await processWithCluster(t);
    orphan.script.kill(signal);
    t.equal(await orphan.script.ended, signal);
    t.ok(await comesTrue(() => nothingRuns(orphan)), 'no process stays');
    t.ok(await comesTrue(async () => !(await exists(orphan.directory))), 'no directory stays');
  });
}

t.test('a supervisor that is killed takes the components along', async (t) => {
  const orphan = await processWithCluster(t);
  sendSignal(orphan.state.supervisor.pid, 'SIGKILL');
  t.ok(await comesTrue(() => nothingRuns(orphan)));
});

t.test('a process and its supervisor that are killed together leave nothing running', async (t) => {
  const orphan = await processWithCluster(t);
  sendSignal(orphan.script.pid, 'SIGKILL');
  sendSignal(orphan.state.supervisor.pid, 'SIGKILL');
  t.ok(await comesTrue(() => nothingRuns(orphan)));
});

t.test('stopped components end too', async (t) => {
  const orphan = await processWithCluster(t);
  for (const record of Object.values(orphan.state.components)) sendSignal(record.pid, 'SIGSTOP');
  orphan.script.kill('SIGKILL');
  t.ok(await comesTrue(() => nothingRuns(orphan)));
});

t.test('a process that is killed during the start leaves nothing', async (t) => {
  const tmp = await temporaryDirectory(t);
  const environment = { KUBEBUILDER_ASSETS: await realPrograms(t), TMPDIR: tmp };
  for (const milliseconds of [0, 100, 400, 1000]) {
    const script = runScript(t, fixture('start-and-wait.ts'), [], environment);
    t.ok(await comesTrue(async () => (await processesWith(`supervisor.ts ${tmp}`)).length > 0), 'it has begun');
    await sleep(milliseconds);
    script.kill('SIGKILL');
    await script.ended;
    t.ok(await comesTrue(async () => (await processesWith(tmp)).length === 0), `no process after ${milliseconds} ms`);
    t.ok(await comesTrue(async () => (await readdir(tmp)).length === 0), `no directory after ${milliseconds} ms`);
  }
});

t.test('Ctrl-C while a cluster starts ends the command with 130 and leaves nothing', async (t) => {
  const cache = await temporaryDirectory(t);
  const environment = { RESTAMP_CACHE: cache, KUBEBUILDER_ASSETS: await realPrograms(t) };
  const script = runScript(t, CLI, ['up', '--name', 'cut'], environment);
  await script.line('etcd answers');
  t.ok((await processesWith(cache)).length > 0, 'it has begun');
  script.kill('SIGINT');
  t.equal(await script.ended, 130);
  t.equal(script.output.at(-1), 'interrupted: nothing is left running, and finished work is kept');
  t.strictSame(await processesWith(cache), []);
  t.strictSame(await readdir(join(cache, 'clusters')), []);
});

t.test('Ctrl-C while the programs are built ends the build', async (t) => {
  const [go, cache] = [await fakeGo(t), await temporaryDirectory(t)];
  // A length of sleep that nothing else on the machine uses marks the build.
  const seconds = `600.${process.pid}`;
  const environment = { ...go, FAKE_GO_SECONDS: seconds, RESTAMP_CACHE: cache, KUBEBUILDER_ASSETS: '' };
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const script = runScript(t, fixture('find-binaries.ts'), [], environment);
    t.ok(await comesTrue(async () => (await processesWith(`sleep ${seconds}`)).length === 1), 'it builds');
    script.kill(signal);
    t.equal(await script.ended, signal);
    t.ok(
      await comesTrue(async () => (await processesWith(`sleep ${seconds}`)).length === 0),
      `nothing builds after ${signal}`,
    );
  }
});
