import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ByteRange, blobKey, type StorageDriver } from './driver.ts';
import { errors } from './errors.ts';
import type { ObjectRow } from './object.ts';
import type { Disposition } from './signed-link.ts';
import { isShowable, servedType } from './sniff.ts';

export interface Delivery {
  readonly disposition: Disposition;
  readonly cacheControl: string;
  /** Whether pages of other origins may show it: plugins' frames have an origin of their own. */
  readonly anyOrigin: boolean;
}

/** Answers GET and HEAD of one object: conditions, one range, and headers under which its bytes can do no harm. */
export async function deliver(
  request: FastifyRequest,
  reply: FastifyReply,
  driver: StorageDriver,
  object: ObjectRow,
  delivery: Delivery,
): Promise<unknown> {
  const etag = `"${object.sha256}"`;
  const modified = object.createdAt.toUTCString();
  const headers = { ...safeHeaders(object, delivery), etag, 'last-modified': modified, 'accept-ranges': 'bytes' };
  if (matches(request.headers['if-none-match'], etag)) return reply.code(304).headers(headers).send();

  const { range: wanted, 'if-range': unless = etag } = request.headers;
  const range =
    request.method === 'GET' && (unless === etag || unless === modified) ? byteRange(wanted, object.bytes) : undefined;
  if (range === 'unsatisfiable') {
    reply.header('content-range', `bytes */${object.bytes}`);
    throw errors.range_not_satisfiable();
  }
  // Opened before anything is said: should the bytes be missing, the answer is a problem and nobody keeps it.
  const key = blobKey(object.tenantId, object.sha256 ?? '');
  const body = request.method === 'HEAD' || object.bytes === 0 ? undefined : await driver.get(key, range);
  reply.headers(headers).header('content-type', servedType(object.type));
  if (!range) return reply.header('content-length', object.bytes).send(body);
  reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${object.bytes}`);
  return reply.header('content-length', range.end - range.start + 1).send(body);
}

function safeHeaders(object: ObjectRow, { disposition, cacheControl, anyOrigin }: Delivery): Record<string, string> {
  return {
    'cache-control': cacheControl,
    'content-disposition': contentDisposition(object, disposition),
    'x-content-type-options': 'nosniff',
    // Should a browser ever take it for a page: one without scripts, forms, frames or an origin.
    'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': anyOrigin ? 'cross-origin' : 'same-origin',
  };
}

function contentDisposition({ name, type }: ObjectRow, wanted: Disposition): string {
  const how = wanted === 'inline' && isShowable(type) ? 'inline' : 'attachment';
  // RFC 8187; what encodeURIComponent leaves alone but the grammar does not allow is done by hand.
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  return name === '' ? how : `${how}; filename*=UTF-8''${encoded}`;
}

function matches(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, ''))) ?? false;
}

/**
 * The part of `bytes` bytes that a Range header asks for. `undefined` is the whole: no range, one that we may ignore
 * (another unit, nonsense, several parts at once). RFC 9110 §14.
 */
function byteRange(header: string | undefined, bytes: number): ByteRange | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const start = from === '' ? Math.max(0, bytes - Number(to)) : Number(from);
  const end = from === '' || to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1);
  if (from !== '' && to !== '' && Number(to) < start) return undefined;
  return start > end || start >= bytes ? 'unsatisfiable' : { start, end };
}
