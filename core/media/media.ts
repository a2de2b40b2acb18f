// `media@1`: what uploaded files are, and what is made of them, for plugins. The queue says when, the sandbox how; here
// they meet storage and events.
import type { Analyser } from '@plinth/sandbox/analyse/analyser.ts';
import { ANALYSERS } from '@plinth/sandbox/analyse/analysers.ts';
import { MediaFailed, MediaFinished, type MediaResult } from '@plinth/sdk/services/media.ts';
import type pg from 'pg';
import { writeOutbox } from '../events/outbox.ts';
import type { Room } from '../room.ts';
import type { StorageApi } from '../storage/storage.ts';
import { factAbout, type Work } from '../work/item.ts';
import type { WorkApi } from '../work/work.ts';
import { type FileSets, fileSetsOf } from './file-sets.ts';
import { ANALYSE, aboutOf, TRANSCODE } from './kinds.ts';
import {
  type AnalyseSpec,
  type PerformDeps,
  performAnalysis,
  performTranscode,
  type TranscodeSpec,
} from './perform.ts';
import { mediaService } from './service.ts';
import { setLinks } from './sets-route.ts';

export interface MediaDeps extends Omit<PerformDeps, 'sets' | 'storage' | 'analysers' | 'shelves'> {
  readonly work: WorkApi;
  readonly storage: StorageApi;
  /** Signs links. */
  readonly secret: string;
}

export interface MediaApi {
  /** Offers an analyser of another room. Before the start. */
  register(name: string, analyser: Analyser<unknown>): void;
}

export function createMedia({ work, secret, ...deps }: MediaDeps): Room & MediaApi {
  const { database, storage } = deps;
  const sets = fileSetsOf(database);
  const analysers: Record<string, Analyser<unknown>> = { ...ANALYSERS };
  const shelves: PerformDeps['shelves'] = new WeakMap();
  const performing: PerformDeps = { ...deps, sets, analysers, shelves };
  const ended = (client: pg.ClientBase, of: Work) => settle(client, storage, sets, of);
  // By its shelf, not by its names: those are gone by now, or lead to what another node has made.
  const discard = async (_of: Work, result: MediaResult) => shelves.get(result)?.clear();
  work.define<TranscodeSpec, MediaResult>({
    ...{ kind: TRANSCODE, ended, discard },
    run: (asked, bench) => performTranscode(performing, asked, bench),
  });
  work.define<AnalyseSpec, MediaResult>({
    ...{ kind: ANALYSE, ended, discard },
    run: (asked, bench) => performAnalysis(performing, asked, bench),
  });
  const links = setLinks(secret, sets, storage);
  return {
    name: 'media',
    provides: [mediaService({ work, storage, sets, links, analysers, remove: (of) => remove(storage, sets, of) })],
    contributions: links.routes,
    register(name, analyser) {
      analysers[name] = analyser;
    },
  };
}

/** In one commit: it is done, its objects stay, and everybody is told. */
async function settle(client: pg.ClientBase, storage: StorageApi, sets: FileSets, of: Work): Promise<void> {
  const { tenantId, workId: mediaId, plugin, state, error, result } = of;
  const about = { ...aboutOf(of), plugin };
  if (state === 'done') {
    const { objectIds, keepUntil } = await sets.settle(client, tenantId, mediaId);
    await storage.keep(client, tenantId, objectIds, keepUntil);
    await writeOutbox(client, [{ ...factAbout(of), event: MediaFinished.id, payload: { ...about, result } }]);
  } else {
    await sets.drop(client, tenantId, mediaId);
    await writeOutbox(client, [{ ...factAbout(of), event: MediaFailed.id, payload: { ...about, state, error } }]);
  }
}

type Made = Pick<Work, 'tenantId' | 'workId' | 'plugin'>;

/** Objects take their names with them. */
async function remove(storage: StorageApi, sets: FileSets, of: Made): Promise<void> {
  for (const { objectId } of await sets.objectsOf(of.tenantId, of.workId, of.plugin))
    await storage.delete(of.tenantId, objectId);
}
