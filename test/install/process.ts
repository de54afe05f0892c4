/** `restamp webhook` or `restamp watcher` as a local process, with its log read line by line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { asObject, asText, parseJson } from '../../core/json.ts';
import { eventually } from '../cluster/deadline.ts';

export type LogLine = Readonly<Record<string, unknown>>;

export interface RestampProcessOptions {
  readonly command: 'webhook' | 'watcher';
  readonly args: readonly string[];
  /** The program: node on the sources, unless told otherwise. */
  readonly program?: readonly string[];
  /** Told of each line as it comes. */
  readonly onLine?: (line: LogLine) => void;
}

/**
 * Runs the program, tells its pid on 3, and kills it when 4 closes: that is when its parent ends, in whatever way.
 * Background jobs of a shell have no standard input, hence the two descriptors.
 */
const LEASH = `"$@" 4<&- 3>&- & pid=$!; echo $pid >&3; exec 3>&-
(cat <&4; kill -KILL $pid) >/dev/null 2>&1 &
wait $pid`;

const SOURCES = [process.execPath, 'cli/main.ts'] as const;

// A process on a busy machine of two cores, and the API server it has to reach.
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 30_000;

export class RestampProcess {
  readonly #options: RestampProcessOptions;
  readonly #lines: LogLine[] = [];
  readonly #stderr: string[] = [];
  #child: ChildProcess | undefined;
  #pid = 0;
  #ended: Promise<number | null> = Promise.resolve(0);

  constructor(options: RestampProcessOptions) {
    this.#options = options;
  }

  get command(): 'webhook' | 'watcher' {
    return this.#options.command;
  }

  get args(): readonly string[] {
    return this.#options.args;
  }

  /** The whole command line. */
  get argv(): readonly string[] {
    const { program = SOURCES, command, args } = this.#options;
    return [...program, command, ...args];
  }

  get pid(): number {
    return this.#pid;
  }

  /** The log so far, over all starts. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** What it wrote beside the log. */
  get stderr(): string {
    return this.#stderr.join('\n');
  }

  /** Where `/readyz` and `/metrics` are, of the present run. */
  opsUrl(): string | undefined {
    const line = this.#lines.findLast(({ message }) => message === 'serving health and metrics');
    return asText(line?.address)?.replace('0.0.0.0', '127.0.0.1');
  }

  /** Starts the process; resolves when it says that it is ready. */
  async start(): Promise<void> {
    await this.launch();
    const { command } = this.#options;
    await eventually(async () => (await this.isReady()) || undefined, {
      what: `restamp ${command} getting ready (its last lines: ${JSON.stringify(this.#lines.slice(-3))} ${this.stderr})`,
      deadlineMs: START_DEADLINE_MS,
    });
  }

  /** Starts the process and does not wait until it is ready. */
  async launch(): Promise<void> {
    const child = spawn('sh', ['-c', LEASH, 'restamp', ...this.argv], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      env: withoutProxies(process.env),
    });
    this.#child = child;
    // The leash is let go when the process has ended; only then can the last of its streams close.
    child.once('exit', () => (child.stdio[4] as Readable | null)?.destroy());
    this.#ended = new Promise((resolve) => child.once('close', resolve));
    createInterface({ input: child.stdout as Readable }).on('line', (line) => this.#take(line));
    createInterface({ input: child.stderr as Readable }).on('line', (line) => this.#stderr.push(line));
    this.#pid = await new Promise<number>((resolve) => {
      createInterface({ input: child.stdio[3] as Readable }).once('line', (line) => resolve(Number(line)));
    });
  }

  /** Resolves to the exit code when the process has ended, by itself or not. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.#pid, signal);
  }

  /** Ends the process, by SIGTERM unless told otherwise; resolves to its exit code when it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child === undefined) return 0;
    this.#child = undefined;
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_DEADLINE_MS);
    try {
      this.signal(signal);
    } catch {
      // It has ended already.
    }
    const code = await this.#ended;
    clearTimeout(timer);
    return code;
  }

  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  async isReady(): Promise<boolean> {
    const url = this.opsUrl();
    return url !== undefined && (await fetch(`${url}/readyz`)).ok;
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.opsUrl() ?? ''}/metrics`)).text();
  }

  #take(text: string): void {
    const line = asObject(parseJson(text));
    this.#lines.push(line);
    this.#options.onLine?.(line);
  }
}

function withoutProxies(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/_proxy$/i.test(name)));
}
