/** The command `npm run bench`. Figures go to stdout, the last line as JSON; what is going on goes to stderr. */

import type { OptionTable } from '../cli/option.ts';
import { describeOptions, type Parsed, parseOptions, type Values } from '../cli/parse-options.ts';
import { lineProgress, type Progress, terminalProgress } from '../test/cluster/progress.ts';
import { BENCHES, type BenchName } from './benches.ts';

export interface Surroundings {
  readonly progress: Progress;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
// 128 and the number of the signal, as shells have it.
const EXIT_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const NAMES = Object.keys(BENCHES).join(', ');

const HELP = `Measures what is claimed about speed and memory.

Usage: npm run bench -- BENCH [OPTIONS]

${Object.entries(BENCHES)
  .map(([name, { summary, options }]) => `${name}: ${summary}\n${describeOptions(options)}`)
  .join('\n\n')}

The last line of the output is the figures as JSON. Ctrl-C leaves nothing behind.
`;

const progress: Progress = process.stderr.isTTY
  ? terminalProgress(process.stderr)
  : lineProgress((line) => void process.stderr.write(`${line}\n`));

async function main(argv: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = argv;
  if (name === '--help' || name === '-h' || name === 'help' || rest.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  if (!isBench(name))
    return wrong([`there is no bench "${name}"; npm run bench -- BENCH, with BENCH one of: ${NAMES}`]);
  switch (name) {
    case 'admissions':
      return run(parseOptions(BENCHES.admissions.options, rest, {}), async (options, surroundings) => {
        const { benchAdmissions } = await import('./admissions.ts');
        return benchAdmissions(options, surroundings);
      });
    case 'memory':
      return run(parseOptions(BENCHES.memory.options, rest, {}), async (options, surroundings) => {
        const { benchMemory } = await import('./memory.ts');
        return benchMemory(options, surroundings);
      });
  }
}

async function run<Table extends OptionTable>(
  parsed: Parsed<Table>,
  bench: (options: Values<Table>, surroundings: Surroundings) => Promise<object>,
): Promise<number> {
  if (!parsed.ok) return wrong(parsed.faults);
  const controller = new AbortController();
  let signalled: number | undefined;
  for (const [signal, code] of Object.entries(EXIT_SIGNAL)) {
    process.on(signal, () => {
      signalled ??= code;
      controller.abort(new Error('interrupted'));
    });
  }
  const print = (line: string): void => {
    progress.end();
    process.stdout.write(`${line}\n`);
  };
  try {
    print(JSON.stringify(await bench(parsed.values, { progress, print, signal: controller.signal })));
    return 0;
  } catch (error) {
    progress.end();
    if (signalled !== undefined) return signalled;
    progress.line(`bench: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT_FAILURE;
  }
}

function isBench(name: string): name is BenchName {
  return Object.hasOwn(BENCHES, name);
}

function wrong(faults: readonly string[]): number {
  for (const fault of faults) progress.line(`bench: ${fault}`);
  return EXIT_USAGE;
}

process.exitCode = await main(process.argv.slice(2));
