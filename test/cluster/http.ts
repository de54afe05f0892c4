import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  readonly token?: string;
  /** PEM of the certificate authority of an https address. */
  readonly ca?: string;
  readonly json?: unknown;
  readonly timeoutMs?: number;
}

// Agents of our own: the global ones follow proxy variables when NODE_USE_ENV_PROXY is set, and a kept connection would hide a restart.
const plain = new HttpAgent({ keepAlive: false });
const tls = new HttpsAgent({ keepAlive: false });

/** One request over loopback. Rejects when there is no answer in time; any status is an answer. */
export function ask(url: string, question: Question = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const secure = url.startsWith('https:');
  const options: RequestOptions & { ca?: string } = {
    method: question.method ?? 'GET',
    agent: secure ? tls : plain,
    headers: headers(question),
    signal: AbortSignal.timeout(question.timeoutMs ?? 5000),
    ...(question.ca === undefined ? {} : { ca: question.ca }),
  };
  const request = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    response.on('error', reject);
  });
  request.on('error', reject);
  request.end(question.json === undefined ? undefined : JSON.stringify(question.json));
  return promise;
}

function headers(question: Question): Record<string, string> {
  return {
    'user-agent': 'restamp-cluster',
    accept: 'application/json',
    ...(question.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(question.token === undefined ? {} : { authorization: `Bearer ${question.token}` }),
  };
}
