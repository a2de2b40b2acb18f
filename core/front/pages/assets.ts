import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { errors } from '../../errors.ts';
import { API_HEADERS } from '../headers.ts';

/** A file that pages load. Its address says what is in it, so that it can be kept for ever. */
interface Asset {
  readonly stem: string;
  readonly path: string;
  readonly type: string;
  readonly content: string;
}

function asset(stem: string, ending: string, type: string): Asset {
  const content = readFileSync(new URL(`./assets/${stem}.${ending}`, import.meta.url), 'utf8');
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return { stem, path: `/assets/${stem}.${hash}.${ending}`, type, content };
}

export const assets = {
  style: asset('style', 'css', 'text/css; charset=utf-8'),
  script: asset('page', 'js', 'text/javascript; charset=utf-8'),
  mark: asset('mark', 'svg', 'image/svg+xml'),
};

/** The same for every tenant, and for addresses that are no tenant's: the page that says so wants its style too. */
export function addAssets(app: FastifyInstance): void {
  app.get<{ Params: { name: string } }>('/assets/:name', async (request, reply) => {
    const path = `/assets/${request.params.name}`;
    const [stem] = request.params.name.split('.');
    const found = Object.values(assets).find((each) => each.stem === stem);
    if (!found) throw errors.not_found();
    // While versions change, a page of one node asks another: that one helps out with what it has, just this once.
    const kept = found.path === path ? 'public, max-age=31536000, immutable' : 'no-store';
    return reply.headers(API_HEADERS).header('cache-control', kept).type(found.type).send(found.content);
  });
}
