import type { FastifyInstance } from 'fastify';
import { arrivalOf } from './arrival.ts';
import type { OpenApiPart } from './openapi.ts';

/** The plain pages that stand until the shell is there: what this site is, and its API by plugin. */
export function addPages(
  app: FastifyInstance,
  headers: Readonly<Record<string, string>>,
  partsOf: (shown: (id: string) => boolean) => OpenApiPart[],
): void {
  app.get('/', async (request, reply) => {
    const { tenant } = arrivalOf(request.raw);
    const parts = partsOf((id) => tenant.enabled.has(id));
    return reply.headers(headers).type('text/html; charset=utf-8').send(`<!doctype html><title>${tenant.facts.name}</title><h1>${tenant.facts.name}</h1><p>${parts.length} parts</p>`);
  });
}
