import type { Call } from '@plinth/sdk';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { personOf, type RawRoute, rawRoute } from '../room.ts';
import { deliver } from './deliver.ts';
import { errors } from './errors.ts';
import { isId, type ObjectRow } from './object.ts';
import type { Disposition } from './signed-link.ts';
import type { StorageParts } from './storage.ts';

export const OBJECTS = '/api/kernel/storage/objects';

/** `GET /storage/objects/:objectId`: by a signed link, or by being somebody who may see it. */
export function objectRoutes({ catalog, driver, signer }: StorageParts): RawRoute[] {
  async function read(call: Call, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { objectId } = request.params as { objectId: string };
    const { until, signature, as } = request.query as Record<string, string | undefined>;
    const disposition: Disposition = as === 'attachment' ? 'attachment' : 'inline';
    const now = call.clock.now();
    // The link is looked at before the object, so that a bad one tells nothing about what there is.
    const grant = { tenantId: call.tenant.id, objectId, until: Number(until), disposition };
    if (signature !== undefined && !signer.holds(grant, signature, now)) throw errors.link_invalid();

    const object = isId(objectId) ? await catalog.find(call.tenant.id, objectId) : undefined;
    const there = object?.state === 'stored' && (object.expiresAt === undefined || object.expiresAt > now);
    if (!there || (signature === undefined && !maySee(call, object))) throw errors.object_missing();

    const anyOrigin = signature !== undefined || object.visibility === 'public';
    // Visibility can be taken back, so it is asked for again; the ETag makes that cheap.
    let cacheControl = anyOrigin ? 'public, max-age=300' : 'private, no-cache';
    if (signature !== undefined) {
      const seconds = Math.max(0, grant.until - Math.ceil(now.getTime() / 1000));
      cacheControl = `public, max-age=${seconds}, immutable`;
    }
    return deliver(request, reply, driver, object, { disposition, cacheControl, anyOrigin });
  }

  const summary = 'The bytes of an object.';
  const options = { auth: 'public', scope: 'storage:read', summary, perMinute: 12_000 } as const;
  // HEAD first: the router would otherwise make one of its own for GET. The last part is for the reader's eyes only.
  return ['/storage/objects/:objectId', '/storage/objects/:objectId/:file'].flatMap((path) =>
    rawRoute(['HEAD', 'GET'], path, options, read),
  );
}

function maySee(call: Call, { visibility, accountId }: ObjectRow): boolean {
  if (visibility === 'public') return true;
  const person = personOf(call);
  return person !== undefined && (visibility === 'tenant' || person.accountId === accountId);
}
