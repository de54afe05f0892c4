/** From the command line to a running command. Exit codes: 0 ended as asked, 1 failed, 2 wrong usage. */
import { CLEAN_UP_OPTIONS, COMMANDS, type CommandName, WATCHER_OPTIONS, WEBHOOK_OPTIONS } from './commands.ts';
import type { OptionTable } from './option.ts';
import { describeOptions, type Parsed, parseOptions, type Values } from './parse-options.ts';
import { VERSION } from './version.ts';

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly onSignal: (signal: 'SIGTERM' | 'SIGINT', listener: () => void) => void;
}

const USAGE = `restamp ${VERSION}: keeps running pods in step with their ConfigMaps and Secrets

Usage: restamp COMMAND [OPTIONS]

Commands:
${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n')}

  restamp COMMAND --help    the options of a command
  restamp --version         the version
`;

/** Runs a command to its end; resolves to the exit code. */
export async function runCommand(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr } = surroundings;
  const [name = '--help', ...rest] = argv;
  if (name === '--version') return say(stdout, `${VERSION}\n`, 0);
  if (name === '--help' || name === '-h' || name === 'help') return say(stdout, USAGE, 0);
  if (!isCommand(name)) return say(stderr, `restamp: ${name} is no command\n\n${USAGE}`, 2);
  if (rest.includes('--help') || rest.includes('-h')) return say(stdout, commandHelp(name), 0);
  return start(name, rest, surroundings);
}

async function start(name: CommandName, argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { environment, stdout, stderr } = surroundings;
  const stop = stopSignal(surroundings);
  switch (name) {
    case 'webhook':
      return withOptions(name, parseOptions(WEBHOOK_OPTIONS, argv, environment), stderr, async (options) => {
        const { runWebhook } = await import('./run-webhook.ts');
        await runWebhook(options, stop);
        return 0;
      });
    case 'watcher':
      return withOptions(name, parseOptions(WATCHER_OPTIONS, argv, environment), stderr, async (options) => {
        const { runWatcher } = await import('./run-watcher.ts');
        await runWatcher(options, stop);
        return 0;
      });
    case 'clean-up':
      return withOptions(name, parseOptions(CLEAN_UP_OPTIONS, argv, environment), stderr, async (options) => {
        const { runCleanUp } = await import('./run-clean-up.ts');
        return runCleanUp(options, { stop, stdout, stderr });
      });
  }
}

async function withOptions<Table extends OptionTable>(
  name: CommandName,
  parsed: Parsed<Table>,
  stderr: Surroundings['stderr'],
  run: (options: Values<Table>) => Promise<number>,
): Promise<number> {
  if (!parsed.ok) return say(stderr, parsed.faults.map((fault) => `restamp ${name}: ${fault}\n`).join(''), 2);
  for (const notice of parsed.notices) stderr(`restamp ${name}: ${notice}\n`);
  try {
    return await run(parsed.values);
  } catch (error) {
    return say(stderr, `restamp ${name}: ${error instanceof Error ? error.message : 'failed'}\n`, 1);
  }
}

/** Aborts at the first SIGTERM or SIGINT. A second one meets no handler any more and ends the process at once. */
function stopSignal({ onSignal }: Surroundings): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) onSignal(signal, () => controller.abort());
  return controller.signal;
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

function commandHelp(name: CommandName): string {
  const { summary, options } = COMMANDS[name];
  return `restamp ${name}: ${summary}

Usage: restamp ${name} [OPTIONS]

Options (or as environment variables: --kubeconfig as RESTAMP_KUBECONFIG):
${describeOptions(options)}
`;
}

function say(to: (text: string) => void, text: string, code: number): number {
  to(text);
  return code;
}
