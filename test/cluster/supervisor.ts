/**
 * The parent process of one cluster: `node supervisor.ts DIRECTORY`, started by cluster.ts as the leader of its own process group.
 *
 * It holds a channel to the process that started it. When the channel closes (that process ended, in whatever way) the cluster ends,
 * unless the starter asked before to detach. A shell outside the group does the same for the supervisor itself: see `guardGroup`.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Layout } from './components.ts';
import { ControlPlane, logTail } from './control-plane.ts';
import { type Control, startControlServer } from './control-server.ts';
import { freePorts } from './ports.ts';
import { guardGroup, type ProcessRecord, recordProcess } from './processes.ts';
import { bringUp, newTokens, releaseNodes, waitHealthy, writeInputs } from './start-up.ts';
import {
  type ClusterFiles,
  type ClusterSpec,
  type ClusterState,
  clusterFiles,
  type Phase,
  readJson,
  writePrivate,
} from './state.ts';
import { COMPONENTS, type ComponentName } from './versions.ts';

/** What the supervisor tells the process that started it. */
export type SupervisorMessage =
  | { readonly kind: 'progress'; readonly line: string }
  | { readonly kind: 'up' }
  | { readonly kind: 'failed'; readonly message: string };

/** What the process that started it may ask. */
export type StarterMessage = { readonly kind: 'detach' };

// Another process took a port between the search and the use: with random ports a second time is rare, a third is something else.
const PORT_ATTEMPTS = 3;

class Supervisor implements Control {
  readonly #directory: string;
  readonly #files: ClusterFiles;
  readonly #spec: ClusterSpec;
  readonly #self: ProcessRecord;
  readonly #control = { port: 0, token: randomBytes(24).toString('hex') };
  readonly #guard = guardGroup(process.pid);
  readonly #since = new Date().toISOString();
  readonly #tokens = newTokens();
  #phase: Phase = 'starting';
  #layout: Layout | undefined;
  #plane: ControlPlane | undefined;
  #writing: Promise<void> = Promise.resolve();
  #ending: Promise<void> | undefined;

  constructor(directory: string, spec: ClusterSpec, self: ProcessRecord) {
    this.#directory = directory;
    this.#files = clusterFiles(directory);
    this.#spec = spec;
    this.#self = self;
  }

  /** Starts the cluster, on other ports if the first are taken. */
  async start(): Promise<void> {
    this.#control.port = await startControlServer(this, this.#control.token);
    for (let attempt = 1; ; attempt += 1) {
      const failure = await this.#attempt();
      if (failure === undefined || this.#ending !== undefined) return;
      if (attempt < PORT_ATTEMPTS && failure.includes('address already in use')) {
        this.#tell({ kind: 'progress', line: 'a port was taken meanwhile; starting again with others' });
        continue;
      }
      this.#phase = 'failed';
      await this.end({ keep: true, failure });
      return;
    }
  }

  async #attempt(): Promise<string | undefined> {
    const [etcdClient = 0, etcdPeer = 0, apiserver = 0] = await freePorts(3);
    const layout: Layout = { spec: this.#spec, files: this.#files, ports: { etcdClient, etcdPeer, apiserver } };
    const plane = new ControlPlane(layout, {
      changed: () => this.#record(),
      again: async (component) => (component === 'kwok' ? await releaseNodes(layout, this.#tokens) : undefined),
      log,
    });
    this.#layout = layout;
    this.#plane = plane;
    try {
      await writeInputs(layout, this.#tokens);
      await bringUp(plane, layout, this.#tokens, (line) => this.#tell({ kind: 'progress', line }));
      plane.markUp();
      this.#phase = 'up';
      this.#record();
      await this.#writing;
      this.#tell({ kind: 'up' });
      return undefined;
    } catch (error) {
      await plane.stop();
      const failure = await this.#describe(error);
      await Promise.all(
        [this.#files.etcdData, this.#files.certificates].map((path) => rm(path, { recursive: true, force: true })),
      );
      return failure;
    }
  }

  async #describe(error: unknown): Promise<string> {
    const message = error instanceof Error ? error.message : String(error);
    const culprit = COMPONENTS.find((component) => message.startsWith(`${component} `)) ?? 'kube-apiserver';
    return `${message}\n--- the end of ${this.#files.log(culprit)}:\n${await logTail(this.#files.log(culprit))}`;
  }

  signal(component: ComponentName, signal: NodeJS.Signals): void {
    this.#plane?.signal(component, signal);
  }

  async restart(component: ComponentName): Promise<void> {
    if (this.#plane === undefined || this.#layout === undefined) throw new Error('the cluster is not up');
    await this.#plane.restart(component);
    await waitHealthy(component, this.#layout, this.#tokens);
  }

  stop(): void {
    void this.end({ keep: this.#spec.keep });
  }

  /** Ends the processes, then the directory, then this process. The first call decides. */
  end(how: { readonly keep: boolean; readonly failure?: string }): Promise<void> {
    this.#ending ??= this.#end(how);
    return this.#ending;
  }

  async #end({ keep, failure }: { readonly keep: boolean; readonly failure?: string }): Promise<void> {
    await this.#plane?.stop();
    if (keep) this.#record();
    await this.#writing;
    if (!keep) await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
    this.#guard.standDown();
    if (failure !== undefined) this.#tell({ kind: 'failed', message: failure });
    if (process.connected) process.disconnect?.();
    process.exit(failure === undefined ? 0 : 1);
  }

  #tell(message: SupervisorMessage): void {
    if (message.kind === 'progress') log(message.line);
    if (message.kind === 'failed') log(message.message);
    // The starter may be gone: its channel then closes and that is dealt with there.
    if (process.connected) process.send?.(message, () => {});
  }

  /** Writes the state file, one write after the other. */
  #record(): void {
    const { ports } = this.#layout ?? {};
    if (ports === undefined) return;
    const state: ClusterState = {
      phase: this.#phase,
      since: this.#since,
      supervisor: this.#self,
      control: { ...this.#control },
      ports,
      adminToken: this.#tokens.admin,
      components: this.#plane?.records() ?? {},
    };
    const text = `${JSON.stringify(state, null, 2)}\n`;
    this.#writing = this.#writing
      .then(() => writePrivate(this.#files.state, text))
      .catch((error) => log(String(error)));
  }
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

/** Hears that the starter has gone, from the first moment on: it may be killed while this process is still loading. */
class Lifeline {
  #detached = false;
  #cut = false;
  onCut: () => void = () => {};

  constructor() {
    process.on('message', (message: StarterMessage) => {
      if (message.kind !== 'detach') return;
      this.#detached = true;
      process.disconnect?.();
    });
    process.on('disconnect', () => this.#cutOff());
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.#cutOff(true));
  }

  /** Whether the cluster has to end. */
  get cut(): boolean {
    return this.#cut || (!this.#detached && !process.connected);
  }

  #cutOff(always = false): void {
    if (this.#detached && !always) return;
    this.#cut = true;
    this.onCut();
  }
}

async function main(): Promise<void> {
  const lifeline = new Lifeline();
  const directory = process.argv[2];
  if (directory === undefined || process.send === undefined)
    throw new Error('supervisor.ts is started by cluster.ts only');
  const spec = await readJson<ClusterSpec>(clusterFiles(directory).spec);
  if (spec === undefined) throw new Error(`${directory} has no spec.json`);
  const supervisor = new Supervisor(directory, spec, await recordProcess(process.pid));
  lifeline.onCut = () => supervisor.stop();
  if (lifeline.cut) supervisor.stop();
  else await supervisor.start();
}

await main();
