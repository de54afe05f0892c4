import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the ranges from which systems hand out ports of their own accord (Linux from 32768, the IANA range from 49152), so that no
// outgoing connection takes a component's port while it restarts, and above the well-known services.
const FIRST = 20_000;
const LAST = 32_767;

/**
 * Finds ports that nothing listens on, all different. Another process can still take one before it is used: whoever starts a server
 * on them tries again with others then.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; found.size < count; attempt += 1) {
    if (attempt > 100 * count) throw new Error(`no ${count} free ports between ${FIRST} and ${LAST} on 127.0.0.1`);
    const port = randomInt(FIRST, LAST + 1);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
