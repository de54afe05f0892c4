/** The server with all of its handlers as `restamp webhook` wires them, less TLS. */
import type { FastifyInstance } from 'fastify';
import type { KubeTransport } from '../../kube/transport.ts';
import { type MutateOptions, mutate } from '../../webhook/mutate.ts';
import type { ServerOptions } from '../../webhook/server.ts';
import { validate } from '../../webhook/validate.ts';
import { mutateOptions, serverWith } from '../webhook/build.ts';

export interface Wired {
  readonly app: FastifyInstance;
  /** What handlers threw. */
  readonly crashes: readonly unknown[];
}

export function handlers(
  transport: KubeTransport,
  given: Partial<MutateOptions> = {},
): Pick<ServerOptions, 'mutate' | 'validate' | 'enforce'> {
  const options = mutateOptions(transport, given);
  return {
    mutate: async (request) => (await mutate(request, options)).verdict,
    validate: (request) => validate(request, options, 'warn'),
    enforce: (request) => validate(request, options, 'enforce'),
  };
}

export function wired(transport: KubeTransport, options: Partial<MutateOptions> = {}): Wired {
  const crashes: unknown[] = [];
  const onCrash = (_: string, error: unknown): void => void crashes.push(error);
  return { app: serverWith({ ...handlers(transport, options), onCrash }), crashes };
}
