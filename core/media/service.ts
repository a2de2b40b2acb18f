// `media@1` as plugins call it: each with its own objects and its own work.
import type { Analysers } from '@plinth/sandbox/analyse/analyse.ts';
import { CLIP_BYTES, IMAGE_BYTES } from '@plinth/sandbox/limits.ts';
import type { Call } from '@plinth/sdk';
import { Media, type MediaResult, type MediaWork } from '@plinth/sdk/services/media.ts';
import type { StoredObject } from '@plinth/sdk/services/storage.ts';
import { errors as kernel } from '../errors.ts';
import { type Provided, provided } from '../room.ts';
import type { StorageApi } from '../storage/storage.ts';
import type { Work } from '../work/item.ts';
import type { WorkApi } from '../work/work.ts';
import { errors } from './errors.ts';
import type { FileSets } from './file-sets.ts';
import { ANALYSE, aboutOf, TRANSCODE } from './kinds.ts';
import type { AnalyseSpec, TranscodeSpec } from './perform.ts';
import { probeDesk } from './probe-desk.ts';
import type { SetLinks } from './sets-route.ts';

export interface ServiceDeps {
  readonly work: WorkApi;
  readonly storage: StorageApi;
  readonly sets: FileSets;
  readonly links: SetLinks;
  readonly analysers: Analysers;
  readonly remove: (of: Pick<Work, 'tenantId' | 'workId' | 'plugin'>) => Promise<void>;
}

export function mediaService({ work, storage, sets, links, analysers: known, remove }: ServiceDeps): Provided {
  const probe = probeDesk(storage);
  const own = (call: Call) => ({ plugin: pluginOf(call), room: 'media' });

  async function ownObject(call: Call, objectId: string): Promise<StoredObject> {
    const object = await storage.stat(call.tenant.id, objectId);
    if (object?.plugin !== pluginOf(call)) throw errors.media_missing();
    return object;
  }

  async function submit(call: Call, kind: string, spec: TranscodeSpec | AnalyseSpec, key: string | undefined) {
    const { bytes } = await ownObject(call, spec.objectId);
    if (bytes > CLIP_BYTES)
      throw kernel.too_large({ detail: `The file has ${bytes} bytes; ${CLIP_BYTES} are the limit.` });
    const { requestId, tenant } = call;
    const asked = { kind, plugin: pluginOf(call), accountId: behind(call), spec, key, requestId };
    return mediaOf(await work.submit(tenant.id, asked));
  }

  return provided(Media, {
    probe: async (call, { objectId }) => probe(call.tenant.id, await ownObject(call, objectId), call.signal),

    async transcode(call, { key, ...spec }) {
      const mark = 'watermark' in spec.recipe ? spec.recipe.watermark?.mark : undefined;
      if (mark && 'objectId' in mark) {
        const { bytes } = await ownObject(call, mark.objectId);
        if (bytes > IMAGE_BYTES)
          throw kernel.too_large({ detail: `The watermark has ${bytes} bytes; ${IMAGE_BYTES} are the limit.` });
      }
      return submit(call, TRANSCODE, spec, key);
    },

    async analyse(call, { key, analysers, ...spec }) {
      const unknown = analysers.find((name) => !Object.hasOwn(known, name));
      if (unknown !== undefined)
        throw errors.no_analyser({
          detail: `"${unknown}" is none.`,
          fix: `There are: ${Object.keys(known).join(', ')}.`,
        });
      return submit(call, ANALYSE, { ...spec, analysers }, key);
    },

    status: async (call, { mediaId }) => mediaOf(await work.find(call.tenant.id, { workId: mediaId, ...own(call) })),
    cancel: async (call, { mediaId }) => mediaOf(await work.cancel(call.tenant.id, { workId: mediaId, ...own(call) })),

    async list(call, which) {
      const { items, ...more } = await work.list(call.tenant.id, { ...which, ...own(call) });
      return { items: items.map(mediaOf), ...more };
    },

    async link(call, { mediaId, file: name, seconds }) {
      const found = await sets.find(call.tenant.id, mediaId, { name, plugin: pluginOf(call) });
      if (!found) throw errors.media_file_missing();
      return links.linkTo(call, mediaId, found.name, seconds);
    },

    async remove(call, { mediaId }) {
      const { plugin } = own(call);
      await remove({ tenantId: call.tenant.id, workId: mediaId, plugin });
      return {};
    },
  });
}

function pluginOf({ caller }: Call): string {
  if (!caller) throw kernel.forbidden({ detail: 'media@1 is for plugins.' });
  return caller;
}

/** Whoever asks, or in whose name the kernel works. */
function behind({ actor }: Call): string | undefined {
  if (actor.kind === 'person') return actor.accountId;
  return actor.kind === 'system' ? actor.onBehalfOf : undefined;
}

function mediaOf(work: Work): MediaWork {
  const { state, progress, secondsLeft, result, error, createdAt, startedAt, finishedAt } = work;
  return {
    ...{ ...aboutOf(work), state, progress, createdAt },
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
    ...(result === undefined ? {} : { result: result as MediaResult }),
    ...(error === undefined ? {} : { error }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
  };
}
