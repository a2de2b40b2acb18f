// What FFmpeg is told so that analysers get sound, small pictures and large grey ones of the same frames.
import { chain, clipIn, graphed } from '../render/commands.ts';
import type { FFmpeg } from '../render/ffmpeg.ts';
import { rateOf, rateText } from '../render/fraction.ts';
import { GUARDED_MEDIA, GUARDED_PICTURE, guardFor, QUIET } from '../render/input.ts';
import type { Place } from '../render/jail.ts';
import type { ClipFacts } from '../render/probe.ts';
import type { Fit, Window } from '../render/window.ts';
import { SAMPLE_RATE, type Size } from './analyser.ts';

/** The longer side of small pictures and of large ones. */
const [SMALL, LARGE] = [64, 480];
const SHORTEST = 16;

export function sizesOf({ width, height }: Size): { readonly small: Size; readonly large: Size } {
  const within = (side: number, most: number) => Math.max(SHORTEST, 2 * Math.round((side * most) / 2));
  const fitted = (longest: number) => {
    const scale = Math.min(1, longest / Math.max(width, height));
    return { width: within(width, scale), height: within(height, scale) };
  };
  return { small: fitted(SMALL), large: fitted(LARGE) };
}

export interface PicturesTask {
  readonly clip: ClipFacts;
  readonly window: Window;
  readonly ffmpeg: FFmpeg;
  readonly threads: number;
  readonly small?: Size;
  /** One large picture for so many frames. */
  readonly large?: Size & { readonly of: number };
}

/** Small pictures go to standard output, large ones to the third descriptor. */
export function picturesOut(task: PicturesTask, place: Place): string[] {
  const { clip, small, large } = task;
  // Small ones are made from large ones whoever asks: what is found does not depend on what else is sought.
  const shown = { ...task, fit: fitOf(sizesOf(clip).large), filters: [] };
  const outs = [...(small ? [{ name: 'p', to: 1 }] : []), ...(large ? [{ name: 'd', to: 3 }] : [])];
  const split = outs.length > 1 ? `,split[p0][d0];[p0]` : ',';
  const graph = [
    `[0:${clip.stream}]${chain(shown)}${split}`,
    ...(small
      ? [`scale=${small.width}:${small.height}:flags=area:in_color_matrix=bt709:in_range=tv,format=rgb24[p]`]
      : []),
    ...(outs.length > 1 ? [';[d0]'] : []),
    ...(large ? [`framestep=${large.of},scale=out_range=pc,format=gray[d]`] : []),
  ].join('');
  const maps = outs.flatMap(({ name, to }) => ['-map', `[${name}]`, '-f', 'rawvideo', `pipe:${to}`]);
  const isStill = guardFor(clip) === GUARDED_PICTURE;
  // Left alone FFmpeg takes a still for so short that no frame of it is left.
  const still = [...GUARDED_PICTURE, '-framerate', rateText(clip.fps), '-i', place.input(0)];
  return [...QUIET, ...(isStill ? still : clipIn(shown, place)), ...graphed(task, graph), ...maps];
}

const fitOf = ({ width, height }: Size): Fit => ({
  ...{ width, height, exact: false },
  inner: { width, height, x: 0, y: 0 },
});

export interface SoundTask {
  /** Of the streams in the file. */
  readonly stream: number;
  /** Seconds; all of it, if absent. */
  readonly cut?: { readonly from: number; readonly length: number };
  readonly sampleRate?: number;
  readonly channels: number;
}

/** Samples, one channel's beside the other's, from the file's first moment on: silence where its sound begins later. */
export function soundOut({ stream, cut, sampleRate = SAMPLE_RATE, channels }: SoundTask, place: Place): string[] {
  const seconds = (value: number) => value.toFixed(6);
  const times = cut ? ['-ss', seconds(cut.from), '-t', seconds(cut.length)] : [];
  const timed = `aresample=${sampleRate}:async=1:first_pts=0`;
  return [
    ...[...QUIET, ...GUARDED_MEDIA, ...times, '-vn', '-i', place.input(0), '-map', `0:${stream}`],
    ...['-af', timed, '-ac', `${channels}`, '-f', 'f32le', 'pipe:1'],
  ];
}

/** As precise as a window is in frames. */
export const cutOf = ({ fps }: ClipFacts, { first, frames, whole }: Window) =>
  whole ? {} : { cut: { from: first / rateOf(fps), length: frames / rateOf(fps) } };
