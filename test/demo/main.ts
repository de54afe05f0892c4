/** `npm run demo`: restamp on a real control plane, from nothing to the second rollout. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Cluster, connectCluster, startCluster, upCluster } from '../cluster/cluster.ts';
import { lineProgress, terminalProgress } from '../cluster/progress.ts';
import { type ClusterState, clusterFiles, readJson } from '../cluster/state.ts';
import { startDetached } from '../install/detached.ts';
import { type Installation, install } from '../install/installation.ts';
import { createScreen } from './screen.ts';
import { slowStartStage } from './slow-start.ts';
import { decisionTeller, tellStory } from './story.ts';

const HELP = `npm run demo [-- OPTIONS]

Brings up a real Kubernetes control plane on this machine, installs restamp on it, and shows what happens
when the configuration of an application changes. Nothing is left behind.

  --keep   leave it all running afterwards and print how to reach it
  --help   this text
`;

const NAME = 'demo';

const { tty, colour } = {
  tty: process.stdout.isTTY === true,
  colour: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
};
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const screen = createScreen(print, colour);
const progress = tty ? terminalProgress(process.stdout) : lineProgress(print);

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const wanted = argumentsOf(argv);
  if (wanted === undefined || wanted.help) {
    process[wanted === undefined ? 'stderr' : 'stdout'].write(HELP);
    return wanted === undefined ? 2 : 0;
  }
  const present = wanted.keep ? await connectCluster(NAME) : undefined;
  if (present !== undefined) {
    print('The demo is already running.');
    howToPlay(present);
    return 0;
  }
  return demonstrate(wanted.keep);
}

function argumentsOf(argv: readonly string[]): { keep: boolean; help: boolean } | undefined {
  try {
    const options = { keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } as const;
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : 'wrong arguments'}\n\n`);
    return undefined;
  }
}

/** What has been started so far, and has to be ended. */
interface Open {
  cluster?: Cluster;
  restamp?: Installation;
}

async function demonstrate(keep: boolean): Promise<number> {
  const started = performance.now();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Error('interrupted')));
  const open: Open = {};
  try {
    const story = tell(open, keep, stop.signal);
    const interrupted = new Promise<never>((_, reject) =>
      stop.signal.addEventListener('abort', () => reject(stop.signal.reason)),
    );
    const result = await Promise.race([story, interrupted]);
    print(`\n${result}. ${((performance.now() - started) / 1_000).toFixed(0)} s in all.`);
    if (keep && open.cluster !== undefined && open.restamp !== undefined) await leave(open.cluster, open.restamp);
    else await close(open);
    return 0;
  } catch (error) {
    progress.end();
    await close(open);
    process.stderr.write(`demo: ${error instanceof Error ? error.message : 'failed'}\n`);
    return stop.signal.aborted ? 130 : 1;
  }
}

async function tell(open: Open, keep: boolean, signal: AbortSignal): Promise<string> {
  screen.step('A control plane: etcd, kube-apiserver, controller-manager, scheduler, and kwok for the nodes');
  const start = keep ? upCluster : startCluster;
  const stage = await slowStartStage();
  const report = (line: string): void => screen.happened(line);
  open.cluster = await start({ name: NAME, stages: [stage], progress, report, signal });
  screen.step('restamp: webhook and watcher, each with its own least-privilege ServiceAccount');
  open.restamp = await install(open.cluster, { onLine: decisionTeller(screen) });
  screen.happened('webhook and watcher are ready');
  return tellStory(open.cluster, screen);
}

/** Hands the processes over to ones that stay: the same programs and arguments, tied to the cluster's life. */
async function leave(cluster: Cluster, restamp: Installation): Promise<void> {
  const state = await readJson<ClusterState>(clusterFiles(cluster.directory).state);
  if (state === undefined) throw new Error(`${cluster.directory} has no state.json: the cluster has just been stopped`);
  await restamp.stop();
  for (const { command, argv } of [restamp.webhook, restamp.watcher]) {
    const logFile = join(cluster.directory, `restamp-${command}.log`);
    startDetached({ argv, logFile, supervisor: state.supervisor.pid });
  }
  howToPlay(cluster);
}

function howToPlay(cluster: Cluster): void {
  print(`
To play with it:
  export KUBECONFIG=${cluster.kubeconfig}
  kubectl -n shop edit configmap shop-config
  tail -f ${join(cluster.directory, 'restamp-watcher.log')}
To end it:
  npm run cluster -- down --name ${NAME}`);
}

async function close({ restamp, cluster }: Open): Promise<void> {
  await restamp?.stop();
  await cluster?.stop();
  if (cluster !== undefined) print('Cleaned up.');
}
