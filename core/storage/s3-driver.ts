import { Readable } from 'node:stream';
import { errors as kernel } from '../errors.ts';
import { type ByteRange, checkedKey, type StorageDriver } from './driver.ts';
import { errors } from './errors.ts';
import { Bucket, type Entry, eachOf, type S3Options } from './s3-bucket.ts';

/** The least a part of a multipart copy may have is 5 MiB, and there may be 10,000 of them. */
const PART_BYTES = 8 * 1024 * 1024;
const MOST_PARTS = 10_000;

/**
 * Objects in an S3 bucket. S3 cannot append, so what is staged lies in parts `<key>/00000`, `<key>/00001`, …, each of
 * them full but the last; appending rewrites that one. When it is whole, S3 itself copies the parts together, and the
 * bytes need not come through here again.
 */
export async function openS3Driver(options: S3Options): Promise<StorageDriver> {
  const bucket = new Bucket(options);
  await bucket.check();
  const isStaged = (key: string) => checkedKey(key).startsWith('staging/');

  return {
    name: 's3',

    async append(key, offset, source) {
      const parts = await partsOf(bucket, key);
      if (lengthOf(parts) !== offset) throw errors.upload_conflict();
      const last = parts.at(-1);
      const isOpen = last !== undefined && last.bytes < PART_BYTES;
      let index = isOpen ? parts.length - 1 : parts.length;
      let waiting: Uint8Array[] = isOpen ? await (await bucket.get(last.key)).toArray() : [];
      let held = isOpen ? last.bytes : 0;
      let length = offset;
      let unsaved = offset === 0;

      const save = async (part: Uint8Array) => {
        if (index >= MOST_PARTS) throw kernel.too_large({ detail: `At most ${MOST_PARTS * PART_BYTES} bytes.` });
        await bucket.put(partKey(key, index), part);
      };
      try {
        for await (const chunk of source) {
          waiting.push(chunk);
          length += chunk.byteLength;
          unsaved = true;
          held += chunk.byteLength;
          if (held < PART_BYTES) continue;
          let rest = Buffer.concat(waiting);
          for (; held >= PART_BYTES; held -= PART_BYTES) {
            await save(rest.subarray(0, PART_BYTES));
            index += 1;
            rest = rest.subarray(PART_BYTES);
          }
          waiting = [rest];
          unsaved = held > 0;
        }
      } finally {
        // Also when the source broke: what arrived need not be sent again.
        if (unsaved) await save(Buffer.concat(waiting));
      }
      return length;
    },

    async move(from, to) {
      const parts = await partsOf(bucket, from);
      const [only] = parts;
      if (only === undefined) {
        if ((await bucket.stat(checkedKey(to))) === undefined) throw errors.object_missing();
        return;
      }
      if (parts.length === 1) await bucket.copy(only.key, checkedKey(to));
      else await bucket.join(parts, checkedKey(to));
      await eachOf(parts, (part) => bucket.delete(part.key));
    },

    async get(key, range) {
      if (!isStaged(key)) return bucket.get(key, range);
      const parts = await partsOf(bucket, key);
      if (parts.length === 0) throw errors.object_missing();
      return Readable.from(joined(bucket, parts, range));
    },

    async stat(key) {
      if (!isStaged(key)) return bucket.stat(key);
      const parts = await partsOf(bucket, key);
      const last = parts.at(-1);
      return last && { bytes: lengthOf(parts), modifiedAt: last.modifiedAt };
    },

    async delete(key) {
      if (isStaged(key)) return eachOf(await partsOf(bucket, key), (part) => bucket.delete(part.key));
      await bucket.delete(key);
      // Nobody moves bytes to a key that is being swept: what is half joined there was left by a crash.
      await bucket.abortJoins(key);
    },

    async *list(prefix) {
      let open: Entry | undefined;
      for await (const found of bucket.list(`${checkedKey(prefix)}/`)) {
        const key = isStaged(prefix) ? found.key.slice(0, found.key.lastIndexOf('/')) : found.key;
        if (open?.key === key) {
          open = { key, bytes: open.bytes + found.bytes, modifiedAt: found.modifiedAt };
          continue;
        }
        if (open) yield open;
        open = { ...found, key };
      }
      if (open) yield open;
    },
  };
}

const partKey = (key: string, index: number) => `${key}/${String(index).padStart(5, '0')}`;
const lengthOf = (parts: readonly Entry[]) => parts.reduce((sum, part) => sum + part.bytes, 0);

/** What is staged under a key, as far as no part is missing and none but the last is short. */
async function partsOf(bucket: Bucket, key: string): Promise<Entry[]> {
  const parts: Entry[] = [];
  for await (const part of bucket.list(`${checkedKey(key)}/`)) {
    const before = parts.at(-1);
    if (part.key !== partKey(key, parts.length) || (before && before.bytes !== PART_BYTES)) break;
    parts.push(part);
  }
  return parts;
}

async function* joined(bucket: Bucket, parts: readonly Entry[], range?: ByteRange): AsyncIterable<Uint8Array> {
  let at = 0;
  for (const { key, bytes } of parts) {
    const start = Math.max(0, (range?.start ?? 0) - at);
    const end = Math.min(bytes - 1, (range?.end ?? Number.POSITIVE_INFINITY) - at);
    at += bytes;
    if (start <= end) yield* await bucket.get(key, { start, end });
  }
}
