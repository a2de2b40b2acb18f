import type { Readable } from 'node:stream';
import type { S3 } from '@aws-sdk/client-s3';
import { Problem } from '@plinth/sdk';
import type { ByteRange, Stat } from './driver.ts';

export type Entry = Stat & { readonly key: string };

const AT_ONCE = 4;

/** The calls of S3 that are made, of one bucket. */
export class Bucket {
  readonly #s3: S3;
  readonly #name: string;

  constructor(s3: S3, name: string) {
    this.#s3 = s3;
    this.#name = name;
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    const { Body } = await this.#s3.getObject({
      ...this.#at(key),
      Range: range && `bytes=${range.start}-${range.end}`,
    });
    return Body as Readable;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#s3.putObject({ ...this.#at(key), Body: bytes });
  }

  async stat(key: string): Promise<Stat | undefined> {
    try {
      const { ContentLength = 0, LastModified = new Date(0) } = await this.#s3.headObject(this.#at(key));
      return { bytes: ContentLength, modifiedAt: LastModified };
    } catch (error) {
      if (error instanceof Problem && error.code === 'kernel.object_missing') return undefined;
      throw error;
    }
  }

  async *list(prefix: string): AsyncIterable<Entry> {
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#s3.listObjectsV2({ Bucket: this.#name, Prefix: prefix, ContinuationToken });
      for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
        yield { key: Key, bytes: Size, modifiedAt: LastModified };
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async delete(key: string): Promise<void> {
    await this.#s3.deleteObject(this.#at(key));
  }

  async copy(from: string, to: string): Promise<void> {
    await this.#s3.copyObject({ ...this.#at(to), CopySource: `${this.#name}/${from}` });
  }

  /** Copies several into one, all at once for every reader. */
  async join(from: readonly string[], key: string): Promise<void> {
    const to = this.#at(key);
    const { UploadId } = await this.#s3.createMultipartUpload(to);
    try {
      const Parts = from.map((_key, index) => ({ PartNumber: index + 1, ETag: '' }));
      await eachOf(Parts, async (part) => {
        const CopySource = `${this.#name}/${from[part.PartNumber - 1]}`;
        const copied = await this.#s3.uploadPartCopy({ ...to, UploadId, CopySource, PartNumber: part.PartNumber });
        part.ETag = copied.CopyPartResult?.ETag ?? '';
      });
      await this.#s3.completeMultipartUpload({ ...to, UploadId, MultipartUpload: { Parts } });
    } catch (error) {
      await this.#s3.abortMultipartUpload({ ...to, UploadId }).catch(() => {});
      throw error;
    }
  }

  async abortJoins(key: string): Promise<void> {
    const { Uploads = [] } = await this.#s3.listMultipartUploads({ Bucket: this.#name, Prefix: key });
    for (const { UploadId } of Uploads) await this.#s3.abortMultipartUpload({ ...this.#at(key), UploadId });
  }

  #at(key: string) {
    return { Bucket: this.#name, Key: key };
  }
}

/** Runs for each, a few at once. */
export async function eachOf<T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = [...items];
  const work = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
