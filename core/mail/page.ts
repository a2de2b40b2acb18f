import type { FastifyReply } from 'fastify';
import { PAGE_HEADERS } from '../front/headers.ts';
import { layout, type Page } from '../front/pages/layout.ts';

/** A page that is somebody's own: never kept. */
export function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  return reply
    .headers(PAGE_HEADERS)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(layout(page));
}
