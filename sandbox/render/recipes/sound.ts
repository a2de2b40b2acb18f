// The sound of what is made: the clip's first track in at most two channels, at a rate that everything plays, levelled
// where that is asked for.

import { renderErrors } from '../errors.ts';
import { GUARDED_MEDIA, QUIET } from '../input.ts';
import type { AudioFacts } from '../streams.ts';
import { type Job, run, TOLD } from './job.ts';

/** The first track; nothing where there is none. */
export const trackOf = ({ media }: Job): AudioFacts | undefined => media.facts.audio[0];

/** The same for what is nothing without sound. */
export function neededTrack(job: Job): AudioFacts {
  const track = trackOf(job);
  if (!track) throw renderErrors.no_sound();
  return track;
}

/** Filters from a decoded track to what is encoded. What the clip says of times holds: gaps are filled with silence. */
export function soundChain({ channels, sampleRate }: AudioFacts, levelling?: string): string {
  const rate = sampleRate === 44_100 ? 44_100 : 48_000;
  // It works at a rate of its own.
  const levelled = levelling === undefined ? [] : [levelling];
  // Said once more at the end: FFmpeg does not always see through what is in between.
  return [mixed(channels), ...levelled, `aresample=${rate}:async=1:first_pts=0`, mixed(channels)].join(',');
}

/** Beside pictures: its part of the graph, and what is said of it after the maps. */
export interface SoundOut {
  readonly graph: readonly string[];
  readonly args: readonly string[];
}

/** As it is where everything plays it so; else anew. */
export function soundOut(track: AudioFacts | undefined, levelling: string | undefined): SoundOut {
  if (!track) return { graph: [], args: [] };
  const { stream, codec, channels, sampleRate } = track;
  const plays = codec === 'aac' && channels <= 2 && sampleRate <= 48_000;
  if (plays && levelling === undefined) return { graph: [], args: ['-map', `0:${stream}`, '-c:a', 'copy'] };
  const graph = [`[0:${stream}]${soundChain(track, levelling)}[a]`];
  return { graph, args: ['-map', '[a]', '-c:a', 'aac', '-b:a', '160k'] };
}

const mixed = (channels: number) => `aformat=channel_layouts=${channels === 1 ? 'mono' : 'stereo'}`;

const WITHOUT_SOUND = -70;
/** As much as broadcasters let peaks come near to clipping. */
const TRUE_PEAK = -1.5;
/** Quiet passages stay quiet: all of it gets one gain, unless that would clip. */
const RANGE = 20;

/**
 * What brings the sound to a loudness: measured in a first pass, so that it is one gain for all of it. Nothing where all
 * is silence.
 */
export async function levellingOf(
  job: Job,
  track: AudioFacts,
  loudness: number | undefined,
  share: { readonly from: number; readonly to: number },
): Promise<string | undefined> {
  if (loudness === undefined) return undefined;
  const asked = `loudnorm=I=${loudness}:TP=${TRUE_PEAK}:LRA=${RANGE}:dual_mono=true`;
  const { words } = await run(job, {
    args: ({ input }) => [
      // What it measured comes as information.
      ...QUIET.map((word) => (word === 'error' ? 'info' : word)),
      ...['-nostats', ...GUARDED_MEDIA, '-vn', '-i', input(0), '-map', `0:${track.stream}`],
      ...['-af', `${mixed(track.channels)},${asked}:print_format=json`, ...TOLD, '-f', 'null', '-'],
    ],
    seconds: job.media.facts.duration,
    share,
  });
  const measured = JSON.parse(/\{[^{}]*\}\s*$/.exec(words)?.[0] ?? '{}') as Readonly<Record<string, string>>;
  const { input_i, input_tp, input_lra, input_thresh, target_offset } = measured;
  if (!(Number(input_i) > WITHOUT_SOUND)) return undefined;
  const known = `measured_I=${input_i}:measured_TP=${input_tp}:measured_LRA=${input_lra}:measured_thresh=${input_thresh}`;
  return `${asked}:${known}:offset=${target_offset}:linear=true`;
}
