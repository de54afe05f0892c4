/** `/livez`, `/readyz` and `/metrics`, over plain HTTP on a port of their own. */
import fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

/** What readiness depends on, by name; `undefined` means fine, a text says what is not. */
export type ReadinessChecks = Readonly<Record<string, () => string | undefined>>;

export interface OpsServerOptions {
  readonly registry: Registry;
  readonly checks: ReadinessChecks;
}

/** The server with its routes, not listening. */
export function createOpsServer({ registry, checks }: OpsServerOptions): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.get('/livez', () => ({ alive: true }));
  app.get('/readyz', (_request, reply) => {
    const failing = Object.entries(checks).flatMap(([name, check]) => {
      const fault = check();
      return fault === undefined ? [] : [`${name}: ${fault}`];
    });
    return reply.code(failing.length === 0 ? 200 : 503).send({ ready: failing.length === 0, failing });
  });
  app.get('/metrics', async (_request, reply) => {
    return reply.type(registry.contentType).send(await registry.metrics());
  });
  return app;
}
