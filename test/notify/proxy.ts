/** A forwarding proxy on loopback: passes http:// on, tunnels https:// by CONNECT, and writes down what it was asked. */
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import type { Test } from 'tap';
import { listen } from './receiver.ts';

export interface Proxy {
  readonly port: number;
  /** `CONNECT host:port` or `POST http://…`. */
  readonly asked: string[];
  /** The `proxy-authorization` header of each. */
  readonly credentials: (string | undefined)[];
}

/** Starts a proxy for the time of a test; with `refusal`, it answers everything with that status. */
export async function startProxy(t: Test, refusal?: number): Promise<Proxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    credentials.push(incoming.headers['proxy-authorization']);
    if (refusal !== undefined) return response.writeHead(refusal).end();
    const outgoing = request(incoming.url ?? '', { method: incoming.method, headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
    return response;
  });
  server.on('connect', (incoming, near, head) => {
    asked.push(`CONNECT ${incoming.url}`);
    credentials.push(incoming.headers['proxy-authorization']);
    if (refusal !== undefined) return near.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const far = connect(Number(port), hostname, () => {
      near.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      far.write(head);
      far.pipe(near);
      near.pipe(far);
    });
    far.on('error', () => near.destroy());
    near.on('error', () => far.destroy());
    return near;
  });
  const { port } = await listen(t, server);
  return { port, asked, credentials };
}
