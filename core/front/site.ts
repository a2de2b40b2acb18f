import type { Log } from '@plinth/sdk';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { errors } from '../errors.ts';
import type { Loaded } from '../plugins/runtime.ts';
import type { Room } from '../room.ts';
import { isEnabled } from '../tenancy/tenancy.ts';
import { knownArrivalOf } from './arrival.ts';
import { compressLong } from './compress.ts';
import { overLimit, strangerOf } from './guard.ts';
import type { ApiPart } from './operations.ts';
import { addAssets } from './pages/assets.ts';
import { refusalOf } from './pages/refusal.ts';
import { addPages } from './pages.ts';
import { problemOf } from './problems.ts';
import type { RateLimiter } from './rate-limit.ts';

export interface SiteDeps {
  readonly rooms: readonly Room[];
  readonly loaded: ReadonlyMap<string, Loaded>;
  readonly log: Log;
  /** Pages are read by strangers as often as the API, and no more. */
  readonly reads: RateLimiter;
  /** How pages are reached from outside. */
  readonly publicUrl: string;
}

/** What is served outside `/api/<plugin>`: the pages, and the OpenAPI document of the tenant that is asked. */
export async function buildSite({ rooms, loaded, log, reads, publicUrl }: SiteDeps): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    genReqId: (raw) => knownArrivalOf(raw as FastifyRequest['raw'])?.requestId ?? '-',
    requestIdHeader: false,
  });
  // What every address serves is asked for without a tenant, and kept for ever by whoever has it.
  app.addHook('onRequest', ({ raw }, _reply, done) =>
    done(knownArrivalOf(raw) ? overLimit(reads, strangerOf(raw)) : undefined),
  );
  app.addHook('onSend', compressLong);
  app.setNotFoundHandler((request) => {
    throw errors.not_found({ detail: `${request.url.split('?')[0]} leads nowhere.` });
  });
  app.setErrorHandler((error, request, reply) => sendRefusal(error, request, reply, log));
  addAssets(app);
  addPages(app, {
    kernel: kernelPart(rooms),
    pluginsOf: (tenant) => [...loaded.values()].filter(({ id }) => isEnabled(tenant, id)).map(({ plugin }) => plugin),
    https: publicUrl.startsWith('https:'),
  });
  await app.ready();
  return app;
}

function sendRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const problem = problemOf(error);
  const { code, status } = problem;
  if (status >= 500) log.error('request-failed', { requestId: request.id, code, url: request.url, error });
  const site = knownArrivalOf(request.raw)?.tenant.facts.name;
  const { headers, body } = refusalOf(request.raw, problem, request.id, site);
  return reply.code(status).headers(headers).send(body);
}

function kernelPart(rooms: readonly Room[]): ApiPart {
  return {
    id: 'kernel',
    title: 'Kernel',
    summary: 'What every product stands on: accounts, files, jobs, notices.',
    prefix: '/api/kernel',
    routes: rooms.flatMap((room) => (room.contributions ?? []).filter((each) => each.kind === 'route')),
  };
}
