import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { newId, Problem } from '@plinth/sdk';
import type { StoredObject, TextType } from '@plinth/sdk/services/storage.ts';
import type { Fact } from '../events/outbox.ts';
import type { Catalog } from './catalog.ts';
import { blobKey, type StorageDriver, stagingKey } from './driver.ts';
import { errors } from './errors.ts';
import { type BytesFacts, type ObjectFacts, type ObjectRow, storedObject } from './object.ts';
import { mustFit, type StorageQuotas } from './quota.ts';
import { HEAD_BYTES, sniffType } from './sniff.ts';

type Announce = (row: ObjectRow) => Fact;

export type Intake = ReturnType<typeof createIntake>;

/** How bytes become an object: staged, claimed in the books, moved to their blob, settled. */
export function createIntake(catalog: Catalog, driver: StorageDriver, quotas: StorageQuotas, nudge: () => void) {
  /** Gives up an upload, or removes an object: its row, its room, its hold on the blob and what is staged of it. */
  async function remove(tenantId: string, id: string, expiredBy?: Date): Promise<boolean> {
    const row = await catalog.remove(tenantId, id, expiredBy);
    if (row && row.state !== 'stored') await driver.delete(stagingKey(tenantId, id));
    return row !== undefined;
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

  async function claimed(row: ObjectRow, { sha256, textType }: BytesFacts): Promise<ObjectRow> {
    if (row.state !== 'open') return row;
    const key = stagingKey(row.tenantId, row.id);
    const digest = sha256 ?? (await digestOf(key));
    if (row.expectedSha256 !== undefined && row.expectedSha256 !== digest) throw errors.checksum_mismatch();
    return catalog.claim(row, digest, await typeOf(key, row.bytes, textType));
  }

  /** Makes an object of a row whose bytes are all there: at their end, or after a crash just before it. */
  async function finish(open: ObjectRow, announce?: Announce, known: BytesFacts = {}): Promise<ObjectRow> {
    const row = await claimed(open, known);
    const { tenantId, id, sha256 = '' } = row;
    // Also when the tenant has these bytes already: it costs nothing, and mends a blob that went missing.
    await driver.move(stagingKey(tenantId, id), blobKey(tenantId, sha256));
    const stored = await catalog.settle(row, announce);
    if (announce) nudge();
    return stored;
  }

  /** Runs a step of an upload; one that cannot be finished any more leaves nothing behind. */
  async function orGiveUp<T>({ tenantId, id }: ObjectRow, step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (error) {
      if (error instanceof Problem && GIVEN_UP.has(error.code)) await remove(tenantId, id);
      throw error;
    }
  }

  return {
    remove,
    finish: (row: ObjectRow, announce: Announce) => orGiveUp(row, finish(row, announce)),

    /** Stores a whole stream. The room is reserved when its length is known, at the end. */
    async put(
      tenantId: string,
      source: AsyncIterable<Uint8Array>,
      { textType, ...facts }: ObjectFacts & Pick<BytesFacts, 'textType'>,
    ): Promise<StoredObject> {
      const id = newId();
      const hash = createHash('sha256');
      let length = 0;
      const checked = observed(source, (chunk) => {
        length += chunk.byteLength;
        mustFit(length, quotas);
        hash.update(chunk);
      });
      try {
        const bytes = await driver.append(stagingKey(tenantId, id), 0, checked);
        const row = await catalog.open(tenantId, facts, bytes, { id });
        return storedObject(await finish(row, undefined, { sha256: hash.digest('hex'), textType }));
      } catch (error) {
        // A store that is away did not even begin to read: the file would stay open for good.
        if (source instanceof Readable) source.destroy();
        if (!(await remove(tenantId, id))) await driver.delete(stagingKey(tenantId, id));
        throw error;
      }
    },

    /** Adds to an open upload and returns its new length; with the last byte it becomes an object, and `announce` a fact. */
    append(row: ObjectRow, offset: number, source: AsyncIterable<Uint8Array>, announce: Announce): Promise<number> {
      const step = async () => {
        // What came in one go need not be read again to know its digest.
        const hash = offset === 0 ? createHash('sha256') : undefined;
        await catalog.touch(row);
        const seen = observed(source, (chunk) => hash?.update(chunk));
        const length = await driver.append(stagingKey(row.tenantId, row.id), offset, seen);
        if (length === row.bytes) await finish(row, announce, { sha256: hash?.digest('hex') });
        else await catalog.touch(row);
        return length;
      };
      return orGiveUp(row, step());
    },
  };
}

/** Errors after which trying to go on makes no sense. A full disk is one: what is there would keep it full. */
const GIVEN_UP = new Set(['kernel.storage_full', 'kernel.checksum_mismatch']);

async function* observed(
  source: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void,
): AsyncIterable<Uint8Array> {
  for await (const chunk of source) {
    see(chunk);
    yield chunk;
  }
}
