import { createHash, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';

export interface MachineDeps {
  /** What keeps this node from serving, in words; nothing when it is fine. */
  readonly notReady: () => Promise<readonly string[]>;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  readonly metricsToken: string | undefined;
  /** Which drivers stand behind the rooms, and the state of plugins; for who may see metrics, and in development. */
  readonly facts: () => Readonly<Record<string, unknown>>;
  readonly open: boolean;
}

/** For machines, under any host name: is this process alive, can it serve, and its metrics for who may see them. */
export async function buildMachine({
  notReady,
  metrics,
  metricsToken,
  facts,
  open,
}: MachineDeps): Promise<FastifyInstance> {
  const app = Fastify({ logger: false });
  app.get('/health/live', async () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    const reasons = await notReady();
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .send({ status: reasons.length === 0 ? 'ready' : 'not ready', reasons });
  });
  const expected = metricsToken === undefined ? undefined : sha256(`Bearer ${metricsToken}`);
  const mayLook = ({ headers }: FastifyRequest) =>
    expected !== undefined && timingSafeEqual(sha256(headers.authorization ?? ''), expected);
  app.get('/health', async (request, reply) => {
    if (!open && !mayLook(request)) return reply.code(404).send();
    const reasons = await notReady();
    return reply.send({ status: reasons.length === 0 ? 'ready' : 'not ready', reasons, ...facts() });
  });
  app.get('/metrics', async (request, reply) => {
    // Without a token they do not exist: names of routes and volumes are nobody's business.
    if (!mayLook(request)) return reply.code(404).send();
    return reply.type('text/plain; version=0.0.4').send(await metrics());
  });
  await app.ready();
  return app;
}

// Compared by their hashes, which are equally long whatever was sent.
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
