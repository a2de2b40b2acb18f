// A ladder for adaptive playback as HLS: all rungs from one decoding, with keyframes at the same frames in each, in
// segments of fragmented MP4, and sound beside the pictures, so that no rung carries a copy of it.
import type { HlsRecipe } from '@plinth/sdk/services/media-recipes.ts';
import type { Static } from 'typebox';
import { ANONYMOUS, chain, clipIn, graphed, TAGGED } from '../commands.ts';
import { rateOf, rateText } from '../fraction.ts';
import { QUIET } from '../input.ts';
import type { Place } from '../jail.ts';
import type { ClipFacts } from '../probe.ts';
import { windowOf } from '../window.ts';
import { clipOf } from './clip.ts';
import { type Job, type Made, run, shown, TOLD } from './job.ts';
import { ladderOf, type Rung } from './ladder.ts';
import { readStream, type Stream, writeMaster } from './playlists.ts';
import { fitWhole, slowed } from './sizes.ts';
import { levellingOf, soundChain, trackOf } from './sound.ts';
import { marked, markIn } from './watermark.ts';

type Recipe = Static<typeof HlsRecipe>;

const KEYFRAME_SECONDS = 2;
const SEGMENT_SECONDS = 4;
const SOUND_BITRATE = { high: 128_000, low: 64_000 } as const;
const MEASURING = 0.1;

export async function hls(job: Job, recipe: Recipe): Promise<Made[]> {
  const clip = slowed(clipOf(job), recipe.fps);
  const rungs = ladderOf(clip, recipe.heights);
  const track = trackOf(job);
  const measured = recipe.loudness === undefined || !track ? 0 : MEASURING;
  const levelling = track && (await levellingOf(job, track, recipe.loudness, { from: 0, to: measured }));
  const ladder = { clip, recipe, levelling };
  const [lowest, ...higher] = rungs;
  if (!recipe.lowestFirst || !lowest || higher.length === 0) {
    const streams = await encode(job, ladder, rungs, soundsOf(job, rungs), { from: measured, to: 1 });
    return filesOf(job, clip, streams);
  }
  // It takes about as long as its part of all pixels, and the decoding.
  const first = measured + (1 - measured) * 0.3;
  const low = await encode(job, ladder, [lowest], soundsOf(job, rungs), { from: measured, to: first });
  await job.onFiles(await filesOf(job, clip, low));
  const high = await encode(job, ladder, higher, [], { from: first, to: 1 });
  return filesOf(job, clip, [...low, ...high]);
}

interface Ladder {
  readonly clip: ClipFacts;
  readonly recipe: Recipe;
  readonly levelling: string | undefined;
}

type Sound = Rung['sound'];

const soundsOf = (job: Job, rungs: readonly Rung[]): Sound[] =>
  trackOf(job) ? [...new Set(rungs.map(({ sound }) => sound))] : [];

async function encode(
  job: Job,
  ladder: Ladder,
  rungs: readonly Rung[],
  sounds: readonly Sound[],
  share: { readonly from: number; readonly to: number },
): Promise<Stream[]> {
  const { clip } = ladder;
  await run(job, {
    args: (place) => [...QUIET, ...command(job, ladder, rungs, sounds, place)],
    ...(job.mark === undefined ? {} : { reads: [job.mark] }),
    ...{ frames: clip.frames, seconds: clip.duration, share },
  });
  const read = (name: string) => readStream(job.workspace, name);
  return Promise.all([
    ...sounds.map(async (sound) => ({ kind: 'sound' as const, sound, ...(await read(soundName(sound))) })),
    ...rungs.map(async (rung) => ({ kind: 'pictures' as const, rung, ...(await read(rungName(rung))) })),
  ]);
}

const rungName = ({ name }: Rung) => `v${name}`;
const soundName = (sound: Sound) => `a-${sound}`;

function command(job: Job, ladder: Ladder, rungs: readonly Rung[], sounds: readonly Sound[], place: Place): string[] {
  const { clip, recipe, levelling } = ladder;
  const top = rungs.at(-1) ?? { width: 0, height: 0 };
  const task = shown(job, { clip, window: windowOf(clip), fit: fitWhole(clip, top) });
  const { watermark } = recipe;
  const over = watermark ? [marked(watermark, top, 'b', 'm')] : [];
  const pictures = [`[0:${clip.stream}]${chain(task)}[${watermark ? 'b' : 'm'}]`, ...over, ...cascade(rungs)];
  const graph = [...pictures, ...soundGraph(job, sounds, levelling)].join(';');
  return [
    ...[...clipIn(task, place), ...(watermark ? markIn(place) : []), ...graphed(job, graph)],
    ...rungs.flatMap((rung) => ['-map', `[${rungName(rung)}]`]),
    ...sounds.flatMap((sound) => ['-map', `[${soundName(sound)}]`]),
    ...[...videoArgs(clip, rungs), '-threads', `${job.threads}`, ...TAGGED, ...ANONYMOUS, ...TOLD],
    ...sounds.flatMap((sound, at) => [`-c:a:${at}`, 'aac', `-b:a:${at}`, `${SOUND_BITRATE[sound]}`]),
    ...segmented(rungs, sounds, place),
  ];
}

