/** Instances of `restamp webhook` behind a balancer, replaced one by one as a rolling update does it. */
import { asText } from '../../core/json.ts';
import { eventually } from '../cluster/deadline.ts';
import { RestampProcess } from '../install/process.ts';
import type { Backend, Balancer } from './balancer.ts';

export interface FleetOptions {
  readonly balancer: Balancer;
  readonly kubeconfig: string;
  /** The directory that is to be mounted with the certificate. */
  readonly tlsDirectory: string;
  readonly shutdownDelayMs: number;
}

interface Instance {
  readonly process: RestampProcess;
  readonly backend: Backend;
}

/** Everything takes a second or two; a busy machine gets longer. */
const DEADLINE_MS = 60_000;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #instances: Instance[] = [];
  readonly #all: RestampProcess[] = [];
  readonly #faults: string[] = [];
  #replaced = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get replaced(): number {
    return this.#replaced;
  }

  /** Exit codes that are not 0, and what instances wrote beside their log. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** How often each message was logged, over all instances there ever were. */
  get logged(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { lines } of this.#all) {
      for (const { message } of lines) counts.set(String(message), (counts.get(String(message)) ?? 0) + 1);
    }
    return counts;
  }

  /** Starts one more; resolves when connections are given to it. */
  async grow(): Promise<void> {
    const process = new RestampProcess({ command: 'webhook', args: this.#args() });
    this.#all.push(process);
    await process.start();
    const backend = { port: await portOf(process), isReady: () => process.isReady() };
    this.#options.balancer.add(backend);
    this.#instances.push({ process, backend });
    await eventually(async () => this.#options.balancer.serves(backend) || undefined, {
      what: 'connections being given to an instance',
      deadlineMs: DEADLINE_MS,
    });
  }

  /** Starts a new one, and then tells the oldest to end: two are always there. */
  async replace(): Promise<void> {
    await this.grow();
    const oldest = this.#instances.shift();
    if (oldest !== undefined) await this.#end(oldest);
    this.#replaced += 1;
  }

  async stop(): Promise<void> {
    // A start that failed is among all of them, too.
    await Promise.all(this.#all.map((process) => process.stop()));
  }

  async #end({ process, backend }: Instance): Promise<void> {
    const code = await process.stop();
    this.#options.balancer.remove(backend);
    if (code !== 0) this.#faults.push(`exit code ${code}`);
    if (process.stderr !== '') this.#faults.push(process.stderr);
  }

  #args(): readonly string[] {
    const { kubeconfig, tlsDirectory, shutdownDelayMs } = this.#options;
    return [
      `--kubeconfig=${kubeconfig}`,
      '--tls=files',
      `--tls-dir=${tlsDirectory}`,
      '--bind-address=127.0.0.1',
      '--port=0',
      '--ops-port=0',
      `--shutdown-delay=${shutdownDelayMs}ms`,
    ];
  }
}

/** Where an instance answers reviews, by its own log: that line may come a moment after it is ready. */
async function portOf({ lines }: RestampProcess): Promise<number> {
  const address = (): unknown => lines.findLast(({ message }) => message === 'serving admission')?.address;
  const text = await eventually(async () => asText(address()), { what: 'an address', deadlineMs: DEADLINE_MS });
  return Number(new URL(text).port);
}
