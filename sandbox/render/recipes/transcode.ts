// Makes files of an uploaded video, sound or picture, by a recipe. They appear at their place whole, or not at all.
import { rename, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { MediaFile, Recipe } from '@plinth/sdk/services/media-recipes.ts';
import { renderErrors } from '../errors.ts';
import { type FFmpeg, findFFmpeg, locateFFmpeg } from '../ffmpeg.ts';
import type { ProbeOptions } from '../probe.ts';
import { type Media, probeMedia } from '../probe-media.ts';
import { Running } from '../running.ts';
import { workspaceBeside } from '../workspace.ts';
import { audio } from './audio.ts';
import { hls } from './hls.ts';
import { image } from './image.ts';
import type { Job, Made } from './job.ts';
import { mp4 } from './mp4.ts';
import { preview } from './preview.ts';
import { sprites } from './sprites.ts';
import { drawMark } from './text-mark.ts';
import { waveform } from './waveform.ts';

export interface TranscodeOptions {
  readonly input: string;
  readonly recipe: Recipe;
  /** What `probeMedia` said of it, if it was asked already. */
  readonly media?: Media;
  /** Where the files go; it is there already. */
  readonly directory: string;
  /** The image that the recipe's watermark names by `objectId`. */
  readonly mark?: string;
  readonly ffmpeg?: FFmpeg;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** From 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  /** Files that are in their place already while others are made. What they name is there; some are replaced later. */
  readonly onFiles?: (files: readonly MediaFile[]) => Promise<void>;
}

/** @example await transcode({ input: 'clip.mov', recipe: { kind: 'hls' }, directory: 'out' }); */
export async function transcode(options: TranscodeOptions): Promise<MediaFile[]> {
  const { input, recipe, directory, signal, onProgress = () => {}, onFiles = async () => {} } = options;
  const { threads = Math.min(4, availableParallelism()) } = options;
  await using running = new Running(signal);
  const placed = new Placed(directory, await workspaceBeside(join(directory, 'media'), running));
  const asked = { ffmpeg: options.ffmpeg ?? locateFFmpeg(), ...(signal ? { signal } : {}) };
  const [ffmpeg, media] = await running.race(
    Promise.all([options.ffmpeg ?? findFFmpeg(), options.media ?? probeMedia(input, asked)]),
  );
  const job: Job = {
    ...{ input, media, ffmpeg, threads, running, onProgress, workspace: placed.workspace },
    mark: await running.race(markOf(options, placed.workspace, running, asked)),
    onFiles: async (made) => onFiles(await placed.take(made)),
  };
  try {
    const made = await running.race(makeBy(job, recipe));
    running.check();
    return await placed.take(made);
  } catch (error) {
    await placed.clear();
    throw error;
  }
}

/** One function for each kind of recipe, by its name. */
function makeBy(job: Job, recipe: Recipe): Promise<Made[]> {
  switch (recipe.kind) {
    case 'mp4':
      return mp4(job, recipe);
    case 'hls':
      return hls(job, recipe);
    case 'image':
      return image(job, recipe);
    case 'preview':
      return preview(job, recipe);
    case 'sprites':
      return sprites(job, recipe);
    case 'audio':
      return audio(job, recipe);
    case 'waveform':
      return waveform(job, recipe);
  }
}

async function markOf(
  { recipe, mark }: TranscodeOptions,
  workspace: string,
  running: Running,
  asked: ProbeOptions,
): Promise<string | undefined> {
  const watermark = 'watermark' in recipe ? recipe.watermark?.mark : undefined;
  if (watermark === undefined) return undefined;
  if ('objectId' in watermark) {
    if (mark === undefined) throw renderErrors.missing_file({ detail: 'The watermark has no image.' });
    const { kind } = await probeMedia(mark, asked);
    if (kind !== 'picture') throw renderErrors.not_media({ detail: 'The watermark is no picture.' });
    return mark;
  }
  return drawMark(watermark.text, join(workspace, MARK), running);
}

const MARK = 'mark.png';

/** Which files have gone from the workspace to their place. */
class Placed {
  readonly workspace: string;
  readonly #directory: string;
  readonly #files = new Map<string, MediaFile>();
  #over = false;

  constructor(directory: string, workspace: string) {
    this.#directory = directory;
    this.workspace = workspace;
  }

  /** Answers all that are there now. What is there and made anew is replaced. */
  async take(made: readonly Made[]): Promise<MediaFile[]> {
    for (const { main = false, ...file } of made) {
      const from = join(this.workspace, file.name);
      const found = await stat(from).catch(() => undefined);
      // It went there when the first of them were done.
      if (!found && this.#files.has(file.name)) continue;
      if (!found || this.#over) throw renderErrors.failed({ detail: `"${file.name}" was not made.` });
      await rename(from, join(this.#directory, file.name));
      this.#files.set(file.name, { ...file, main, bytes: found.size });
    }
    return made.flatMap(({ name }) => this.#files.get(name) ?? []);
  }

  async clear(): Promise<void> {
    this.#over = true;
    for (const name of this.#files.keys()) await rm(join(this.#directory, name), { force: true });
  }
}
