import { KubeError } from './error.ts';
import type { KubeTransport } from './transport.ts';

/**
 * A transport that writes only while `mayWrite` says so, asked at the last moment: a leader that was frozen in the middle
 * of a batch finds itself replaced when it wakes up, and its next write is not sent. Reads pass.
 */
export function guarded(transport: KubeTransport, mayWrite: () => boolean): KubeTransport {
  return {
    request: async (request) => {
      if (request.method !== 'GET' && !mayWrite()) {
        throw new KubeError(`${request.method} ${request.path}`, { status: 0, reason: 'not sent: not the leader' });
      }
      return transport.request(request);
    },
    stream: (request) => transport.stream(request),
    close: () => transport.close(),
  };
}
