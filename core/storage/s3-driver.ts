import { Readable } from 'node:stream';
import { checkedKey, type StorageDriver } from './driver.ts';
import { errors } from './errors.ts';
import { Bucket, type Entry } from './s3-bucket.ts';
import { openS3, type S3Options } from './s3-client.ts';
import { lengthOf, StagedParts } from './s3-parts.ts';

/** Objects in an S3 bucket. Once all of an object is staged S3 itself copies its parts together: nothing comes back here. */
export async function openS3Driver(options: S3Options): Promise<StorageDriver> {
  const bucket = new Bucket(await openS3(options), options.bucket);
  const staged = new StagedParts(bucket);
  const isStaged = (key: string) => checkedKey(key).startsWith('staging/');

  return {
    name: 's3',
    append: (key, offset, source) => staged.append(key, offset, source),

    async move(from, to) {
      const parts = await staged.of(from);
      const [only, ...more] = parts.map((part) => part.key);
      if (only === undefined) {
        if ((await bucket.stat(checkedKey(to))) === undefined) throw errors.object_missing();
        return;
      }
      if (more.length === 0) await bucket.copy(only, checkedKey(to));
      else await bucket.join([only, ...more], checkedKey(to));
      await staged.remove(parts);
    },

    async get(key, range) {
      if (!isStaged(key)) return bucket.get(key, range);
      const parts = await staged.of(key);
      if (parts.length === 0) throw errors.object_missing();
      return Readable.from(staged.read(parts, range));
    },

    async stat(key) {
      if (!isStaged(key)) return bucket.stat(key);
      const parts = await staged.of(key);
      const last = parts.at(-1);
      return last && { bytes: lengthOf(parts), modifiedAt: last.modifiedAt };
    },

    async delete(key) {
      if (isStaged(key)) return staged.remove(await staged.of(key));
      await bucket.delete(key);
      // Nobody moves bytes to a key that is being swept: what is half joined there was left by a crash.
      await bucket.abortJoins(key);
    },

    async *list(prefix) {
      let open: Entry | undefined;
      for await (const found of bucket.list(`${checkedKey(prefix)}/`)) {
        const key = isStaged(prefix) ? found.key.slice(0, found.key.lastIndexOf('/')) : found.key;
        if (open && open.key !== key) yield open;
        const before = open?.key === key ? open.bytes : 0;
        open = { key, bytes: before + found.bytes, modifiedAt: found.modifiedAt };
      }
      if (open) yield open;
    },
  };
}
