// Files of a set by one signed link: it is a directory in the address, so that what a playlist names beside itself is
// found under the same signature.
import type { Call } from '@plinth/sdk';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type RawRoute, rawRoute } from '../room.ts';
import { errors as storageErrors } from '../storage/errors.ts';
import { isId } from '../storage/object.ts';
import { createLinkSigner, linkEnd } from '../storage/signed-link.ts';
import type { StorageApi } from '../storage/storage.ts';
import { errors } from './errors.ts';
import type { FileSets } from './file-sets.ts';

const SETS = '/api/kernel/media/sets';

export interface SetLinks {
  readonly routes: readonly RawRoute[];
  /** To a file, and to all others of its set. */
  linkTo(call: Call, mediaId: string, name: string, seconds?: number): { url: string; expiresAt: string };
}

export function setLinks(secret: string, sets: FileSets, storage: Pick<StorageApi, 'send'>): SetLinks {
  const signer = createLinkSigner(secret, 'media links');
  const grantOf = (tenantId: string, mediaId: string, until: number) =>
    ({ tenantId, objectId: mediaId, until, disposition: 'inline' }) as const;

  async function read(call: Call, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { mediaId = '', grant = '', name = '' } = request.params as Record<string, string | undefined>;
    const [, until = '', signature = ''] = /^(\d{1,12})-([\w-]{43})$/.exec(grant) ?? [];
    const now = call.clock.now();
    // The link is looked at before the file, so that a bad one tells nothing about what there is.
    if (!isId(mediaId) || !signer.holds(grantOf(call.tenant.id, mediaId, Number(until)), signature, now))
      throw storageErrors.link_invalid();
    const file = await sets.find(call.tenant.id, mediaId, { name });
    if (!file) throw errors.media_file_missing();
    const seconds = Math.max(0, Number(until) - Math.ceil(now.getTime() / 1000));
    // Of a ladder that is still being made the master playlist changes.
    const cacheControl = file.settled ? `public, max-age=${seconds}, immutable` : 'no-cache';
    const how = { type: file.type, disposition: 'inline', cacheControl, anyOrigin: true } as const;
    return storage.send({ request, reply }, call.tenant.id, file.objectId, how);
  }

  const summary = 'A file of what was made of a video, a sound or a picture, by a signed link.';
  const options = { auth: 'public', summary, perMinute: 12_000 } as const;
  return {
    routes: rawRoute(['HEAD', 'GET'], '/media/sets/:mediaId/:grant/:name', options, read),
    linkTo(call, mediaId, name, seconds = 3600) {
      const until = linkEnd(call.clock.now(), seconds);
      const signature = signer.sign(grantOf(call.tenant.id, mediaId, until));
      const url = `${SETS}/${mediaId}/${until}-${signature}/${encodeURIComponent(name)}`;
      return { url, expiresAt: new Date(until * 1000).toISOString() };
    },
  };
}
