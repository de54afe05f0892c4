/** The command `npm run cluster`: see `HELP` in arguments.ts. */
import { type Command, HELP, parseCommand, UsageError } from './arguments.ts';
import { findBinaries } from './binaries.ts';
import { connectCluster, DEFAULT_NAME, downCluster, listClusters, resetCluster, upCluster } from './named.ts';
import { lineProgress, type Progress, terminalProgress } from './progress.ts';
import { statusTable } from './status.ts';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
// 128 and the number of the signal, as shells have it.
const EXIT_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

interface Context {
  readonly report: (line: string) => void;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

// It goes to stderr, so that stdout holds only what a script wants.
const progress: Progress = process.stderr.isTTY
  ? terminalProgress(process.stderr)
  : lineProgress((line) => void process.stderr.write(`${line}\n`));
const { line: report } = progress;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function execute(command: Command, context: Context): Promise<void> {
  const name = command.name ?? DEFAULT_NAME;
  switch (command.command) {
    case 'up':
      return announce(await upCluster({ ...command, name, ...context }));
    case 'reset':
      return announce(await resetCluster({ name, ...context }));
    case 'down':
      return await down(command, context);
    case 'status':
      return print(statusTable(await listClusters(), Date.now()));
    case 'kubeconfig':
      return await kubeconfig(name);
    case 'binaries':
      return void print((await findBinaries(context)).kubectl.replace(/\/kubectl$/, ''));
    case 'help':
      return void process.stdout.write(HELP);
  }
}

function announce(cluster: { readonly kubeconfig: string }): void {
  print(`export KUBECONFIG='${cluster.kubeconfig.replaceAll("'", "'\\''")}'`);
}

async function down(command: Command, context: Context): Promise<void> {
  const names = command.all ? (await listClusters()).map(({ name }) => name) : [command.name ?? DEFAULT_NAME];
  if (names.length === 0) report('there are no clusters');
  for (const name of names) {
    const existed = await downCluster({ name, ...context });
    report(existed ? `cluster ${name} is down` : `there is no cluster "${name}": nothing to do`);
  }
}

async function kubeconfig(name: string): Promise<void> {
  const cluster = await connectCluster(name);
  if (cluster === undefined) throw new Error(`the cluster "${name}" is not up: start it with "up --name ${name}"`);
  print(cluster.kubeconfig);
}

/** Runs the command line; resolves with the exit code when everything it started has ended or is meant to stay. */
async function main(argv: readonly string[]): Promise<number> {
  const controller = new AbortController();
  let signalled: number | undefined;
  for (const [signal, code] of Object.entries(EXIT_SIGNAL)) {
    process.on(signal, () => {
      signalled ??= code;
      controller.abort(new Error('interrupted'));
    });
  }
  try {
    await execute(parseCommand(argv), { report, progress, signal: controller.signal });
    return signalled ?? 0;
  } catch (error) {
    progress.end();
    if (signalled !== undefined) {
      report('interrupted: nothing is left running, and finished work is kept');
      return signalled;
    }
    report(`cluster: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE;
  }
}

process.exitCode = await main(process.argv.slice(2));
