import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connectCluster, downCluster, listClusters, upCluster } from '../cluster.ts';
import { sendSignal } from '../processes.ts';
import { CLI, comesTrue, processesWith, realPrograms, runScript, temporaryDirectory } from './support.ts';

t.setTimeout(1_800_000);

interface Place {
  readonly cache: string;
  /** Runs the command line to its end; resolves with its output. */
  cli(...args: string[]): Promise<readonly string[]>;
}

/** A cache of its own, so that the user's clusters are not touched. */
async function place(t: Test): Promise<Place> {
  const environment = { RESTAMP_CACHE: await temporaryDirectory(t), KUBEBUILDER_ASSETS: await realPrograms(t) };
  Object.assign(process.env, environment);
  const cli = async (...args: string[]): Promise<readonly string[]> => {
    const script = runScript(t, CLI, args, environment);
    t.equal(await script.ended, 0, args.join(' '));
    return script.output;
  };
  t.teardown(async () => {
    for (const { name } of await listClusters()) await downCluster({ name });
  });
  return { cache: environment.RESTAMP_CACHE, cli };
}

async function clustersIn(cache: string): Promise<string[]> {
  return await readdir(join(cache, 'clusters'));
}

t.test('up leaves a cluster running, and down removes everything', async (t) => {
  const { cache, cli } = await place(t);
  const output = await cli('up', '--name', 'stays');
  const kubeconfig = join(cache, 'clusters', 'stays', 'kubeconfig');
  t.ok(output.includes(`export KUBECONFIG='${kubeconfig}'`));
  t.ok((await cli('up', '--name', 'stays')).includes('cluster stays is already up'), 'again is the same');
  t.strictSame(await cli('kubeconfig', '--name', 'stays'), [kubeconfig]);
  const cluster = await connectCluster('stays');
  t.match((await cluster?.kubectl(['get', 'nodes']))?.stdout, 'node-1');
  t.match((await cli('status'))[1], /^stays +up +https:\/\/127\.0\.0\.1:\d+ +\d+s +supervisor:\d+ etcd:\d+ /);
  t.ok((await processesWith(cache)).length >= 6);
  t.ok((await cli('down', '--name', 'stays')).includes('cluster stays is down'));
  t.strictSame(await processesWith(cache), []);
  t.strictSame(await clustersIn(cache), []);
  t.strictSame(await cli('status'), ['there are no clusters: start one with "up"']);
  t.match(await cli('down', '--name', 'stays'), ['there is no cluster "stays": nothing to do']);
});

t.test('two commands that want the same cluster at once start one', async (t) => {
  const { cache, cli } = await place(t);
  const outputs = await Promise.all([cli('up'), cli('up')]);
  t.equal(outputs.flat().filter((line) => line === 'cluster restamp is already up').length, 1);
  t.equal((await processesWith(join(cache, 'clusters'))).length, 6);
});

t.test('reset gives the same cluster with nothing in it', async (t) => {
  const { cli } = await place(t);
  await cli('up', '--name', 'again', '--nodes', '2');
  const before = await connectCluster('again');
  await before?.kubectl(['create', 'configmap', 'gone']);
  await cli('reset', '--name', 'again');
  const after = await connectCluster('again');
  t.equal((await after?.kubectl(['get', 'configmap', 'gone'], { allowFailure: true }))?.code, 1);
  t.equal((await after?.kubectl(['get', 'nodes', '-o', 'name']))?.stdout, 'node/node-1\nnode/node-2\n');
  await after?.stop();
  t.equal(await connectCluster('again'), undefined);
});

t.test('a cluster whose supervisor was killed is shown as dead, and up starts it anew', async (t) => {
  const { cache, cli } = await place(t);
  const cluster = await upCluster({ name: 'killed' });
  const [entry] = await listClusters();
  sendSignal(entry?.state?.supervisor.pid ?? Number.NaN, 'SIGKILL');
  t.ok(
    await comesTrue(async () => (await processesWith(join(cache, 'clusters'))).length === 0),
    'its guard ended the rest',
  );
  t.match((await cli('status'))[1], /^killed +dead /);
  t.equal(await connectCluster('killed'), undefined);
  const again = await upCluster({ name: 'killed' });
  t.not(again.server, cluster.server);
  await again.stop();
});
