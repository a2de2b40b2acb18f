// One MP4 that plays everywhere. Where the clip's pictures already are what is asked for, they are copied.
import type { Mp4Recipe } from '@plinth/sdk/services/media-recipes.ts';
import type { Static } from 'typebox';
import { ANONYMOUS, chain, clipIn, graphed, TAGGED } from '../commands.ts';
import { rateOf, rateText } from '../fraction.ts';
import { GUARDED_MEDIA, QUIET } from '../input.ts';
import type { Place } from '../jail.ts';
import type { ClipFacts } from '../probe.ts';
import { type Fit, windowOf } from '../window.ts';
import { clipOf } from './clip.ts';
import { type Job, type Made, run, shown, TOLD } from './job.ts';
import { fitWhole, peakOf, sizeOf, slowed } from './sizes.ts';
import { levellingOf, type SoundOut, soundOut, trackOf } from './sound.ts';
import { marked, markIn } from './watermark.ts';

type Recipe = Static<typeof Mp4Recipe>;

const NAME = 'video.mp4';
const MEASURING = 0.15;

export async function mp4(job: Job, recipe: Recipe): Promise<Made[]> {
  const clip = slowed(clipOf(job), recipe.fps);
  const size = sizeOf(clip, recipe.height);
  const fit = fitWhole(clip, size);
  const track = trackOf(job);
  const measured = recipe.loudness === undefined || !track ? 0 : MEASURING;
  const levelling = track && (await levellingOf(job, track, recipe.loudness, { from: 0, to: measured }));
  const copied = recipe.passthrough !== false && !recipe.watermark && isDone(clip, clipOf(job), fit);
  const sound = soundOut(track, levelling);
  const pictures = copied ? remuxed(job, sound) : encoded(job, recipe, clip, fit, sound);
  await run(job, {
    args: (place) => [...QUIET, ...pictures(place), ...sound.args, ...ending(place)],
    ...(job.mark === undefined ? {} : { reads: [job.mark] }),
    // What is copied may begin later than its sound, and is counted from there.
    ...(copied ? {} : { frames: clip.frames }),
    ...{ seconds: clip.duration, share: { from: measured, to: 1 } },
  });
  const facts = { width: size.width, height: size.height, duration: clip.duration, fps: rateOf(clip.fps) };
  return [{ name: NAME, type: 'video/mp4', main: true, ...facts, copied }];
}

/** Whether its pictures are what would be made of them, and no heavier than that by far. */
function isDone(asked: ClipFacts, clip: ClipFacts, fit: Fit): boolean {
  const steady = !clip.variable && asked.fps === clip.fps && !clip.interlaced && clip.rotation === 0;
  const coloured = clip.tagged && clip.matrix === 'bt709' && clip.range === 'limited' && clip.transfer === 'sdr';
  const light = (8 * clip.bytes) / clip.duration <= HEAVY * peakOf(clip, rateOf(clip.fps));
  const same = fit.exact && clip.width === fit.width && clip.height === fit.height;
  return clip.codec === 'h264' && clip.pixelFormat === 'yuv420p' && steady && coloured && light && same;
}

const HEAVY = 2.5;

const remuxed = (job: Job, sound: SoundOut) => (place: Place) => [
  ...[...GUARDED_MEDIA, '-i', place.input(0)],
  ...(sound.graph.length > 0 ? graphed(job, sound.graph.join(';')) : []),
  ...['-map', `0:${clipOf(job).stream}`, '-c:v', 'copy'],
];

const encoded = (job: Job, recipe: Recipe, clip: ClipFacts, fit: Fit, sound: SoundOut) => (place: Place) => {
  const task = shown(job, { clip, window: windowOf(clip), fit });
  const { watermark, crf = 23 } = recipe;
  const over = watermark ? [marked(watermark, fit, 'b', 'v')] : [];
  const graph = [`[0:${clip.stream}]${chain(task)}[${watermark ? 'b' : 'v'}]`, ...over, ...sound.graph].join(';');
  return [
    ...[...clipIn(task, place), ...(watermark ? markIn(place) : []), ...graphed(task, graph), '-map', '[v]'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', `${crf}`, '-pix_fmt', 'yuv420p'],
    ...['-r', rateText(clip.fps), '-threads', `${job.threads}`, ...TAGGED],
  ];
};

const ending = (place: Place) => [
  ...[...ANONYMOUS, '-movflags', '+faststart', ...TOLD],
  ...['-f', 'mp4', place.output(NAME)],
];
