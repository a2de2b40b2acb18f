// Where the files of one piece of work go: each becomes an object of the plugin that asked, which removes itself unless
// the work ends well.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { StoredMediaFile } from '@plinth/sdk/services/media.ts';
import type { MediaFile } from '@plinth/sdk/services/media-recipes.ts';
import { TextType, type Visibility } from '@plinth/sdk/services/storage.ts';
import { checkOf } from '../schemas.ts';
import type { StorageApi } from '../storage/storage.ts';
import type { Work } from '../work/item.ts';

export interface ShelfDeps {
  readonly storage: Pick<StorageApi, 'put' | 'delete'>;
  readonly work: Pick<Work, 'tenantId' | 'plugin' | 'accountId'>;
  readonly purpose: string | undefined;
  readonly visibility: Visibility | undefined;
  /** They are gone then, if nobody says that they stay. */
  readonly until: Date;
  readonly directory: string;
  readonly signal: AbortSignal;
}

export type Shelf = ReturnType<typeof shelfOf>;

/** A ladder has many small files, and each is on the disk for good before the next. */
const AT_ONCE = { concurrency: 4 };

export function shelfOf({ storage, work, purpose, visibility, until, directory, signal }: ShelfDeps) {
  const { tenantId, plugin, accountId } = work;
  const stored = new Map<string, { readonly file: MediaFile; readonly objectId: string }>();

  async function put(file: MediaFile): Promise<void> {
    const before = stored.get(file.name);
    if (before?.file === file) return;
    const object = await storage.put(tenantId, createReadStream(join(directory, file.name), { signal }), {
      ...{ plugin, accountId, purpose, visibility, name: file.name, keepUntil: until },
      textType: isText(file.type) ? file.type : undefined,
    });
    stored.set(file.name, { file, objectId: object.id });
    replaced.push(...(before ? [before.objectId] : []));
  }

  const replaced: string[] = [];
  const underWay = new Set<Promise<void>>();

  async function noted(file: MediaFile): Promise<void> {
    const putting = put(file);
    underWay.add(putting);
    await putting.finally(() => underWay.delete(putting));
  }

  return {
    /** Those that are new or were made anew. Answers all of them with their objects. */
    async put(files: readonly MediaFile[]): Promise<StoredMediaFile[]> {
      await Readable.from(files).forEach(noted, AT_ONCE);
      return files.flatMap((file) => {
        const objectId = stored.get(file.name)?.objectId;
        return objectId === undefined ? [] : [{ ...file, objectId }];
      });
    },

    /** Objects that no name leads to any more. */
    async sweep(): Promise<void> {
      for (const objectId of replaced.splice(0)) await storage.delete(tenantId, objectId);
    },

    /** The work failed: nothing of it is left. */
    async clear(): Promise<void> {
      // Where one failed, those beside it are still on their way.
      await Promise.allSettled(underWay);
      const all = [...replaced.splice(0), ...[...stored.values()].map(({ objectId }) => objectId)];
      stored.clear();
      // What cannot be removed now removes itself.
      for (const objectId of all) await storage.delete(tenantId, objectId).catch(() => {});
    },
  };
}

const wrongText = checkOf(TextType);
const isText = (type: string): type is TextType => wrongText(type) === undefined;
