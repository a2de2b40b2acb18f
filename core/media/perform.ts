// How one piece of media work is done: the file comes out of storage into a directory of its own, and what is made of it
// goes back, under the names by which the files of a set know each other.
import { createWriteStream } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Analysers, analyseWith } from '@plinth/sandbox/analyse/analyse.ts';
import { type Media, probeMedia } from '@plinth/sandbox/render/probe-media.ts';
import { transcode } from '@plinth/sandbox/render/recipes/transcode.ts';
import type { Clock } from '@plinth/sdk';
import { MediaPlayable, type MediaResult } from '@plinth/sdk/services/media.ts';
import type { MediaFile, Recipe } from '@plinth/sdk/services/media-recipes.ts';
import type { Visibility } from '@plinth/sdk/services/storage.ts';
import type { Database } from '../database/database.ts';
import { type Fact, writeOutbox } from '../events/outbox.ts';
import type { StorageApi } from '../storage/storage.ts';
import { factAbout, type Work } from '../work/item.ts';
import type { Bench } from '../work/kind.ts';
import { LONGEST_MS } from '../work/quotas.ts';
import { errors } from './errors.ts';
import { factsOf } from './facts.ts';
import type { FileSets } from './file-sets.ts';
import { aboutOf } from './kinds.ts';
import { type Shelf, shelfOf } from './shelf.ts';

interface Spec {
  readonly objectId: string;
  readonly purpose?: string;
  readonly visibility?: Visibility;
  readonly keepSeconds?: number;
}

/** What was asked for, as the queue keeps it. */
export interface TranscodeSpec extends Spec {
  readonly recipe: Recipe;
}
export interface AnalyseSpec extends Spec {
  readonly analysers: readonly string[];
}

export interface PerformDeps {
  readonly database: Database;
  readonly storage: Pick<StorageApi, 'read' | 'put' | 'stat' | 'delete'>;
  readonly sets: FileSets;
  readonly clock: Clock;
  /** By name: ours, and those of other rooms. */
  readonly analysers: Analysers;
  /** What each result was made of, for as long as it may have to go again. */
  readonly shelves: WeakMap<MediaResult, Shelf>;
  /** Told after a commit that wrote to the outbox. */
  readonly nudge: () => void;
}

/** A result that nobody settles, because its node died, removes itself after so long. */
const UNSETTLED_MS = LONGEST_MS + 3_600_000;
/** Larger findings are only in their files. */
const INLINE_BYTES = 32 * 1024;

type Asked<S> = Work & { readonly spec: S };

/** Makes files in the directory that it is given; `early` are those that can be used before the others are there. */
type Make = (desk: {
  readonly input: string;
  readonly media: Media;
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
  readonly early: (files: readonly MediaFile[]) => Promise<void>;
}) => Promise<{ readonly files: readonly MediaFile[]; readonly findings?: Readonly<Record<string, unknown>> }>;

export async function performTranscode(
  deps: PerformDeps,
  work: Asked<TranscodeSpec>,
  bench: Bench,
): Promise<MediaResult> {
  const { recipe } = work.spec;
  const mark = 'watermark' in recipe ? recipe.watermark?.mark : undefined;
  const image = mark && 'objectId' in mark ? { mark: await fetched(deps, work, mark.objectId, bench, 'mark') } : {};
  return perform(deps, work, bench, async ({ early, ...desk }) => ({
    files: await transcode({ ...desk, ...image, recipe, onFiles: early }),
  }));
}

export function performAnalysis(deps: PerformDeps, work: Asked<AnalyseSpec>, bench: Bench): Promise<MediaResult> {
  return perform(deps, work, bench, async ({ directory, input, media, signal, onProgress }) => {
    const { analysers } = work.spec;
    const found = Object.entries(await analyseWith(deps.analysers, { input, media, analysers, signal, onProgress }));
    const files = found.map(async ([name, finding], at): Promise<MediaFile> => {
      const file = `${name}.json`;
      await writeFile(join(directory, file), JSON.stringify(finding ?? null));
      const { size: bytes } = await stat(join(directory, file));
      return { name: file, type: 'application/json', bytes, main: at === 0 };
    });
    const made = await Promise.all(files);
    return {
      files: made,
      findings: Object.fromEntries(found.filter((_, at) => (made[at]?.bytes ?? 0) <= INLINE_BYTES)),
    };
  });
}

async function perform(deps: PerformDeps, work: Asked<Spec>, bench: Bench, make: Make): Promise<MediaResult> {
  const { storage, clock } = deps;
  const { spec } = work;
  const { signal } = bench;
  const input = await fetched(deps, work, spec.objectId, bench, 'source');
  const media = await probeMedia(input, { signal });
  await bench.spend(Math.max(1, media.facts.duration));

  const directory = join(bench.directory, 'made');
  await mkdir(directory);
  const until = new Date(clock.now().getTime() + UNSETTLED_MS);
  const { purpose, visibility } = spec;
  const shelf = shelfOf({ storage, work, purpose, visibility, until, directory, signal });
  const name = async (files: readonly MediaFile[], facts: readonly Fact[] = []) => {
    const placed = await shelf.put(files);
    await nameAll(deps, work, bench, placed, facts);
    await shelf.sweep();
    return placed;
  };
  try {
    const onProgress = paced(bench);
    const early = async (files: readonly MediaFile[]) => void (await name(files, [playable(work)]));
    const { files, ...more } = await make({ input, media, directory, signal, onProgress, early });
    const placed = await name(files);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const result = { source: factsOf(media), files: placed.filter(({ part }) => !part), bytes, ...more };
    deps.shelves.set(result, shelf);
    return result;
  } catch (error) {
    await shelf.clear();
    throw error;
  }
}

/** One of the plugin's objects, as a file. */
async function fetched(
  { storage }: PerformDeps,
  { tenantId, plugin }: Work,
  objectId: string,
  { directory, signal }: Bench,
  name: string,
): Promise<string> {
  const object = await storage.stat(tenantId, objectId);
  if (object?.plugin !== plugin) throw errors.media_missing();
  const file = join(directory, name);
  await pipeline(await storage.read(tenantId, objectId), createWriteStream(file, { mode: 0o600 }), { signal });
  return file;
}

async function nameAll(
  { database, sets, clock, nudge }: PerformDeps,
  { tenantId, workId: mediaId, plugin, spec }: Asked<Spec>,
  { holds }: Bench,
  files: Parameters<FileSets['add']>[1]['files'],
  facts: readonly Fact[],
): Promise<void> {
  const { keepSeconds } = spec;
  const keepUntil = keepSeconds === undefined ? undefined : new Date(clock.now().getTime() + keepSeconds * 1000);
  await database.tenant(tenantId, async (_tx, client) => {
    // Another node may have begun it again meanwhile, and even be through: then the names are not ours to give.
    await holds(client);
    await sets.add(client, { tenantId, mediaId, plugin, files, keepUntil });
    await writeOutbox(client, facts);
  });
  if (facts.length > 0) nudge();
}

function playable(work: Work): Fact {
  return { ...factAbout(work), event: MediaPlayable.id, payload: { ...aboutOf(work), plugin: work.plugin } };
}

/** It is whole only when it is stored. */
function paced({ progress }: Bench): (fraction: number) => void {
  const began = performance.now();
  return (fraction) => {
    const secondsLeft = ((performance.now() - began) / 1000) * (1 / Math.max(fraction, 0.01) - 1);
    progress({ fraction: Math.min(0.99, fraction), secondsLeft });
  };
}
