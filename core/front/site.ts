import Fastify, { type FastifyInstance } from 'fastify';
import { errors } from '../errors.ts';
import type { Loaded } from '../plugins/runtime.ts';
import type { Room } from '../room.ts';
import { isEnabled } from '../tenancy/tenancy.ts';
import { arrivalOf } from './arrival.ts';
import { API_HEADERS, PAGE_HEADERS } from './headers.ts';
import { type OpenApiPart, openApiDocument } from './openapi.ts';
import { addPages } from './pages.ts';
import { PROBLEM_TYPE, problemOf } from './problems.ts';

export interface SiteDeps {
  readonly rooms: readonly Room[];
  readonly loaded: ReadonlyMap<string, Loaded>;
  readonly mode: string;
}

/** What is served outside `/api/<plugin>`: the pages, and the OpenAPI document of the tenant that is asked. */
export async function buildSite(deps: SiteDeps): Promise<FastifyInstance> {
  const app = Fastify({ logger: false, genReqId: (raw) => arrivalOf(raw as never).requestId, requestIdHeader: false });
  app.setNotFoundHandler((request) => {
    throw errors.not_found({ detail: `${request.url.split('?')[0]} leads nowhere.` });
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    return reply
      .code(problem.status)
      .headers(API_HEADERS)
      .header('x-request-id', request.id)
      .type(PROBLEM_TYPE)
      .serializer(JSON.stringify)
      .send({ ...problem.toJSON(), requestId: request.id });
  });
  app.get('/api/openapi.json', async (request, reply) => {
    const { tenant } = arrivalOf(request.raw);
    const document = openApiDocument(
      { name: tenant.facts.name, url: `${request.protocol}://${request.host}` },
      partsOf(deps, (id) => isEnabled(tenant, id)),
    );
    return reply.headers(API_HEADERS).header('cache-control', 'no-cache').send(document);
  });
  addPages(app, PAGE_HEADERS, (id) => partsOf(deps, id));
  await app.ready();
  return app;
}

function partsOf({ rooms, loaded }: SiteDeps, shown: (id: string) => boolean): OpenApiPart[] {
  const kernel: OpenApiPart = {
    id: 'kernel',
    title: 'Kernel',
    summary: 'Accounts, files, jobs, notices.',
    prefix: '/api/kernel',
    routes: rooms.flatMap((room) => (room.contributions ?? []).filter((each) => each.kind === 'route')),
  };
  const plugins = [...loaded.values()]
    .filter(({ id }) => shown(id))
    .map(({ id, plugin: { header, contributions } }) => ({
      id,
      title: header.title,
      summary: header.summary,
      prefix: `/api/${id}`,
      routes: contributions.filter((each) => each.kind === 'route'),
    }));
  return [kernel, ...plugins];
}
