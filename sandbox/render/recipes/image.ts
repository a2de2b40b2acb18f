// A still: one picture of a clip, or a picture in another size and format.
import type { ImageRecipe } from '@plinth/sdk/services/media-recipes.ts';
import type { Static } from 'typebox';
import { ANONYMOUS, chain, clipIn, graphed } from '../commands.ts';
import { renderErrors } from '../errors.ts';
import { rateOf } from '../fraction.ts';
import { GUARDED_PICTURE, QUIET } from '../input.ts';
import type { Place } from '../jail.ts';
import type { ClipFacts } from '../probe.ts';
import { windowOf } from '../window.ts';
import { encoderOf, type Job, type Made, run, shown, TOLD } from './job.ts';
import { fitWhole, sizeOf } from './sizes.ts';

type Recipe = Static<typeof ImageRecipe>;
type Format = NonNullable<Recipe['format']>;

const FILES = {
  jpeg: { name: 'image.jpg', type: 'image/jpeg' },
  webp: { name: 'image.webp', type: 'image/webp' },
  png: { name: 'image.png', type: 'image/png' },
} as const;

export async function image(job: Job, recipe: Recipe): Promise<Made[]> {
  const { format = 'jpeg' } = recipe;
  const { media } = job;
  if (media.kind === 'audio') throw renderErrors.no_pictures();
  const size = sizeOf(media.facts, recipe.height);
  const pictures =
    media.kind === 'picture' ? resized(job, media.facts, size, format) : cut(job, media.facts, recipe, size);
  const encoder = encodedAs(job, format);
  await run(job, {
    args: (place) => [
      ...[...QUIET, ...pictures(place), '-map', '[v]', '-frames:v', '1', ...encoder, ...ANONYMOUS, ...TOLD],
      ...['-f', 'image2', '-update', '1', place.output(FILES[format].name)],
    ],
    ...{ frames: 1, seconds: 1 },
  });
  return [{ ...FILES[format], main: true, ...size }];
}

/** One frame of a clip, in 8 bits of BT.709 like everything that is made of it. */
function cut(job: Job, clip: ClipFacts, { format = 'jpeg', at }: Recipe, size: { width: number; height: number }) {
  const from = at ?? clip.duration / 10;
  const window = { ...windowOf(clip, from, from + 1 / rateOf(clip.fps)), whole: false };
  const task = shown(job, { clip, window, fit: fitWhole(clip, size) });
  const graph = `[0:${clip.stream}]${chain(task)},${fromVideo(format)}[v]`;
  return (place: Place) => [...clipIn(task, place), ...graphed(job, graph)];
}

const EXACTLY = 'flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp';

/** JPEG is BT.601 in full range; the others take red, green and blue. */
export function fromVideo(format: Format): string {
  const from = 'in_color_matrix=bt709:in_range=tv';
  if (format === 'jpeg') return `scale=${from}:out_color_matrix=bt601:out_range=pc:${EXACTLY},format=yuvj420p`;
  return `scale=${from}:${EXACTLY},format=${format === 'png' ? 'rgb24' : 'bgra'}`;
}

/** A picture keeps what it shows through, where the format does; else it lies on white. */
function resized(job: Job, picture: ClipFacts, size: { width: number; height: number }, format: Format) {
  const { matrix, range, alpha } = picture;
  const from = matrix === 'rgb' ? '' : `in_color_matrix=bt601:in_range=${range === 'full' ? 'pc' : 'tv'}:`;
  const scaled = `scale=${size.width}:${size.height}:${from}flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp`;
  const shown = alpha && format !== 'jpeg' ? `${scaled},format=${format === 'png' ? 'rgba' : 'bgra'}` : undefined;
  const onWhite = `${scaled},format=rgba,split[t][p];[t]lutrgb=r=255:g=255:b=255:a=255[w];[w][p]overlay=format=rgb`;
  const opaque = `${alpha ? onWhite : scaled},format=${format === 'webp' ? 'bgra' : 'rgb24'}`;
  const out = `scale=out_color_matrix=bt601:out_range=pc:${EXACTLY},format=yuvj420p`;
  const graph = `[0:v]${shown ?? opaque}${format === 'jpeg' ? `,${out}` : ''}[v]`;
  return (place: Place) => [...GUARDED_PICTURE, '-i', place.input(0), ...graphed(job, graph)];
}

function encodedAs(job: Job, format: Format): string[] {
  if (format === 'jpeg') return ['-c:v', 'mjpeg', '-q:v', '3', '-huffman', 'optimal'];
  if (format === 'png') return ['-c:v', 'png', '-pred', 'mixed'];
  return ['-c:v', encoderOf(job, 'libwebp'), '-quality', '80'];
}
