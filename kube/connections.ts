/** The kept-alive connections to one server, and how they are renewed when what they are made with changes. */
import { Agent, type RequestOptions } from 'node:https';

/** What a connection is made with; a change of any of it (a rotated authority or client certificate) needs new ones. */
export type Tls = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;

/** Notices a peer that vanished without a word well before the watchdog does. */
const KEEP_ALIVE_PROBE_MS = 15_000;

export class Connections {
  readonly #retired = new Set<Agent>();
  #current: { readonly tls: Tls; readonly agent: Agent } | undefined;

  /** The agent for connections made with this. What is under way on connections made with something else is let finish. */
  agentFor(tls: Tls): Agent {
    if (this.#current !== undefined && sameTls(this.#current.tls, tls)) return this.#current.agent;
    if (this.#current !== undefined) this.#retire(this.#current.agent);
    this.#current = { tls, agent: new Agent({ ...tls, keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS }) };
    return this.#current.agent;
  }

  /** Closes every connection, whatever is under way on it. */
  close(): void {
    this.#current?.agent.destroy();
    for (const agent of this.#retired) agent.destroy();
    this.#retired.clear();
  }

  /** Idle connections go now, busy ones when they get idle: a watch or a write need not suffer for a rotation. */
  #retire(agent: Agent): void {
    agent.maxFreeSockets = 0;
    for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    for (const old of this.#retired) if (Object.keys(old.sockets).length === 0) this.#retired.delete(old);
    this.#retired.add(agent);
  }
}

function sameTls(a: Tls, b: Tls): boolean {
  const text = ({ ca, cert, key, servername }: Tls): string => [ca, cert, key, servername].map(String).join('\n');
  return text(a) === text(b);
}
