/**
 * What a Service is to the API server, on loopback: one port, behind it those instances that say they are ready.
 * As with kube-proxy only new connections are given to somebody; one that is open stays where it is.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Backend {
  /** Where it answers reviews. */
  readonly port: number;
  readonly isReady: () => Promise<boolean>;
}

export interface BalancerOptions {
  readonly port: number;
  /** Readiness is asked for this often: what endpoints need to change in a cluster. */
  readonly everyMs: number;
}

export class Balancer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #backends = new Map<Backend, boolean>();
  readonly #timer: NodeJS.Timeout;
  #turn = 0;
  #refused = 0;

  private constructor(everyMs: number) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
    this.#timer = setInterval(() => void this.#look(), everyMs);
  }

  static async start({ port, everyMs }: BalancerOptions): Promise<Balancer> {
    const balancer = new Balancer(everyMs);
    await new Promise<void>((resolve, reject) => {
      balancer.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return balancer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that met nobody: no instance was ready, or the one that was did not take it. */
  get refused(): number {
    return this.#refused;
  }

  /** From the next look on it gets connections, if it is ready. */
  add(backend: Backend): void {
    this.#backends.set(backend, false);
  }

  remove(backend: Backend): void {
    this.#backends.delete(backend);
  }

  /** Whether connections are given to this one. */
  serves(backend: Backend): boolean {
    return this.#backends.get(backend) === true;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #look(): Promise<void> {
    await Promise.all(
      [...this.#backends.keys()].map(async (backend) => {
        const ready = await backend.isReady().catch(() => false);
        if (this.#backends.has(backend)) this.#backends.set(backend, ready);
      }),
    );
  }

  #serve(client: Socket): void {
    const ready = [...this.#backends].flatMap(([backend, isReady]) => (isReady ? [backend] : []));
    this.#turn += 1;
    const backend = ready[this.#turn % Math.max(1, ready.length)];
    if (backend === undefined) {
      this.#refused += 1;
      client.on('error', () => {}).destroy();
      return;
    }
    const upstream = connect({ port: backend.port, host: '127.0.0.1', allowHalfOpen: true });
    upstream.once('error', () => {
      if (upstream.connecting || upstream.bytesRead === 0) this.#refused += 1;
    });
    this.#join(client, upstream);
    this.#join(upstream, client);
  }

  /** Bytes and ends of one side go to the other; what breaks one breaks both. */
  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      if (!to.writableEnded) to.end();
    });
  }
}
