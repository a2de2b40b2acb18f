import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Problem } from '@plinth/sdk';
import type { ByteRange, Stat } from './driver.ts';
import { errors } from './errors.ts';

export interface S3Options {
  readonly bucket: string;
  /** Absent: Amazon's own. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Absent: what the SDK finds in its surroundings. */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
}

export type Entry = Stat & { readonly key: string };

/** The calls of S3 that are made, with its ways of saying «missing» and «full» translated. */
export class Bucket {
  readonly #client: S3Client;
  readonly #name: string;

  constructor({ bucket, endpoint, region = 'us-east-1', accessKeyId, secretAccessKey }: S3Options) {
    this.#name = bucket;
    this.#client = new S3Client({
      region,
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
      ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}),
      // Other servers than Amazon's take the default, a checksum after the body, for part of the body.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // Every reader of an object keeps one open, so the SDK's 50 would be 50 readers.
      requestHandler: { connectionTimeout: 5_000, httpAgent: { maxSockets: 1024 }, httpsAgent: { maxSockets: 1024 } },
    });
    this.#client.middlewareStack.add((next) => async (given) => next(given).catch(translated), { step: 'initialize' });
  }

  async check(): Promise<void> {
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.#name }));
    } catch (error) {
      const reason = error instanceof Problem ? error.cause : error;
      const why = reason instanceof S3ServiceException ? `status ${reason.$metadata.httpStatusCode}` : String(reason);
      throw new Error(`The S3 bucket "${this.#name}" cannot be used: ${why}. Create it, or mend the S3_ settings.`, {
        cause: error,
      });
    }
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    const part = range && `bytes=${range.start}-${range.end}`;
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#name, Key: key, Range: part }));
    return Body as Readable;
  }

  put(key: string, bytes: Uint8Array): Promise<unknown> {
    return this.#client.send(new PutObjectCommand({ Bucket: this.#name, Key: key, Body: bytes }));
  }

  async stat(key: string): Promise<Stat | undefined> {
    try {
      const found = await this.#client.send(new HeadObjectCommand({ Bucket: this.#name, Key: key }));
      return { bytes: found.ContentLength ?? 0, modifiedAt: found.LastModified ?? new Date(0) };
    } catch (error) {
      if (error instanceof Problem && error.code === 'kernel.object_missing') return undefined;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#name, Key: key }));
  }

  copy(from: string, to: string): Promise<unknown> {
    const source = `${this.#name}/${from}`;
    return this.#client.send(new CopyObjectCommand({ Bucket: this.#name, Key: to, CopySource: source }));
  }

  async join(parts: readonly Entry[], to: string): Promise<void> {
    const target = { Bucket: this.#name, Key: to };
    const { UploadId } = await this.#client.send(new CreateMultipartUploadCommand(target));
    try {
      const Parts = parts.map((part, index) => ({ key: part.key, PartNumber: index + 1, ETag: '' }));
      await eachOf(Parts, async (part) => {
        const from = { CopySource: `${this.#name}/${part.key}`, PartNumber: part.PartNumber };
        const { CopyPartResult } = await this.#client.send(new UploadPartCopyCommand({ ...target, UploadId, ...from }));
        part.ETag = CopyPartResult?.ETag ?? '';
      });
      const MultipartUpload = { Parts: Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })) };
      await this.#client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }));
    } catch (error) {
      await this.#client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => {});
      throw error;
    }
  }

  async abortJoins(key: string): Promise<void> {
    const found = await this.#client.send(new ListMultipartUploadsCommand({ Bucket: this.#name, Prefix: key }));
    for (const { Key, UploadId } of found.Uploads ?? []) {
      await this.#client.send(new AbortMultipartUploadCommand({ Bucket: this.#name, Key, UploadId }));
    }
  }

  async *list(prefix: string): AsyncIterable<Entry> {
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({ Bucket: this.#name, Prefix: prefix, ContinuationToken }),
      );
      for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
        yield { key: Key, bytes: Size, modifiedAt: LastModified };
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
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

const AT_ONCE = 4;

function translated(error: unknown): never {
  if (!(error instanceof S3ServiceException)) throw error;
  const status = error.$metadata.httpStatusCode;
  if (status === 404 && error.name !== 'NoSuchUpload') throw errors.object_missing({ cause: error });
  throw status === 507 || error.name === 'QuotaExceeded' ? errors.storage_full({ cause: error }) : error;
}
