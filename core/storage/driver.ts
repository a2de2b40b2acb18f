import type { Readable } from 'node:stream';

/**
 * Where bytes live: a disk, or S3. A driver knows keys and bytes and nothing else; names, owners and rights are rows.
 * One contract suite runs on every driver.
 */
export interface StorageDriver {
  /**
   * Adds to the end of `key`, which holds `offset` bytes, and returns its new length; what it returns is durable. If
   * the source breaks, what had arrived before stays, as far as `stat` tells. Throws `kernel.storage_full`.
   */
  append(key: string, offset: number, source: AsyncIterable<Uint8Array>): Promise<number>;
  /** Makes the bytes of `from` those of `to`, all at once for every reader. Doing it again after a crash does no harm. */
  move(from: string, to: string): Promise<void>;
  /** Throws `kernel.object_missing`, before the first byte. */
  get(key: string, range?: ByteRange): Promise<Readable>;
  stat(key: string): Promise<Stat | undefined>;
  delete(key: string): Promise<void>;
  /** Everything under a prefix that ends where a part of a key ends. */
  list(prefix: string): AsyncIterable<Stat & { readonly key: string }>;
}

/** Both ends belong to it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface Stat {
  readonly bytes: number;
  readonly modifiedAt: Date;
}

// Keys are made here only, of ids and digests only: no name that anybody chose can become part of a path.

/** Where a tenant's bytes with this digest are kept for good. */
export const blobKey = (tenantId: string, sha256: string) =>
  `${blobsOf(tenantId)}/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`;
export const blobsOf = (tenantId: string) => `blobs/${tenantId}`;

/** Where the bytes of an object gather until all are there. */
export const stagingKey = (tenantId: string, objectId: string) => `${stagingOf(tenantId)}/${objectId}`;
export const stagingOf = (tenantId: string) => `staging/${tenantId}`;

/** The wall in every driver: whatever was asked for, a key has no dots and no empty parts. */
export function checkedKey(key: string): string {
  if (!/^(blobs|staging)(\/[0-9a-f-]{1,64}){1,4}$/.test(key)) throw new RangeError('That is no key.');
  return key;
}
