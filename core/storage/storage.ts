import type { Readable } from 'node:stream';
import { type Clock, job } from '@plinth/sdk';
import type { StoredObject } from '@plinth/sdk/services/storage.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import { Type } from 'typebox';
import type { Database } from '../database/database.ts';
import type { Room } from '../room.ts';
import { Catalog } from './catalog.ts';
import { type Delivery, deliver } from './deliver.ts';
import { type ByteRange, blobKey, type StorageDriver } from './driver.ts';
import { errors } from './errors.ts';
import { createIntake, type Intake } from './intake.ts';
import { reconcile, sweep } from './lifecycle.ts';
import { storedObject } from './object.ts';
import { OBJECTS, objectRoutes } from './object-routes.ts';
import { DEFAULT_QUOTAS, type StorageQuotas } from './quota.ts';
import { storageService } from './service.ts';
import { createLinkSigner, type Disposition, type LinkSigner, linkEnd } from './signed-link.ts';
import { uploadRoutes } from './upload-routes.ts';

export interface StorageDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly driver: StorageDriver;
  /** Signs links. */
  readonly secret: string;
  /** Told after a commit that wrote to the outbox. */
  readonly nudge?: () => void;
  readonly quotas?: StorageQuotas;
}

/** What the room is made of. */
export interface StorageParts extends Pick<StorageDeps, 'clock' | 'driver'> {
  readonly quotas: StorageQuotas;
  readonly catalog: Catalog;
  readonly intake: Intake;
  readonly signer: LinkSigner;
}

/** Objects for other rooms; plugins have `storage@1`. */
export interface StorageApi {
  readonly put: Intake['put'];
  stat(tenantId: string, objectId: string): Promise<StoredObject | undefined>;
  read(tenantId: string, objectId: string, range?: ByteRange): Promise<Readable>;
  delete(tenantId: string, objectId: string): Promise<void>;
  /** What was put for a while stays, or expires at that time, if the transaction of `client` commits. */
  keep(client: pg.ClientBase, tenantId: string, objectIds: readonly string[], until?: string): Promise<void>;
  /** Answers a request that somebody else let in with an object, as what it is known to be. */
  send(exchange: Exchange, tenantId: string, objectId: string, how: Delivery & { type: string }): Promise<unknown>;
  /** What a plugin keeps, for whoever hands it out. */
  listOf(tenantId: string, plugin: string): Promise<StoredObject[]>;
  /** Everything of a plugin that is dropped. */
  deleteAllOf(tenantId: string, plugin: string): Promise<number>;
  signUrl(tenantId: string, object: StoredObject, options?: LinkOptions): { url: string; expiresAt: Date };
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface LinkOptions {
  /** The most the link may live; it lives at least half of it. Default an hour. */
  readonly seconds?: number | undefined;
  readonly disposition?: Disposition | undefined;
}

/**
 * Files, by content: bytes once per tenant under their sha256, rows for whose they are, who may see them and how long.
 */
export function createStorage(deps: StorageDeps): Room & StorageApi {
  const { database, clock, driver, secret, nudge = () => {}, quotas = DEFAULT_QUOTAS } = deps;
  const catalog = new Catalog(database, clock, quotas);
  const intake = createIntake(catalog, driver, quotas, nudge);
  const signer = createLinkSigner(secret);
  const parts: StorageParts = { clock, driver, quotas, catalog, intake, signer };

  async function stored(tenantId: string, objectId: string): Promise<StoredObject | undefined> {
    const row = await catalog.find(tenantId, objectId);
    return row?.state === 'stored' ? storedObject(row) : undefined;
  }

  const api: StorageApi = {
    put: intake.put,
    stat: stored,

    async read(tenantId, objectId, range) {
      const object = await stored(tenantId, objectId);
      if (!object) throw errors.object_missing();
      return driver.get(blobKey(tenantId, object.sha256), range);
    },

    async delete(tenantId, objectId) {
      if (!(await intake.remove(tenantId, objectId))) throw errors.object_missing();
    },

    keep: (client, tenantId, objectIds, until) => catalog.keep(client, tenantId, objectIds, until),

    async send({ request, reply }, tenantId, objectId, { type, ...delivery }) {
      const object = await catalog.find(tenantId, objectId);
      const there = object?.state === 'stored' && (object.expiresAt === undefined || object.expiresAt > clock.now());
      if (!there) throw errors.object_missing();
      return deliver(request, reply, driver, { ...object, type }, delivery);
    },

    async listOf(tenantId, plugin) {
      const rows = await catalog.query(tenantId, "plugin = $2 and state = 'stored' order by id", [plugin]);
      return rows.map(storedObject);
    },

    async deleteAllOf(tenantId, plugin) {
      const rows = await catalog.query(tenantId, 'plugin = $2', [plugin]);
      for (const { id } of rows) await intake.remove(tenantId, id);
      return rows.length;
    },

    signUrl(tenantId, { id, sha256 }, { seconds = 3600, disposition = 'inline' } = {}) {
      const until = linkEnd(clock.now(), seconds);
      const signature = signer.sign({ tenantId, objectId: id, until, disposition });
      const as = disposition === 'attachment' ? '&as=attachment' : '';
      const url = `${OBJECTS}/${id}/${sha256.slice(0, 16)}?until=${until}${as}&signature=${signature}`;
      return { url, expiresAt: new Date(until * 1000) };
    },
  };

  return {
    ...api,
    name: 'storage',
    provides: [storageService(parts, api)],
    jobs: {
      sweep: job(Type.Object({}), { every: '15m' }),
      reconcile: job(Type.Object({}), { every: '1d', timeout: '1h' }),
    },
    contributions: [
      ...objectRoutes(parts),
      ...uploadRoutes(parts),
      { kind: 'job', name: 'sweep', handler: ({ tenant }) => sweep(parts, tenant.id) },
      { kind: 'job', name: 'reconcile', handler: ({ tenant }) => reconcile(parts, tenant.id) },
    ],
  };
}
