import type { Readable } from 'node:stream';
import type { Call } from '@plinth/sdk';
import { UploadFinished } from '@plinth/sdk/services/storage.ts';
import { DataStore, Upload } from '@tus/server';
import type { Fact } from '../events/outbox.ts';
import { type Catalog, UPLOAD_LIFE_MS } from './catalog.ts';
import { type StorageDriver, stagingKey } from './driver.ts';
import { errors } from './errors.ts';
import type { Intake } from './intake.ts';
import type { ObjectRow } from './object.ts';

export interface UploadDeps {
  readonly catalog: Catalog;
  readonly driver: StorageDriver;
  readonly intake: Intake;
}

/** What a page may upload without a plugin having asked for it is kept this long, unless a plugin adopts it. */
const UNCLAIMED_LIFE_MS = 24 * 3_600_000;

/**
 * The uploads of one person in one tenant, as @tus/server sees them. It is made per request, so an upload of anybody
 * else is not refused here: it does not exist. How far an upload is, is asked of the driver; nothing lives in memory.
 */
export class UploadStore extends DataStore {
  readonly #deps: UploadDeps;
  readonly #call: Call;
  readonly #accountId: string;

  constructor(deps: UploadDeps, call: Call, accountId: string) {
    super();
    this.#deps = deps;
    this.#call = call;
    this.#accountId = accountId;
    this.extensions = ['creation', 'creation-with-upload', 'termination', 'expiration'];
  }

  override getExpiration(): number {
    return UPLOAD_LIFE_MS;
  }

  override async create(upload: Upload): Promise<Upload> {
    const { filename, name = filename, purpose, sha256 } = upload.metadata ?? {};
    if (sha256 && !/^[0-9a-f]{64}$/.test(sha256)) throw errors.upload_refused({ detail: 'sha256 is 64 hex digits.' });
    const row = await this.#deps.catalog.open(
      this.#call.tenant.id,
      {
        plugin: '',
        accountId: this.#accountId,
        name: name ?? undefined,
        purpose: purpose?.slice(0, 64),
        keepUntil: new Date(this.#call.clock.now().getTime() + UNCLAIMED_LIFE_MS),
      },
      { bytes: upload.size ?? 0, expectedSha256: sha256 ?? undefined },
      upload.id,
    );
    // An empty file is complete before anything is sent.
    if (row.bytes === 0) await this.#append(row, 0, none());
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const row = await this.#mine(id);
    const offset = await this.#offset(row);
    // The node went down between the last byte and the object: what it could not do is done now.
    if (offset === row.bytes && row.state !== 'stored') await this.#deps.intake.finish(row, this.#announce);
    return new Upload({ id, size: row.bytes, offset, ...(row.name ? { metadata: { filename: row.name } } : {}) });
  }

  override async write(source: Readable, id: string, offset: number): Promise<number> {
    const row = await this.#mine(id);
    return row.state === 'open' ? this.#append(row, offset, source) : row.bytes;
  }

  override async remove(id: string): Promise<void> {
    const row = await this.#mine(id);
    if (row.state === 'stored') throw errors.object_missing();
    await this.#deps.intake.remove(row.tenantId, row.id);
  }

  #append(row: ObjectRow, offset: number, source: AsyncIterable<Uint8Array>): Promise<number> {
    return this.#deps.intake.append(row, offset, source, this.#announce);
  }

  async #offset({ tenantId, id, state, bytes }: ObjectRow): Promise<number> {
    // Of a claimed one the bytes may have left their stage already.
    if (state !== 'open') return bytes;
    return (await this.#deps.driver.stat(stagingKey(tenantId, id)))?.bytes ?? 0;
  }

  async #mine(id: string): Promise<ObjectRow> {
    const { catalog } = this.#deps;
    const { tenant, clock } = this.#call;
    const rows = await catalog.query(
      tenant.id,
      'id = $2 and account_id = $3 and (expires_at is null or expires_at > $4)',
      [id, this.#accountId, clock.now()],
    );
    if (!rows[0]) throw errors.object_missing();
    return rows[0];
  }

  readonly #announce = ({ tenantId, id, plugin, purpose, bytes, type, sha256 }: ObjectRow): Fact => ({
    tenantId,
    event: UploadFinished.id,
    payload: { objectId: id, accountId: this.#accountId, plugin, purpose, bytes, type, sha256 },
    actor: this.#call.actor,
    requestId: this.#call.requestId,
  });
}

async function* none(): AsyncIterable<Uint8Array> {}
