import { Readable } from 'node:stream';
import type { Call } from '@plinth/sdk';
import { Storage } from '@plinth/sdk/services/storage.ts';
import { errors as kernel } from '../errors.ts';
import { type Provided, personOf, provided } from '../room.ts';
import { UPLOAD_LIFE_MS } from './catalog.ts';
import { errors } from './errors.ts';
import { type ObjectFacts, type ObjectRow, storedObject } from './object.ts';
import type { StorageApi, StorageParts } from './storage.ts';
import { UPLOADS } from './upload-routes.ts';

const MiB = 1_048_576;

/** `storage@1`: what a plugin may do with objects. Everything is limited to those of the plugin that calls. */
export function storageService({ catalog, intake }: StorageParts, storage: StorageApi): Provided {
  async function own(call: Call, objectId: string): Promise<ObjectRow> {
    const row = await catalog.find(call.tenant.id, objectId);
    if (row?.state !== 'stored' || row.plugin !== pluginOf(call)) throw errors.object_missing();
    return row;
  }

  return provided(Storage, {
    async put(call, { content, ...rest }) {
      const bytes = 'text' in content ? Buffer.from(content.text) : Buffer.from(content.base64, 'base64');
      if (bytes.byteLength > MiB) throw kernel.too_large({ detail: 'Let the page upload it: see createUpload.' });
      const textType = 'text' in content ? (content.type ?? 'text/plain') : undefined;
      return storage.put(call.tenant.id, Readable.from([bytes]), { ...factsOf(call, rest), textType });
    },

    async read(call, { objectId }) {
      const { tenantId, id, bytes } = await own(call, objectId);
      if (bytes > MiB) throw kernel.too_large({ detail: 'Read it through signUrl.' });
      return { base64: Buffer.concat(await (await storage.read(tenantId, id)).toArray()).toString('base64') };
    },

    stat: async (call, { objectId }) => storedObject(await own(call, objectId)),

    async list(call, { purpose, accountId, after, limit = 50 }) {
      const rows = await catalog.query(
        call.tenant.id,
        `plugin = $2 and state = 'stored' and ($3::text is null or purpose = $3) and ($4::uuid is null or account_id = $4)
           and ($5::uuid is null or id > $5) order by id limit $6`,
        [pluginOf(call), purpose, accountId, after, limit + 1],
      );
      const items = rows.slice(0, limit).map(storedObject);
      const next = rows.length > limit ? items.at(-1)?.id : undefined;
      return { items, ...(next === undefined ? {} : { next }) };
    },

    async signUrl(call, { objectId, ...options }) {
      const object = storedObject(await own(call, objectId));
      const { url, expiresAt } = storage.signUrl(call.tenant.id, object, options);
      return { url, expiresAt: expiresAt.toISOString() };
    },

    async createUpload(call, { bytes, sha256, ...rest }) {
      if (!personOf(call)) throw kernel.unauthenticated();
      const row = await catalog.open(call.tenant.id, factsOf(call, rest), bytes, { expectedSha256: sha256 });
      const expiresAt = new Date(call.clock.now().getTime() + UPLOAD_LIFE_MS).toISOString();
      return { objectId: row.id, url: `${UPLOADS}/${row.id}`, expiresAt };
    },

    async adopt(call, { objectId, purpose }) {
      const row = { tenantId: call.tenant.id, id: objectId };
      const set = 'plugin = $3, purpose = coalesce($4, purpose), expires_at = null';
      const where = "plugin = '' and account_id = $5 and state = 'stored'";
      const values = [pluginOf(call), purpose, personOf(call)?.accountId];
      return storedObject(await catalog.change(row, { set, where, values }));
    },

    async grant(call, { objectId, visibility }) {
      const row = { tenantId: call.tenant.id, id: objectId };
      const where = "plugin = $4 and state = 'stored'";
      const values = [visibility, pluginOf(call)];
      return storedObject(await catalog.change(row, { set: 'visibility = $3', where, values }));
    },

    async delete(call, { objectId }) {
      const { tenantId, id } = await own(call, objectId);
      await intake.remove(tenantId, id);
      return {};
    },
  });
}

function pluginOf(call: Call): string {
  // Without a caller it is a room of the kernel that asks, and those have the room's own API.
  if (!call.caller) throw kernel.forbidden({ detail: 'storage@1 is for plugins.' });
  return call.caller;
}

type Described = Pick<ObjectFacts, 'name' | 'purpose' | 'visibility'> & { readonly keepSeconds?: number | undefined };

function factsOf(call: Call, { keepSeconds, ...described }: Described): ObjectFacts {
  const keepUntil = keepSeconds === undefined ? undefined : new Date(call.clock.now().getTime() + keepSeconds * 1000);
  return { ...described, plugin: pluginOf(call), accountId: personOf(call)?.accountId, keepUntil };
}
