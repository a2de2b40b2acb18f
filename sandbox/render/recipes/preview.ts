// A short, silent, moving picture for lists.
import type { PreviewRecipe } from '@plinth/sdk/services/media-recipes.ts';
import type { Static } from 'typebox';
import { ANONYMOUS, chain, clipIn, graphed, TAGGED } from '../commands.ts';
import { rateOf, rateText } from '../fraction.ts';
import { QUIET } from '../input.ts';
import type { ClipFacts } from '../probe.ts';
import { type Window, windowOf } from '../window.ts';
import { clipOf } from './clip.ts';
import { fromVideo } from './image.ts';
import { encoderOf, type Job, type Made, run, shown, TOLD } from './job.ts';
import { fitWhole, sizeOf, slowed } from './sizes.ts';

type Recipe = Static<typeof PreviewRecipe>;

const FILES = {
  webp: { name: 'preview.webp', type: 'image/webp' },
  mp4: { name: 'preview.mp4', type: 'video/mp4' },
} as const;

export async function preview(job: Job, recipe: Recipe): Promise<Made[]> {
  const { format = 'webp', height = 240, fps = 12 } = recipe;
  const clip = slowed(clipOf(job), fps);
  const size = sizeOf(clip, height);
  const window = { ...stretchOf(clip, recipe), whole: false };
  const task = shown(job, { clip, window, fit: fitWhole(clip, size) });
  const graph = `[0:${clip.stream}]${chain(task)}${format === 'webp' ? `,${fromVideo('webp')}` : ''}[v]`;
  const encoder = format === 'webp' ? asWebp(job) : [...AS_MP4, ...TAGGED, '-threads', `${job.threads}`];
  const seconds = window.frames / rateOf(clip.fps);
  await run(job, {
    args: (place) => [
      ...[...QUIET, ...clipIn(task, place), ...graphed(job, graph), '-map', '[v]', '-r', rateText(clip.fps)],
      ...[...encoder, ...ANONYMOUS, ...TOLD, '-f', format, place.output(FILES[format].name)],
    ],
    ...{ frames: window.frames, seconds },
  });
  return [{ ...FILES[format], main: true, ...size, duration: seconds, fps: rateOf(clip.fps) }];
}

/** As long as is asked for, if the clip is: it begins earlier where it would end too soon. */
function stretchOf(clip: ClipFacts, { seconds = 3, from = clip.duration / 10 }: Recipe): Window {
  const begin = Math.max(0, Math.min(from, clip.duration - seconds));
  return windowOf(clip, begin, begin + seconds);
}

const asWebp = (job: Job) => ['-c:v', encoderOf(job, 'libwebp_anim'), '-quality', '60', '-loop', '0'];
const AS_MP4 = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '26', '-pix_fmt', 'yuv420p', '-movflags', '+faststart'],
];
