import { createHash } from 'node:crypto';
import { newId } from '@plinth/sdk';
import type { StoredObject, TextType } from '@plinth/sdk/services/storage.ts';
import type { Fact } from '../events/outbox.ts';
import type { Bytes, Catalog } from './catalog.ts';
import { blobKey, type StorageDriver, stagingKey } from './driver.ts';
import { errors } from './errors.ts';
import { type ObjectFacts, type ObjectRow, storedObject } from './object.ts';
import { tooLarge } from './quota.ts';
import { HEAD_BYTES, sniffType } from './sniff.ts';

export interface Intake {
  /** Stores a whole stream. The room is reserved when its length is known, at the end. */
  put(tenantId: string, source: AsyncIterable<Uint8Array>, facts: ObjectFacts): Promise<StoredObject>;
  /** Adds to an open upload and returns its new length; with the last byte it becomes an object, and `announce` a fact. */
  append(row: ObjectRow, offset: number, source: AsyncIterable<Uint8Array>, announce: Announce): Promise<number>;
  /** Makes an object of an upload whose bytes are all there: at its end, or after a crash just before it. */
  finish(row: ObjectRow, announce: Announce, sha256?: string): Promise<void>;
  /** Gives up an upload, or removes an object: its row, its room, its hold on the blob and what is staged of it. */
  remove(tenantId: string, id: string, expiredBy?: Date): Promise<boolean>;
}

export type Announce = (row: ObjectRow) => Fact;

/** How bytes become an object: staged, claimed in the books, moved to their blob, settled. */
export function createIntake(catalog: Catalog, driver: StorageDriver, nudge: () => void): Intake {
  async function remove(tenantId: string, id: string, expiredBy?: Date): Promise<boolean> {
    const row = await catalog.remove(tenantId, id, expiredBy);
    if (row && row.state !== 'stored') await driver.delete(stagingKey(tenantId, id));
    return row !== undefined;
  }

  async function place(row: ObjectRow, announce?: Announce): Promise<ObjectRow> {
    const { tenantId, id, sha256 = '' } = row;
    // Also when the tenant has these bytes already: it costs nothing, and mends a blob that went missing.
    await driver.move(stagingKey(tenantId, id), blobKey(tenantId, sha256));
    const stored = await catalog.settle(row, announce);
    if (announce) nudge();
    return stored;
  }

  async function typeOf(key: string, bytes: number, declared?: TextType): Promise<string> {
    if (bytes === 0) return sniffType(new Uint8Array(), declared);
    const head = await driver.get(key, { start: 0, end: Math.min(bytes, HEAD_BYTES) - 1 });
    return sniffType(Buffer.concat(await head.toArray()), declared);
  }

  async function digestOf(key: string): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of await driver.get(key)) hash.update(chunk);
    return hash.digest('hex');
  }

  /** Runs a step of an upload; one that cannot be finished any more leaves nothing behind. */
  async function orGiveUp<T>(row: ObjectRow, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (GIVEN_UP.has(codeOf(error))) await remove(row.tenantId, row.id);
      throw error;
    }
  }

  async function finish(row: ObjectRow, announce: Announce, known?: string): Promise<void> {
    await orGiveUp(row, async () => {
      if (row.state === 'claimed') return place(row, announce);
      const key = stagingKey(row.tenantId, row.id);
      const sha256 = known ?? (await digestOf(key));
      if (row.expectedSha256 !== undefined && row.expectedSha256 !== sha256) throw errors.checksum_mismatch();
      return place(await catalog.claim(row, sha256, await typeOf(key, row.bytes)), announce);
    });
  }

  return {
    remove,
    finish,

    async put(tenantId, source, facts) {
      const quotas = await catalog.quotas(tenantId);
      const id = newId();
      const key = stagingKey(tenantId, id);
      let row: ObjectRow | undefined;
      try {
        const hash = createHash('sha256');
        let length = 0;
        const checked = observed(source, (chunk) => {
          length += chunk.byteLength;
          if (length > quotas.maxObjectBytes) throw tooLarge(quotas);
          hash.update(chunk);
        });
        const bytes = await driver.append(key, 0, checked);
        const known: Bytes = { bytes, sha256: hash.digest('hex'), type: await typeOf(key, bytes, facts.textType) };
        row = await catalog.open(tenantId, facts, known, id);
        return storedObject(await place(row));
      } catch (error) {
        if (row) await remove(tenantId, id);
        else await driver.delete(key);
        throw error;
      }
    },

    append(row, offset, source, announce) {
      return orGiveUp(row, async () => {
        // What came in one go need not be read again to know its digest.
        const hash = offset === 0 ? createHash('sha256') : undefined;
        await catalog.touch(row);
        const key = stagingKey(row.tenantId, row.id);
        const length = await driver.append(
          key,
          offset,
          hash ? observed(source, (chunk) => hash.update(chunk)) : source,
        );
        if (length === row.bytes) await finish(row, announce, hash?.digest('hex'));
        else await catalog.touch(row);
        return length;
      });
    },
  };
}

/** Errors after which trying to go on makes no sense. A full disk is one: what is there would keep it full. */
const GIVEN_UP = new Set(['kernel.storage_full', 'kernel.checksum_mismatch']);

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : '');

async function* observed(
  source: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void,
): AsyncIterable<Uint8Array> {
  for await (const chunk of source) {
    see(chunk);
    yield chunk;
  }
}
