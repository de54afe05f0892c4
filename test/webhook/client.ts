/** A client as the API server is one: HTTPS with kept-alive connections, and a word on what became of each request. */
import { type Agent, type RequestOptions, request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { systemClock } from '../../kube/clock.ts';
import { reviewJson } from './build.ts';

export interface Call {
  readonly status: number;
  readonly body: string;
  /** The response header. */
  readonly connection: string | undefined;
  /** Serial number of the certificate of the connection. */
  readonly serial: string;
  /** Local port: the connection itself. */
  readonly port: number | undefined;
}

export type Target = Pick<RequestOptions, 'port' | 'ca' | 'servername'> & { readonly agent: Agent | false };

/** Sends a review; rejects with what happened to the connection. */
export function call(target: Target, review: unknown = reviewJson(), path = '/mutate?timeout=3s'): Promise<Call> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', method: 'POST', path, headers: { 'content-type': 'application/json' }, ...target },
      (response) => {
        const socket = response.socket as TLSSocket;
        const serial = socket.getPeerCertificate().serialNumber;
        const { localPort } = socket;
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text) => {
          body += text;
        });
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode = 0, headers } = response;
          resolve({ status: statusCode, body, connection: headers.connection, serial, port: localPort });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(review));
  });
}

/** What a connection came to. */
export interface Ended {
  /** `FIN` where it was closed in order, else the word for the error. */
  readonly by: string;
  readonly afterMs: number;
}

/** Opens a TLS connection, says something or nothing, and tells how it ended. */
export async function open(
  target: Omit<Target, 'agent'>,
  say = '',
): Promise<{ socket: TLSSocket; ended: Promise<Ended> }> {
  const socket = connect({ host: '127.0.0.1', port: Number(target.port), ...defined(target) });
  let error: string | undefined;
  socket.on('error', (reason: NodeJS.ErrnoException) => {
    error = reason.code ?? reason.message;
  });
  socket.resume();
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('close', () => reject(new Error(error ?? 'closed before it was open')));
  });
  const started = systemClock.monotonic();
  const ended = new Promise<Ended>((resolve) => {
    socket.once('close', () => resolve({ by: error ?? 'FIN', afterMs: systemClock.monotonic() - started }));
  });
  if (say !== '') socket.write(say);
  return { socket, ended };
}

function defined({ ca, servername }: Omit<Target, 'agent'>): Pick<Target, 'ca' | 'servername'> {
  return { ...(ca === undefined ? {} : { ca }), ...(servername === undefined ? {} : { servername }) };
}
