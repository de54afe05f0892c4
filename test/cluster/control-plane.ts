import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { componentArguments, type Layout } from './components.ts';
import { loopbackEnvironment, type ProcessRecord, recordProcess } from './processes.ts';
import { COMPONENTS, type ComponentName, programPath } from './versions.ts';

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  record?: ProcessRecord;
  /** Ended, or about to, because somebody asked for it: it is not started again by itself. */
  held: boolean;
}

/** What a control plane tells its owner. */
export interface ControlPlaneEvents {
  /** A component is about to be started for another time. */
  again(component: ComponentName): Promise<void>;
  /** The set of processes changed. */
  changed(): void;
  log(line: string): void;
}

// A kubelet starts a static pod that ended again after a back-off; one second keeps an outage test short.
const REVIVE_AFTER_MS = 1000;

/** The processes of one cluster: starts, signals, revives and ends them. They are children of this process and share its group. */
export class ControlPlane {
  readonly #layout: Layout;
  readonly #events: ControlPlaneEvents;
  readonly #running = new Map<ComponentName, Running>();
  readonly #startUp = new AbortController();
  #phase: 'starting' | 'up' | 'stopping' = 'starting';

  constructor(layout: Layout, events: ControlPlaneEvents) {
    this.#layout = layout;
    this.#events = events;
  }

  /** Aborted, with the reason, when a component ends during start-up. */
  get startUpFailed(): AbortSignal {
    return this.#startUp.signal;
  }

  /** From now on a component that ends by itself is started again. */
  markUp(): void {
    this.#phase = 'up';
  }

  /** The processes that run. */
  records(): Partial<Record<ComponentName, ProcessRecord>> {
    const entries = [...this.#running].flatMap(([name, { record }]) => (record === undefined ? [] : [[name, record]]));
    return Object.fromEntries(entries) as Partial<Record<ComponentName, ProcessRecord>>;
  }

  /** Starts a component that does not run. */
  async start(component: ComponentName): Promise<void> {
    // Nothing may start behind the back of `stop`.
    if (this.#phase === 'stopping') throw new Error('the cluster is being stopped');
    const log = openSync(this.#layout.files.log(component), 'a');
    const path = programPath(this.#layout.spec.binaries, component);
    const child = spawn(path, componentArguments(component, this.#layout), {
      stdio: ['ignore', log, log],
      env: loopbackEnvironment(process.env),
    });
    closeSync(log);
    const running: Running = { child, ended: ended(child), held: false };
    this.#running.set(component, running);
    child.once('error', (error) => this.#startUp.abort(new Error(`${path} cannot be started: ${error.message}`)));
    running.ended.then(
      () => this.#ended(component, running),
      () => {},
    );
    if (child.pid !== undefined) running.record = await recordProcess(child.pid);
    this.#events.changed();
  }

  /** Sends a signal. A component that it ends stays down until `restart`. */
  signal(component: ComponentName, signal: NodeJS.Signals): void {
    const running = this.#running.get(component);
    if (running === undefined) throw new Error(`${component} does not run: restart it first`);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') running.held = true;
    running.child.kill(signal);
  }

  /** Kills a component, if it runs, and waits until it has ended. */
  async kill(component: ComponentName): Promise<void> {
    const running = this.#running.get(component);
    if (running === undefined) return;
    running.held = true;
    // SIGKILL also ends a stopped process.
    running.child.kill('SIGKILL');
    await running.ended;
  }

  /** Kills a component, if it runs, and starts it on the same ports and data. */
  async restart(component: ComponentName): Promise<void> {
    await this.kill(component);
    await this.#startAgain(component);
  }

  /** Kills everything. */
  async stop(): Promise<void> {
    this.#phase = 'stopping';
    await Promise.all(COMPONENTS.map((component) => this.kill(component)));
  }

  #ended(component: ComponentName, running: Running): void {
    if (this.#running.get(component) === running) this.#running.delete(component);
    const { exitCode, signalCode } = running.child;
    const how = signalCode ?? `code ${exitCode}`;
    this.#events.log(`${component} ended with ${how}`);
    this.#events.changed();
    if (this.#phase === 'starting') this.#startUp.abort(new Error(`${component} ended with ${how} during start-up`));
    if (this.#phase !== 'up' || running.held) return;
    const timer = setTimeout(() => void this.#revive(component), REVIVE_AFTER_MS);
    timer.unref();
  }

  async #revive(component: ComponentName): Promise<void> {
    if (this.#phase !== 'up' || this.#running.has(component)) return;
    this.#events.log(`${component} is started again`);
    await this.#startAgain(component);
  }

  async #startAgain(component: ComponentName): Promise<void> {
    await this.#events.again(component);
    await this.start(component);
  }
}

/** Settles when a child has gone, also when it never came. */
function ended(child: ChildProcess): Promise<unknown> {
  return Promise.race([once(child, 'exit'), new Promise((resolve) => child.once('error', resolve))]);
}

/** The last lines of a component's log. */
export async function logTail(path: string, lines = 12): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
