/** `npm run explore`: every interleaving of a small world with restamp's decisions in it. */
import { parseArgs } from 'node:util';
import { lineProgress, type Progress, terminalProgress } from '../cluster/progress.ts';
import { BUGS, isBugName } from './bugs.ts';
import { LIMITS, type Limit } from './promises.ts';
import { RESTAMP } from './restamp.ts';
import { explore, type Findings } from './search.ts';
import { tell } from './story.ts';
import { World } from './world.ts';

const STATES = 10_000_000;
const SECONDS = 150;

const HELP = `npm run explore [-- OPTIONS]

Runs restamp's decisions, unchanged, in a model of the world (docs/reliability.md), through every interleaving: after
no disturbance, after one, after two and so on. Ends with 1 and the shortest history if a promise is broken.

  --states N      stop after that many distinct states (default ${STATES.toLocaleString('en')})
  --seconds N     stop after that time (default ${SECONDS})
  --bug NAME      seed a bug, which then has to be found:
${Object.entries(BUGS)
  .map(([name, { says }]) => `                    ${name.padEnd(20)} ${says}`)
  .join('\n')}
  --strict LIMIT  count as a violation what is a stated limit: ${LIMITS.join(', ')}
  --reliable      a webhook that always answers
  --help          this text

The last line is JSON: the distinct states, the steps of the longest of their shortest histories, the number of
disturbances up to which every history was explored, and the number of violations.
`;

const EXIT_VIOLATION = 1;
const EXIT_USAGE = 2;

interface Wanted {
  readonly states: number;
  readonly seconds: number;
  readonly bug: keyof typeof BUGS | undefined;
  readonly strict: ReadonlySet<Limit>;
  readonly reliable: boolean;
}

process.exitCode = main(process.argv.slice(2));

function main(argv: readonly string[]): number {
  const wanted = argumentsOf(argv);
  if (wanted === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (typeof wanted === 'string') {
    process.stderr.write(`explore: ${wanted}; --help tells more\n`);
    return EXIT_USAGE;
  }
  return run(wanted);
}

function argumentsOf(argv: readonly string[]): Wanted | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        ...{
          states: { type: 'string', default: String(STATES) },
          seconds: { type: 'string', default: String(SECONDS) },
        },
        ...{ bug: { type: 'string' }, strict: { type: 'string', multiple: true, default: [] } },
        ...{ reliable: { type: 'boolean', default: false } },
        help: { type: 'boolean', default: false },
      },
    });
    return values.help ? 'help' : checked(values);
  } catch (error) {
    return error instanceof Error ? error.message : 'wrong arguments';
  }
}

interface Given {
  readonly states: string;
  readonly seconds: string;
  readonly bug?: string;
  readonly strict: readonly string[];
  readonly reliable: boolean;
}

function checked(values: Given): Wanted | string {
  const states = Number(values.states);
  const seconds = Number(values.seconds);
  const strict = LIMITS.filter((limit) => values.strict.includes(limit));
  if (!(Number.isSafeInteger(states) && states > 0)) return '--states must be a whole number above 0';
  if (!(seconds > 0)) return '--seconds must be a number above 0';
  if (strict.length < values.strict.length) return `--strict must be one of ${LIMITS.join(', ')}`;
  const { bug, reliable } = values;
  if (bug !== undefined && !isBugName(bug)) return `--bug must be one of ${Object.keys(BUGS).join(', ')}`;
  return { states, seconds, bug, strict: new Set(strict), reliable };
}

function run({ states, seconds, bug, ...rules }: Wanted): number {
  const progress: Progress = process.stderr.isTTY
    ? terminalProgress(process.stderr)
    : lineProgress((line) => void process.stderr.write(`${line}\n`));
  const world = new World(bug === undefined ? RESTAMP : BUGS[bug].restamp, rules);
  const started = performance.now();
  const findings = explore(world, {
    states,
    isOver: () => performance.now() - started > seconds * 1_000,
    onProgress: (reached) => {
      const after = Math.round((performance.now() - started) / 1_000);
      progress.update(
        `${reached.states.toLocaleString('en')} states, ${reached.disturbances} disturbances, ${after} s`,
      );
    },
  });
  progress.end();
  report(world, findings);
  return findings.violation === undefined ? 0 : EXIT_VIOLATION;
}

function report(world: World, { states, depth, disturbances, violation }: Findings): void {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  if (violation !== undefined) for (const line of tell(world, violation)) print(line);
  print(JSON.stringify({ states, depth, disturbances, violations: violation === undefined ? 0 : 1 }));
}
