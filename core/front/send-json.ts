import type { FastifyReply } from 'fastify';
import { WORTH_PACKING } from './compress.ts';
import { API_HEADERS } from './headers.ts';

const FIXED: readonly string[] = Object.entries({
  ...API_HEADERS,
  'content-type': 'application/json; charset=utf-8',
}).flat();

/**
 * Sends a short JSON answer past Fastify's reply: its header map and its hooks were a third of what the kernel adds to
 * a request. Answers whether it did; a long text goes the usual way, where it is packed.
 */
export function sendJson(
  reply: FastifyReply,
  status: number,
  text: string,
  requestId: string,
  cacheable: boolean,
): boolean {
  if (text.length >= WORTH_PACKING) return false;
  const bytes = Buffer.byteLength(text);
  const head = [...FIXED, 'x-request-id', requestId, 'content-length', String(bytes)];
  if (!cacheable) head.push('cache-control', 'no-store');
  reply.hijack();
  reply.raw.writeHead(status, head);
  // Plain ASCII is the same in both, and Latin 1 is written without being encoded.
  reply.raw.end(text, bytes === text.length ? 'latin1' : 'utf8');
  return true;
}
