import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { checkedKey, type StorageDriver } from './driver.ts';
import { errors } from './errors.ts';

/** Objects as files below `root`: `staging/<tenant>/<object>`, then `blobs/<tenant>/ab/cd/<sha256>`. */
export function openDiskDriver(root: string): StorageDriver {
  const pathOf = (key: string) => join(root, checkedKey(key));

  return {
    append: (key, offset, source) =>
      sayingFull(async () => {
        const path = pathOf(key);
        await mkdir(dirname(path), PRIVATE);
        await using file = await open(path, 'a', 0o600);
        if ((await file.stat()).size !== offset) throw errors.upload_conflict();
        let length = offset;
        try {
          for await (const chunk of source) {
            await file.appendFile(chunk);
            length += chunk.byteLength;
          }
        } catch (error) {
          // The sender will be told that what did arrive is here.
          await file.sync().catch(() => {});
          throw error;
        }
        await file.sync();
        return length;
      }),

    move: (from, to) =>
      sayingFull(async () => {
        const target = pathOf(to);
        await makeDirectory(dirname(target));
        try {
          await rename(pathOf(from), target);
        } catch (error) {
          if (!isMissing(error) || (await statOf(target)) === undefined) throw error;
        }
        // The bytes were synced as they came; this makes their name last.
        await syncDirectory(dirname(target));
      }),

    async get(key, range) {
      try {
        const file = await open(pathOf(key));
        return file.createReadStream({ highWaterMark: 256 * 1024, ...range });
      } catch (error) {
        throw isMissing(error) ? errors.object_missing({ cause: error }) : error;
      }
    },

    stat: (key) => statOf(pathOf(key)),
    delete: (key) => rm(pathOf(key), { force: true }),

    async *list(prefix) {
      const directory = await opendir(pathOf(prefix), { recursive: true }).catch((error: unknown) => {
        if (isMissing(error)) return [];
        throw error;
      });
      for await (const entry of directory) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const facts = await statOf(path);
        if (facts) yield { key: relative(root, path).replaceAll(sep, '/'), ...facts };
      }
    },
  };
}

const PRIVATE = { recursive: true, mode: 0o700 } as const;

async function statOf(path: string) {
  try {
    const { size, mtime } = await stat(path);
    return { bytes: size, modifiedAt: mtime };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A directory is only there for good once its parent's list of names is on the disk. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, PRIVATE);
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

async function syncDirectory(path: string): Promise<void> {
  // Windows opens no directories; its rename is on the disk when it returns.
  if (process.platform === 'win32') return;
  await using directory = await open(path);
  await directory.sync();
}

async function sayingFull<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw FULL.has(codeOf(error)) ? errors.storage_full({ cause: error }) : error;
  }
}

/** No room, no room for this user, a file larger than this process may write. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

const isMissing = (error: unknown) => codeOf(error) === 'ENOENT';
const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : '');
