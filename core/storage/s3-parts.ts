import { errors as kernel } from '../errors.ts';
import { type ByteRange, checkedKey } from './driver.ts';
import { errors } from './errors.ts';
import { type Bucket, type Entry, eachOf } from './s3-bucket.ts';

/** The least that a part of a multipart copy may have is 5 MiB, and there may be 10,000 of them. */
const PART_BYTES = 8 * 1024 * 1024;
const MOST_PARTS = 10_000;

/**
 * S3 cannot append, so what is staged under a key lies in parts `<key>/00000`, `<key>/00001`, …, each of them full but
 * the last; appending rewrites that one.
 */
export class StagedParts {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  /** As far as no part is missing and none but the last is short. */
  async of(key: string): Promise<Entry[]> {
    const parts: Entry[] = [];
    for await (const part of this.#bucket.list(`${checkedKey(key)}/`)) {
      const before = parts.at(-1);
      if (part.key !== partKey(key, parts.length) || (before && before.bytes !== PART_BYTES)) break;
      parts.push(part);
    }
    return parts;
  }

  async append(key: string, offset: number, source: AsyncIterable<Uint8Array>): Promise<number> {
    const parts = await this.of(key);
    if (lengthOf(parts) !== offset) throw errors.upload_conflict();
    const last = parts.at(-1);
    const open = last && last.bytes < PART_BYTES ? last : undefined;
    const waiting: Uint8Array[] = open ? await (await this.#bucket.get(open.key)).toArray() : [];
    let [index, held, length, unsaved] = [parts.length - (open ? 1 : 0), open?.bytes ?? 0, offset, offset === 0];

    const save = async () => {
      unsaved = false;
      if (index >= MOST_PARTS) throw kernel.too_large({ detail: `At most ${MOST_PARTS * PART_BYTES} bytes.` });
      const bytes = Buffer.concat(waiting);
      const part = bytes.subarray(0, PART_BYTES);
      await this.#bucket.put(partKey(key, index), part);
      if (part.length === PART_BYTES) index += 1;
      held = bytes.length - part.length;
      waiting.splice(0, waiting.length, bytes.subarray(part.length));
      unsaved = held > 0;
    };
    try {
      for await (const chunk of source) {
        waiting.push(chunk);
        held += chunk.byteLength;
        length += chunk.byteLength;
        unsaved = true;
        while (held >= PART_BYTES) await save();
      }
    } finally {
      // Also when the source broke: what arrived need not be sent again.
      if (unsaved) await save();
    }
    return length;
  }

  async *read(parts: readonly Entry[], range?: ByteRange): AsyncIterable<Uint8Array> {
    let passed = 0;
    for (const { key, bytes } of parts) {
      const start = Math.max(0, (range?.start ?? 0) - passed);
      const end = Math.min(bytes - 1, (range?.end ?? Number.POSITIVE_INFINITY) - passed);
      passed += bytes;
      if (start <= end) yield* await this.#bucket.get(key, { start, end });
    }
  }

  remove(parts: readonly Entry[]): Promise<void> {
    return eachOf(parts, ({ key }) => this.#bucket.delete(key));
  }
}

const partKey = (key: string, index: number) => `${key}/${String(index).padStart(5, '0')}`;
export const lengthOf = (parts: readonly Entry[]) => parts.reduce((sum, part) => sum + part.bytes, 0);
