import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import type { StreamHost } from '../host.js';

/**
 * What those who run a server ask it: whether it lives, whether it is ready, and its figures.
 * @param figures those that a request may see; throws where it may not
 */
export function registerOperations(
  app: FastifyInstance,
  host: StreamHost,
  figures: (request: FastifyRequest) => Promise<Registry>,
): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', (_, reply) => {
    // Ready is who has a frame of every stream that is not known to be beyond help.
    const waiting = host.streams.filter(({ state, counts }) => counts.tracked === 0 && state !== 'error');
    return reply
      .status(waiting.length === 0 ? 200 : 503)
      .send({ waiting: waiting.map(({ stream }) => stream) });
  });
  app.get('/metrics', async (request, reply) => {
    const registry = await figures(request);
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}
