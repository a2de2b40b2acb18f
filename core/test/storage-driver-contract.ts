// What every storage driver must do. The disk's runs with each change, S3's against a real server in the long tier.
import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { newId } from '@plinth/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blobKey, blobsOf, type StorageDriver, stagingKey, stagingOf } from '../storage/driver.ts';

const MiB = 1024 * 1024;

export function driverContract(driverOf: () => StorageDriver): void {
  const tenantId = newId();
  const staged = () => stagingKey(tenantId, newId());
  const blobOf = (bytes: Uint8Array, tenant = tenantId) => blobKey(tenant, sha256(bytes));
  const stored = async (bytes: Uint8Array, tenant = tenantId) => {
    const [from, to] = [stagingKey(tenant, newId()), blobOf(bytes, tenant)];
    await driverOf().append(from, 0, chunks(bytes));
    await driverOf().move(from, to);
    return to;
  };
  const read = async (key: string, range?: { start: number; end: number }) => all(await driverOf().get(key, range));
  const missing = expect.objectContaining({ code: 'kernel.object_missing' });

  describe('gathering bytes', () => {
    test('what is appended is there, in order, and its length is told', async () => {
      const key = staged();
      const bytes = randomBytes(1000);
      expect(await driverOf().append(key, 0, chunks(bytes.subarray(0, 300)))).toBe(300);
      expect(await driverOf().append(key, 300, chunks(bytes.subarray(300)))).toBe(1000);
      expect((await driverOf().stat(key))?.bytes).toBe(1000);
      expect(await read(key)).toEqual(bytes);
    });

    test('bytes go to the end and nowhere else', async () => {
      const key = staged();
      await driverOf().append(key, 0, chunks(randomBytes(10)));
      for (const offset of [0, 9, 11]) {
        const wrong = driverOf().append(key, offset, chunks(randomBytes(5)));
        await expect(wrong).rejects.toMatchObject({ code: 'kernel.upload_conflict' });
      }
      await expect(driverOf().append(staged(), 1, chunks(randomBytes(5)))).rejects.toMatchObject({ status: 409 });
      expect((await driverOf().stat(key))?.bytes).toBe(10);
    });

    test('a source that breaks leaves what had arrived, and it goes on from there', async () => {
      for (const size of [1000, 9 * MiB]) {
        const key = staged();
        const bytes = randomBytes(size);
        const cut = Math.floor(size / 2);
        await expect(driverOf().append(key, 0, broken(bytes.subarray(0, cut)))).rejects.toThrow('cut');
        const offset = (await driverOf().stat(key))?.bytes ?? 0;
        expect(offset).toBeGreaterThan(0);
        expect(offset).toBeLessThanOrEqual(cut);
        expect(await driverOf().append(key, offset, chunks(bytes.subarray(offset)))).toBe(size);
        expect(sha256(await read(key))).toBe(sha256(bytes));
      }
    });

    test('nothing at all is something too', async () => {
      const key = staged();
      expect(await driverOf().append(key, 0, chunks(Buffer.alloc(0)))).toBe(0);
      expect((await driverOf().stat(key))?.bytes).toBe(0);
      expect(await driverOf().append(key, 0, chunks(Buffer.from('x')))).toBe(1);
      const empty = await stored(Buffer.alloc(0));
      expect([(await driverOf().stat(empty))?.bytes, (await read(empty)).length]).toEqual([0, 0]);
    });

    test('however the bytes are cut, they end up as they were', async () => {
      const size = fc.oneof(fc.nat(3000), fc.constantFrom(0, 1, 5 * MiB, 8 * MiB - 1, 8 * MiB, 8 * MiB + 1, 17 * MiB));
      await fc.assert(
        fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 4 }), async (sizes) => {
          const key = staged();
          const parts = sizes.map((bytes) => randomBytes(bytes));
          let offset = 0;
          for (const part of parts) offset = await driverOf().append(key, offset, chunks(part));
          const bytes = Buffer.concat(parts);
          expect(offset).toBe(bytes.length);
          await driverOf().move(key, blobOf(bytes));
          expect(sha256(await read(blobOf(bytes)))).toBe(sha256(bytes));
          expect(await driverOf().stat(key)).toBeUndefined();
        }),
        { numRuns: 12 },
      );
    }, 120_000);
  });

  describe('keeping bytes', () => {
    test('moving makes them appear all at once, and twice is as good as once', async () => {
      for (const size of [100, 20 * MiB]) {
        const bytes = randomBytes(size);
        const [from, to] = [staged(), blobOf(bytes)];
        await driverOf().append(from, 0, chunks(bytes));
        expect(await driverOf().stat(to)).toBeUndefined();
        await driverOf().move(from, to);
        await driverOf().move(from, to);
        expect((await driverOf().stat(to))?.bytes).toBe(size);
      }
    });

    test('many may bring the same bytes at once, while others read them', async () => {
      const bytes = randomBytes(9 * MiB);
      await stored(bytes);
      const reads = () => read(blobOf(bytes)).then(sha256);
      const results = await Promise.all([stored(bytes), reads(), stored(bytes), reads(), stored(bytes), reads()]);
      expect(results.filter((result) => result === sha256(bytes))).toHaveLength(3);
      expect(await reads()).toBe(sha256(bytes));
    });

    test('any part can be read by itself, staged or stored', async () => {
      const bytes = randomBytes(20 * MiB);
      const gathering = staged();
      await driverOf().append(gathering, 0, chunks(bytes));
      const blob = await stored(bytes);
      const ends: [number, number][] = [
        [0, 0],
        [8 * MiB - 1, 8 * MiB],
        [MiB, 17 * MiB],
        [20 * MiB - 5, 20 * MiB - 1],
      ];
      for (const key of [gathering, blob]) {
        for (const [start, end] of ends) {
          expect((await read(key, { start, end })).equals(bytes.subarray(start, end + 1))).toBe(true);
        }
      }
    });

    test('what is not there is missing, and can be deleted all the same', async () => {
      const nothing = blobOf(randomBytes(10));
      for (const key of [nothing, staged()]) {
        await expect(driverOf().get(key)).rejects.toEqual(missing);
        expect(await driverOf().stat(key)).toBeUndefined();
        await driverOf().delete(key);
      }
      await expect(driverOf().move(staged(), nothing)).rejects.toThrow();
      expect(await driverOf().stat(nothing)).toBeUndefined();
    });

    test('deleting takes all of it', async () => {
      const big = staged();
      await driverOf().append(big, 0, chunks(randomBytes(17 * MiB)));
      for (const key of [big, await stored(randomBytes(100))]) {
        await driverOf().delete(key);
        expect(await driverOf().stat(key)).toBeUndefined();
      }
    });

    test('a list has everything of one tenant and nothing of another', async () => {
      const [mine, other] = [newId(), newId()];
      const half = stagingKey(mine, newId());
      await driverOf().append(half, 0, chunks(randomBytes(9 * MiB)));
      const blobs = [await stored(randomBytes(10), mine), await stored(randomBytes(20), mine)];
      await stored(randomBytes(30), other);
      const listed = async (prefix: string) => {
        const found: { key: string; bytes: number; modifiedAt: Date }[] = [];
        for await (const each of driverOf().list(prefix)) found.push(each);
        return found;
      };
      const found = await listed(blobsOf(mine));
      expect(found.map(({ key }) => key).sort()).toEqual(blobs.sort());
      expect(found.map(({ bytes }) => bytes).sort()).toEqual([10, 20]);
      expect(await listed(stagingOf(mine))).toMatchObject([{ key: half, bytes: 9 * MiB }]);
      expect(Math.abs(Date.now() - (found[0]?.modifiedAt.getTime() ?? 0))).toBeLessThan(60_000);
      expect(await listed(blobsOf(newId()))).toEqual([]);
    });
  });
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const all = async (stream: Readable) => Buffer.concat(await stream.toArray());

async function* chunks(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function* broken(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield* chunks(bytes);
  throw new Error('cut');
}
