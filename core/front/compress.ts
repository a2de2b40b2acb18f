import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Below this, the packet is not smaller for it. */
export const WORTH_PACKING = 1024;

const gzipped = promisify(gzip);
const brotli = promisify(brotliCompress);
// Quality 4 costs about what gzip does and packs better; the default of 11 is for files that are packed once.
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

/**
 * Packs long texts for who understands it. Not @fastify/compress: that costs every small answer two hooks, and unpacks
 * request bodies, which would let a small body grow past its limit.
 */
export function compressLong(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: Error | null, payload?: unknown) => void,
): void {
  if (typeof payload !== 'string' || payload.length < WORTH_PACKING || reply.hasHeader('content-encoding'))
    return done(null, payload);
  reply.header('vary', vary(reply.getHeader('vary')));
  const encoding = encodingOf(request.headers['accept-encoding']);
  if (encoding === undefined) return done(null, payload);
  const packed = encoding === 'br' ? brotli(payload, FAST) : gzipped(payload);
  packed.then(
    (bytes) => {
      reply.header('content-encoding', encoding).removeHeader('content-length');
      done(null, bytes);
    },
    (error: Error) => done(error),
  );
}

function encodingOf(accepted: string | string[] | undefined): 'br' | 'gzip' | undefined {
  const text = String(accepted ?? '');
  if (/(^|[,\s])br(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(text)) return 'br';
  if (/(^|[,\s])gzip(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(text)) return 'gzip';
  return undefined;
}

function vary(before: unknown): string {
  return before === undefined ? 'Accept-Encoding' : `${String(before)}, Accept-Encoding`;
}