function segmented(rungs: readonly Rung[], sounds: readonly Sound[], { output }: Place): string[] {
  const names = [...rungs.map(rungName), ...sounds.map(soundName)];
  // Of one stream alone FFmpeg does not fill in the name.
  const name = names.length > 1 ? '%v' : (names[0] ?? '');
  const streams = [
    ...rungs.map((rung, at) => `v:${at},name:${rungName(rung)}`),
    ...sounds.map((sound, at) => `a:${at},name:${soundName(sound)}`),
  ];
  return [
    // Pictures and sound begin at the same moment: shifted, each would be by another time, and some players see only one.
    ...['-avoid_negative_ts', 'disabled'],
    ...['-f', 'hls', '-hls_time', `${SEGMENT_SECONDS}`, '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
    ...['-hls_flags', 'independent_segments', '-hls_fmp4_init_filename', `${name}-init.mp4`],
    ...['-hls_segment_filename', output(`${name}-%04d.m4s`), '-var_stream_map', streams.join(' ')],
    output(`${name}.m3u8`),
  ];
}

/** Each rung is made from the next larger one: scaling down what is small already costs next to nothing. */
function cascade(rungs: readonly Rung[]): string[] {
  return rungs.toReversed().map((rung, at, downwards) => {
    const from = at === 0 ? '[m]' : `[to-${rungName(rung)}]scale=${rung.width}:${rung.height}:flags=bicubic,setsar=1,`;
    const next = downwards[at + 1];
    const split = next ? `split[${rungName(rung)}][to-${rungName(next)}]` : `null[${rungName(rung)}]`;
    return `${from}${split}`;
  });
}

function soundGraph(job: Job, sounds: readonly Sound[], levelling: string | undefined): string[] {
  const track = trackOf(job);
  if (!track || sounds.length === 0) return [];
  const ends = sounds.map((sound) => `[${soundName(sound)}]`).join('');
  return [`[0:${track.stream}]${soundChain(track, levelling)},asplit=${sounds.length}${ends}`];
}

function videoArgs({ fps }: ClipFacts, rungs: readonly Rung[]): string[] {
  // Counted, not timed: the same in every rung, whatever the rate. Never less than what a segment is made of.
  const every = Math.ceil(KEYFRAME_SECONDS * rateOf(fps) - 1e-6);
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p', '-r', rateText(fps)],
    ...['-g', `${every}`, '-keyint_min', `${every}`, '-sc_threshold', '0'],
    ...['-force_key_frames', `expr:eq(mod(n,${every}),0)`],
    ...rungs.flatMap(({ peak }, at) => [
      `-maxrate:v:${at}`,
      `${peak}`,
      `-bufsize:v:${at}`,
      `${Math.round(1.5 * peak)}`,
    ]),
  ];
}

/** All files of these streams, and the master playlist that names them. */
async function filesOf(job: Job, clip: ClipFacts, streams: readonly Stream[]): Promise<Made[]> {
  const codecs = await writeMaster(job.workspace, streams, rateOf(clip.fps));
  const { duration } = clip;
  const top = streams.flatMap((stream) => (stream.kind === 'pictures' ? [stream.rung] : [])).at(-1);
  const size = top ? { width: top.width, height: top.height } : {};
  const master = { name: 'master.m3u8', type: PLAYLIST, main: true, ...size, duration, fps: rateOf(clip.fps), codecs };
  return [master, ...streams.flatMap((stream) => partsOf(stream, clip))];
}

const PLAYLIST = 'application/vnd.apple.mpegurl';

function partsOf(stream: Stream, { duration, fps }: ClipFacts): Made[] {
  const type = stream.kind === 'sound' ? 'audio/mp4' : 'video/mp4';
  const size =
    stream.kind === 'sound' ? {} : { width: stream.rung.width, height: stream.rung.height, fps: rateOf(fps) };
  return [
    { name: stream.playlist, type: PLAYLIST, ...size, duration, codecs: stream.codec },
    { name: stream.init, type, part: true },
    ...stream.segments.map(({ name, seconds }) => ({ name, type, part: true, duration: seconds })),
  ];
}
