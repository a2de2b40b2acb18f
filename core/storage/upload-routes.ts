import { Readable } from 'node:stream';
import { type Call, newId, Problem } from '@plinth/sdk';
import { ERRORS, Server } from '@tus/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors as kernel } from '../errors.ts';
import { personOf, type RawRoute, rawRoute } from '../room.ts';
import { errors } from './errors.ts';
import { isId } from './object.ts';
import type { StorageParts } from './storage.ts';
import { createUploadLocks } from './upload-lock.ts';
import { UploadStore } from './upload-store.ts';

export const UPLOADS = '/api/kernel/storage/uploads';

/** tus 1.0 at `/storage/uploads`: @tus/server speaks the protocol, the front does who, where and how errors look. */
export function uploadRoutes(parts: StorageParts): RawRoute[] {
  const locksOf = createUploadLocks(parts.catalog);

  async function handle(call: Call, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const id = (request.params as { objectId?: string }).objectId?.toLowerCase();
    if (id !== undefined && !isId(id)) throw errors.object_missing();
    const accountId = personOf(call)?.accountId ?? '';

    let failure: unknown;
    const tus = new Server({
      path: UPLOADS,
      datastore: new UploadStore(parts, call, accountId),
      locker: locksOf(call.tenant.id, accountId),
      maxSize: parts.quotas.maxObjectBytes,
      namingFunction: () => newId(),
      generateUrl: (_request, upload) => `${upload.path}/${upload.id}`,
      getFileIdFromRequest: () => id,
      onResponseError: (_request, error) => {
        failure = error;
        return undefined;
      },
    });
    const response = await tus.handleWeb(webRequest(request));
    // Who may call from where is the front's to say.
    for (const [name, value] of response.headers) {
      if (/^(tus-|upload-|location$|cache-control$)/.test(name)) reply.header(name, value);
    }
    if (response.status >= 400) throw problem(failure, response.status, await response.text());
    return reply.code(response.status).send();
  }

  const summary = 'Resumable uploads (tus 1.0).';
  const writing = { auth: 'user', scope: 'storage:write', summary, bodyLimit: Number.MAX_SAFE_INTEGER } as const;
  // Some clients send small pieces, each with a request of its own.
  const inPieces = { ...writing, perMinute: 1200 };
  return [
    ...rawRoute(['OPTIONS'], '/storage/uploads', { auth: 'public', summary }, handle),
    ...rawRoute(['POST'], '/storage/uploads', writing, handle),
    ...rawRoute(['HEAD', 'PATCH', 'DELETE'], '/storage/uploads/:objectId', inPieces, handle),
  ];
}

function webRequest({ raw, method, url, headers }: FastifyRequest): Request {
  const hasBody = method === 'POST' || method === 'PATCH';
  const body = hasBody ? { body: Readable.toWeb(raw) as ReadableStream, duplex: 'half' } : {};
  return new Request(`http://uploads.invalid${url}`, { method, headers, ...body } as RequestInit);
}

/** tus throws plain objects with a status and a sentence; ours are problems already. */
function problem(failure: unknown, status: number, said: string): unknown {
  if (failure instanceof Problem) return failure;
  const madeWay = failure === ERRORS.ABORTED || (failure instanceof Error && failure.name === 'AbortError');
  if (madeWay || failure === ERRORS.ERR_LOCK_TIMEOUT) return errors.upload_busy();
  const isTheirs = typeof failure === 'object' && failure !== null && 'status_code' in failure;
  if (failure !== undefined && !isTheirs) return failure;
  // Anything else is the protocol not followed, or (501) an extension of it that is not offered.
  return (BY_STATUS[status] ?? errors.upload_refused)({ detail: said.trim() });
}

const BY_STATUS: Readonly<Record<number, typeof errors.upload_refused>> = {
  404: errors.object_missing,
  409: errors.upload_conflict,
  412: errors.tus_version,
  413: kernel.too_large,
};
