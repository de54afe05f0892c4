/** An HTTP server that counts what is posted to it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PostSink {
  readonly url: string;
  readonly posts: () => number;
  readonly close: () => void;
}

export async function startSink(): Promise<PostSink> {
  let posts = 0;
  const server = createServer((request, response) => {
    if (request.method === 'POST') posts += 1;
    request.resume().on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    posts: () => posts,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
