import Fastify, { type FastifyInstance } from 'fastify';

export interface MachineDeps {
  /** What keeps this node from serving, in words; nothing when it is fine. */
  readonly notReady: () => Promise<readonly string[]>;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  readonly metricsToken: string | undefined;
}

/** For machines, under any host name: is this process alive, can it serve, and its metrics for who may see them. */
export async function buildMachine({ notReady, metrics, metricsToken }: MachineDeps): Promise<FastifyInstance> {
  const app = Fastify({ logger: false });
  app.get('/health/live', async () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    const reasons = await notReady();
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .send({ status: reasons.length === 0 ? 'ready' : 'not ready', reasons });
  });
  app.get('/metrics', async (request, reply) => {
    // Without a token they do not exist: names of routes and tenants' volumes are nobody's business.
    if (metricsToken === undefined || request.headers.authorization !== `Bearer ${metricsToken}`)
      return reply.code(404).send();
    return reply.type('text/plain; version=0.0.4').send(await metrics());
  });
  await app.ready();
  return app;
}
