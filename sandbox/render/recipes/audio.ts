// Sound alone.
import type { AudioRecipe } from '@plinth/sdk/services/media-recipes.ts';
import type { Static } from 'typebox';
import { ANONYMOUS, graphed } from '../commands.ts';
import { GUARDED_MEDIA, QUIET } from '../input.ts';
import { encoderOf, type Job, type Made, run, TOLD } from './job.ts';
import { levellingOf, neededTrack, soundChain } from './sound.ts';

type Recipe = Static<typeof AudioRecipe>;

const FORMATS = {
  aac: { name: 'audio.m4a', type: 'audio/mp4', codecs: 'mp4a.40.2', encoder: 'aac', args: ['-f', 'ipod'] },
  opus: { name: 'audio.ogg', type: 'audio/ogg', codecs: 'opus', encoder: 'libopus', args: ['-f', 'ogg'] },
  mp3: { name: 'audio.mp3', type: 'audio/mpeg', codecs: 'mp3', encoder: 'libmp3lame', args: ['-f', 'mp3'] },
} as const;

export async function audio(job: Job, recipe: Recipe): Promise<Made[]> {
  const { format = 'aac', bitrate = 128_000, loudness } = recipe;
  const track = neededTrack(job);
  const { name, type, codecs, encoder: wanted, args } = FORMATS[format];
  const encoder = encoderOf(job, wanted);
  const { duration } = job.media.facts;
  const half = loudness === undefined ? 0 : 0.5;
  const levelling = await levellingOf(job, track, loudness, { from: 0, to: half });
  // Opus knows one rate.
  const asked = format === 'opus' ? { ...track, sampleRate: 48_000 } : track;
  const graph = `[0:${track.stream}]${soundChain(asked, levelling)}[a]`;
  await run(job, {
    args: ({ input, output }) => [
      ...[...QUIET, ...GUARDED_MEDIA, '-vn', '-i', input(0), ...graphed(job, graph), '-map', '[a]'],
      ...['-c:a', encoder, '-b:a', `${bitrate}`, ...ANONYMOUS, '-movflags', '+faststart', ...TOLD],
      ...[...args, output(name)],
    ],
    ...{ seconds: duration, share: { from: half, to: 1 } },
  });
  return [{ name, type, main: true, duration, codecs }];
}
