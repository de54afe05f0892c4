/** The watchers of a group: one process or several, confined to the group's namespaces. */
import { eventually } from '../cluster/deadline.ts';
import { type LogLine, RestampProcess } from '../install/process.ts';
import type { Group } from './case.ts';
import { GROUP_LABEL } from './observe.ts';

export interface WatchersOptions {
  /** What every watcher of this installation is given: its kubeconfig and addresses. */
  readonly shared: readonly string[];
  readonly group: Group;
  readonly sinkUrl: string;
}

const START_DEADLINE_MS = 60_000;

export class Watchers {
  readonly #options: WatchersOptions;
  #processes: readonly RestampProcess[] = [];
  readonly #lines: LogLine[] = [];

  constructor(options: WatchersOptions) {
    this.#options = options;
  }

  /** Starts them; rejects at once, with what was written on stderr, where one ends by itself. */
  async start(args: readonly string[] = this.#options.group.args): Promise<void> {
    const count = this.#options.group.watchers ?? 1;
    this.#processes = Array.from({ length: count }, () => this.#process(args));
    await Promise.all(this.#processes.map(started));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
    this.#processes = [];
  }

  /** What was decided last about anything in a namespace, as the logs tell it. */
  lastDecision(namespace: string): string {
    const line = this.#lines.findLast((line) => line.message === 'decided' && line.namespace === namespace);
    return line === undefined ? 'nothing decided' : `decided last: ${String(line.outcome)} ${String(line.reason)}`;
  }

  #process(args: readonly string[]): RestampProcess {
    const { shared, group, sinkUrl } = this.#options;
    // Options that choose namespaces themselves must keep to those of the group.
    const chooses = args.some((arg) => /^--namespace(s|-selector)=/.test(arg));
    return new RestampProcess({
      command: 'watcher',
      args: [
        ...shared,
        '--log-level=debug',
        ...(chooses ? [] : [`--namespace-selector=${GROUP_LABEL}=${group.name}`]),
        ...args.map((arg) => arg.replace('{sink}', sinkUrl)),
      ],
      onLine: (line) => this.#lines.push(line),
    });
  }
}

async function started(process: RestampProcess): Promise<void> {
  await process.launch();
  const end = process.ended.then((code) => {
    throw new Error(
      `the watcher ended with code ${code}: ${process.stderr} ${JSON.stringify(process.lines.slice(-1))}`,
    );
  });
  const readiness = eventually(async () => (await process.isReady()) || undefined, {
    what: `a ready watcher (its last lines: ${JSON.stringify(process.lines.slice(-3))})`,
    deadlineMs: START_DEADLINE_MS,
  });
  end.catch(() => {}); // It also ends when it is told to, long after anybody waits for this.
  await Promise.race([end, readiness]);
}
