import { dirname } from 'node:path/posix';
import { Readable } from 'node:stream';
import { paginateListObjectsV2, type S3 } from '@aws-sdk/client-s3';
import { type ByteRange, checkedKey, type Stat, type StorageDriver } from './driver.ts';
import { errors } from './errors.ts';
import { openS3, type S3Options } from './s3-client.ts';

/** The least that a part of a multipart copy may have is 5 MiB, and there may be 10,000 of them. */
const PART_BYTES = 8 * 1024 * 1024;
const AT_ONCE = { concurrency: 4 };

type Entry = Stat & { readonly key: string };

/** Objects in the bucket that the configuration names. */
export async function openS3Driver(options: S3Options): Promise<StorageDriver> {
  return new S3Driver(await openS3(options), options.bucket);
}

/**
 * S3 cannot append, so what is staged under a key lies in parts `<key>/00000`, `<key>/00001`, …, each of them full but the
 * last; appending rewrites that one. Once all of an object is staged S3 itself copies its parts together: nothing comes
 * back here.
 */
class S3Driver implements StorageDriver {
  readonly #s3: S3;
  readonly #bucket: string;

  constructor(s3: S3, bucket: string) {
    this.#s3 = s3;
    this.#bucket = bucket;
  }

  async append(key: string, offset: number, source: AsyncIterable<Uint8Array>): Promise<number> {
    if (((await this.stat(key))?.bytes ?? 0) !== offset) throw errors.upload_conflict();
    const part = Buffer.allocUnsafe(PART_BYTES);
    let index = Math.floor(offset / PART_BYTES);
    let filled = offset % PART_BYTES;
    if (filled > 0) Buffer.concat(await (await this.#read(partKey(key, index))).toArray()).copy(part);
    const save = () => this.#s3.putObject({ ...this.#at(partKey(key, index)), Body: part.subarray(0, filled) });
    try {
      for await (const chunk of source) {
        for (let rest = chunk; rest.length > 0; ) {
          const fitting = rest.subarray(0, PART_BYTES - filled);
          rest = rest.subarray(fitting.length);
          part.set(fitting, filled);
          filled += fitting.length;
          if (filled < PART_BYTES) continue;
          await save();
          index += 1;
          filled = 0;
        }
      }
    } finally {
      // Also when the source broke: what arrived need not be sent again. Nothing at all is a part too.
      if (filled > 0 || index === 0) await save();
    }
    return index * PART_BYTES + filled;
  }

  async move(from: string, to: string): Promise<void> {
    const parts = await this.#partsOf(from);
    // What is there is whole. If a crash left some of its parts, they no longer are.
    if ((await this.stat(to)) === undefined) await this.#join(parts, to);
    await this.#remove(parts);
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    if (!isStaged(key)) return this.#read(key, range);
    const parts = await this.#partsOf(key);
    if (parts.length === 0) throw errors.object_missing();
    return Readable.from(this.#readParts(parts, range));
  }

  async stat(key: string): Promise<Stat | undefined> {
    for await (const found of this.list(key)) return found;
    return undefined;
  }

  async delete(key: string): Promise<void> {
    if (isStaged(key)) return this.#remove(await this.#partsOf(key));
    await this.#s3.deleteObject(this.#at(key));
    // Nobody moves bytes to a key that is being swept: what is half joined there was left by a crash.
    const { Uploads = [] } = await this.#s3.listMultipartUploads({ Bucket: this.#bucket, Prefix: key });
    for (const { UploadId } of Uploads) await this.#s3.abortMultipartUpload({ ...this.#at(key), UploadId });
  }

  /** All parts of what is staged are one. */
  async *list(prefix: string): AsyncIterable<Entry> {
    let open: Entry | undefined;
    for await (const found of this.#entries(prefix)) {
      const key = isStaged(prefix) ? dirname(found.key) : found.key;
      if (open && open.key !== key) yield open;
      const before = open?.key === key ? open.bytes : 0;
      open = { key, bytes: before + found.bytes, modifiedAt: found.modifiedAt };
    }
    if (open) yield open;
  }

  #at(key: string) {
    return { Bucket: this.#bucket, Key: checkedKey(key) };
  }

  async *#entries(prefix: string): AsyncIterable<Entry> {
    const asked = { Bucket: this.#bucket, Prefix: checkedKey(prefix) };
    for await (const { Contents = [] } of paginateListObjectsV2({ client: this.#s3 }, asked)) {
      for (const { Key = '', Size = 0, LastModified = new Date(0) } of Contents) {
        yield { key: Key, bytes: Size, modifiedAt: LastModified };
      }
    }
  }

  #partsOf(key: string): Promise<Entry[]> {
    return Array.fromAsync(this.#entries(key));
  }

  async #read(key: string, range?: ByteRange): Promise<Readable> {
    const Range = range && `bytes=${range.start}-${range.end}`;
    return (await this.#s3.getObject({ ...this.#at(key), Range })).Body as Readable;
  }

  async *#readParts(parts: readonly Entry[], range?: ByteRange): AsyncIterable<Uint8Array> {
    let passed = 0;
    for (const { key, bytes } of parts) {
      const start = Math.max(0, (range?.start ?? 0) - passed);
      const end = Math.min(bytes - 1, (range?.end ?? Number.POSITIVE_INFINITY) - passed);
      passed += bytes;
      if (start <= end) yield* await this.#read(key, { start, end });
    }
  }

  /** Copies parts into one, all at once for every reader. */
  async #join(parts: readonly Entry[], key: string): Promise<void> {
    const sources = parts.map((part) => `${this.#bucket}/${part.key}`);
    const to = this.#at(key);
    if (sources.length === 0) throw errors.object_missing();
    if (sources.length === 1) return void (await this.#s3.copyObject({ ...to, CopySource: sources[0] }));
    const { UploadId } = await this.#s3.createMultipartUpload(to);
    const copy = async ([index, CopySource]: [number, string]) => {
      const PartNumber = index + 1;
      const { CopyPartResult } = await this.#s3.uploadPartCopy({ ...to, UploadId, CopySource, PartNumber });
      return { PartNumber, ETag: CopyPartResult?.ETag };
    };
    try {
      const Parts = await Readable.from(sources.entries()).map(copy, AT_ONCE).toArray();
      await this.#s3.completeMultipartUpload({ ...to, UploadId, MultipartUpload: { Parts } });
    } catch (error) {
      await this.#s3.abortMultipartUpload({ ...to, UploadId }).catch(() => {});
      throw error;
    }
  }

  async #remove(parts: readonly Entry[]): Promise<void> {
    const remove = async ({ key }: Entry) => void (await this.#s3.deleteObject(this.#at(key)));
    await Readable.from(parts).forEach(remove, AT_ONCE);
  }
}

const isStaged = (key: string) => key.startsWith('staging/');
const partKey = (key: string, index: number) => `${key}/${String(index).padStart(5, '0')}`;
