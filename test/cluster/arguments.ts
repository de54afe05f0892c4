import { parseArgs } from 'node:util';
import { checkName } from './spec.ts';

export const COMMANDS = ['up', 'down', 'status', 'kubeconfig', 'reset', 'binaries', 'help'] as const;
export type CommandName = (typeof COMMANDS)[number];

/** What the user asked for. */
export interface Command {
  readonly command: CommandName;
  readonly name?: string;
  readonly all: boolean;
  readonly nodes?: number;
  readonly featureGates: Readonly<Record<string, boolean>>;
}

/** Arguments that are not understood. The message names the argument and the right form. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const HELP = `Starts and stops a real Kubernetes control plane on this machine, without containers.

Usage: npm run cluster -- COMMAND [OPTIONS]

Commands:
  up           start a cluster; prints "export KUBECONFIG=..." when it is up
  down         stop a cluster and remove all it has
  status       list the clusters
  kubeconfig   print the path of a cluster's kubeconfig
  reset        start a cluster anew, with nothing in it
  binaries     only fetch or build the programs
  help         print this text

Options:
  --name NAME              which cluster (up, down, kubeconfig, reset); "restamp" if left out
  --all                    every cluster (down)
  --nodes NUMBER           how many nodes (up); 1 if left out
  --feature-gate GATE=BOOL switch a feature of the API server on or off (up); can be given again
  --help                   print this text
`;

type OptionName = 'name' | 'all' | 'nodes' | 'feature-gate';

const ALLOWED: Readonly<Record<CommandName, readonly OptionName[]>> = {
  up: ['name', 'nodes', 'feature-gate'],
  down: ['name', 'all'],
  status: [],
  kubeconfig: ['name'],
  reset: ['name'],
  binaries: [],
  help: [],
};

/** Understands a command line, or throws a `UsageError`. */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parse(argv);
  if (values.help === true) return { command: 'help', all: false, featureGates: {} };
  const [first, extra] = positionals;
  const command = COMMANDS.find((name) => name === first);
  if (first === undefined) throw new UsageError(`no command: give one of ${COMMANDS.join(', ')}`);
  if (command === undefined) throw new UsageError(`unknown command "${first}": use one of ${COMMANDS.join(', ')}`);
  if (extra !== undefined)
    throw new UsageError(`unexpected argument "${extra}" after ${command}: a name is given as --name ${extra}`);
  checkAllowed(command, Object.keys(values) as OptionName[]);
  if (values.all === true && values.name !== undefined)
    throw new UsageError('--all and --name exclude each other: give one of them');
  return {
    command,
    all: values.all === true,
    ...(values.name === undefined ? {} : { name: parseName(values.name) }),
    ...(values.nodes === undefined ? {} : { nodes: parseNodes(values.nodes) }),
    featureGates: Object.fromEntries((values['feature-gate'] ?? []).map(parseGate)),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        all: { type: 'boolean' },
        nodes: { type: 'string' },
        'feature-gate': { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    // Node names the option and what is wrong with it in the first sentence; the rest is about quoting.
    const [sentence = ''] = (error as Error).message.split(/\.(?:\s|$)/);
    throw new UsageError(`${sentence}: see --help for the options`);
  }
}

function checkAllowed(command: CommandName, given: readonly OptionName[]): void {
  for (const option of given) {
    if (ALLOWED[command].includes(option)) continue;
    const others = COMMANDS.filter((name) => ALLOWED[name].includes(option));
    throw new UsageError(`--${option} does not go with ${command}: it goes with ${others.join(', ')}`);
  }
}

function parseName(name: string): string {
  try {
    checkName(name);
    return name;
  } catch (error) {
    throw new UsageError(`--name: ${(error as Error).message}`);
  }
}

// More nodes than this say nothing more about restamp, and kwok's leases alone would keep the API server busy.
const MOST_NODES = 100;

function parseNodes(text: string): number {
  const nodes = Number(text);
  if (!/^\d+$/.test(text) || nodes < 1 || nodes > MOST_NODES) {
    throw new UsageError(`--nodes is "${text}": give a whole number from 1 to ${MOST_NODES}`);
  }
  return nodes;
}

function parseGate(text: string): [string, boolean] {
  const [, gate = '', value] = /^([A-Za-z][A-Za-z0-9]*)=(true|false)$/.exec(text) ?? [];
  if (gate === '') throw new UsageError(`--feature-gate is "${text}": give GATE=true or GATE=false`);
  return [gate, value === 'true'];
}
