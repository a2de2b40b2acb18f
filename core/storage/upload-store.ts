import { Readable } from 'node:stream';
import type { Call } from '@plinth/sdk';
import { UploadFinished } from '@plinth/sdk/services/storage.ts';
import { DataStore, Upload } from '@tus/server';
import type { Fact } from '../events/outbox.ts';
import { UPLOAD_LIFE_MS } from './catalog.ts';
import { stagingKey } from './driver.ts';
import { errors } from './errors.ts';
import type { ObjectRow } from './object.ts';
import type { StorageParts } from './storage.ts';

/** What a page may upload without a plugin having asked for it is kept this long, unless a plugin adopts it. */
const UNCLAIMED_LIFE_MS = 24 * 3_600_000;

/**
 * The uploads of one person in one tenant, as @tus/server sees them. It is made per request, so an upload of anybody
 * else is not refused here: it does not exist. How far an upload is, is asked of the driver; nothing lives in memory.
 */
export class UploadStore extends DataStore {
  readonly #parts: StorageParts;
  readonly #call: Call;
  readonly #accountId: string;
  override extensions = ['creation', 'creation-with-upload', 'termination', 'expiration'];

  constructor(parts: StorageParts, call: Call, accountId: string) {
    super();
    this.#parts = parts;
    this.#call = call;
    this.#accountId = accountId;
  }

  override getExpiration(): number {
    return UPLOAD_LIFE_MS;
  }

  override async create(upload: Upload): Promise<Upload> {
    const { filename, name = filename, purpose, sha256 } = upload.metadata ?? {};
    if (sha256 && !/^[0-9a-f]{64}$/.test(sha256)) throw errors.upload_refused({ detail: 'sha256 is 64 hex digits.' });
    const facts = {
      plugin: '',
      accountId: this.#accountId,
      name: name ?? undefined,
      purpose: purpose?.slice(0, 64),
      keepUntil: new Date(this.#call.clock.now().getTime() + UNCLAIMED_LIFE_MS),
    };
    const { id, size = 0 } = upload;
    const row = await this.#parts.catalog.open(this.#call.tenant.id, facts, size, {
      id,
      expectedSha256: sha256 ?? undefined,
    });
    // An empty file is complete before anything is sent.
    if (size === 0) await this.#append(row, 0, Readable.from([]));
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const row = await this.#mine(id);
    const offset = await this.#offset(row);
    // The node went down between the last byte and the object: what it could not do is done now.
    if (offset === row.bytes && row.state !== 'stored') await this.#parts.intake.finish(row, this.#announce);
    return new Upload({ id, size: row.bytes, offset, ...(row.name ? { metadata: { filename: row.name } } : {}) });
  }

  override async write(source: Readable, id: string, offset: number): Promise<number> {
    const row = await this.#mine(id);
    return row.state === 'open' ? this.#append(row, offset, source) : row.bytes;
  }

  override async remove(id: string): Promise<void> {
    const row = await this.#mine(id);
    if (row.state === 'stored') throw errors.object_missing();
    await this.#parts.intake.remove(row.tenantId, id);
  }

  #append(row: ObjectRow, offset: number, source: Readable): Promise<number> {
    return this.#parts.intake.append(row, offset, source, this.#announce);
  }

  async #offset({ tenantId, id, state, bytes }: ObjectRow): Promise<number> {
    // Of a claimed one the bytes may have left their stage already.
    if (state !== 'open') return bytes;
    return (await this.#parts.driver.stat(stagingKey(tenantId, id)))?.bytes ?? 0;
  }

  async #mine(id: string): Promise<ObjectRow> {
    const { tenant, clock } = this.#call;
    const mine = 'id = $2 and account_id = $3 and (expires_at is null or expires_at > $4)';
    const [row] = await this.#parts.catalog.query(tenant.id, mine, [id, this.#accountId, clock.now()]);
    if (!row) throw errors.object_missing();
    return row;
  }

  readonly #announce = ({ tenantId, id, plugin, purpose, bytes, type, sha256 }: ObjectRow): Fact => ({
    tenantId,
    event: UploadFinished.id,
    payload: { objectId: id, accountId: this.#accountId, plugin, purpose, bytes, type, sha256 },
    actor: this.#call.actor,
    requestId: this.#call.requestId,
  });
}
