// What FFmpeg is told, for each leg that pictures go through it.
import type { FFmpeg } from './ffmpeg.ts';
import { rateOf, rateText } from './fraction.ts';
import { GUARDED, guardFor, inStep, isStreamed, QUIET } from './input.ts';
import type { Place } from './jail.ts';
import { normalised, TAGS } from './normalise.ts';
import type { ClipFacts } from './probe.ts';
import { type Fit, type Size, skippedOf, type Window } from './window.ts';

/** Where something is drawn: a part of the picture. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Pictures of a clip: which, how large, and what they go through. */
export interface Shown {
  readonly clip: ClipFacts;
  readonly window: Window;
  readonly fit: Fit;
  readonly ffmpeg: FFmpeg;
  /** Already written as FFmpeg wants them, and checked. */
  readonly filters: readonly string[];
  readonly threads: number;
}

export interface Task extends Omit<Shown, 'filters'> {
  /** What the result says of itself. */
  readonly about: Readonly<Record<string, string>>;
  /** A single picture instead of a video. */
  readonly still: boolean;
  /** Without the clip's sound. */
  readonly silent: boolean;
  /** A file whose sound takes the place of the clip's first. */
  readonly sound?: string;
}

/** Boxes of equal width. They come one below the other, as one picture. */
export interface Drawings {
  readonly boxes: readonly Box[];
}

/** What pictures go through on one way through FFmpeg. What comes from effects comes from standard input. */
export interface Leg {
  readonly from: 'clip' | 'planes';
  /** Filters, and drawings to be laid over; of these there is one at most, and only over the clip. */
  readonly steps: readonly (readonly string[] | Drawings)[];
  readonly to: 'planes' | 'result';
}

/** What the result says of its colours. */
export const TAGGED: readonly string[] = [
  ...['-color_range', 'tv', '-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
];

/** Where a clip was made is nobody's business, and the same work gives the same bytes. */
export const ANONYMOUS: readonly string[] = [
  ...['-map_metadata', '-1', '-map_chapters', '-1'],
  ...['-fflags', '+bitexact', '-flags:v', '+bitexact', '-flags:a', '+bitexact'],
];

/** What FFmpeg calls the result, until it is at its place. */
export const RESULT = 'result';
/** And the list of parts to be joined. */
export const PARTS = 'parts';

export function legArgs(task: Task, { from, steps, to }: Leg, place: Place): string[] {
  const { clip, window, fit, ffmpeg } = task;
  const fromClip = from === 'clip';
  const drawings = steps.find((step) => 'boxes' in step);
  const head = fromClip ? [`[0:${clip.stream}]`, normalised(clip, window, fit, ffmpeg)] : ['[0:v]', ['setsar=1', TAGS]];
  const graph = `${[...head, ...steps.map((step) => ('boxes' in step ? over(step.boxes) : step))].reduce(joined, '')}[v]`;
  const input = fromClip ? clipIn(task, place) : rawIn(task, 'yuv420p', fit);
  const pictures = drawings ? rawIn(task, 'yuva420p', stacked(drawings.boxes)) : [];
  const inputs = { ...(fromClip ? { clipIs: 0 } : {}), next: drawings ? 2 : 1 };
  // Some filters forget the rate, and newer FFmpegs then take it for 25.
  const raw = ['-map', '[v]', '-r', rateText(clip.fps), '-f', 'rawvideo', '-pix_fmt', 'yuv420p', 'pipe:1'];
  const out = to === 'planes' ? [...graphed(task, graph), ...raw] : result(task, place, graph, inputs);
  const rest = fromClip ? inStep(clip, 0, endOf(task)) : [];
  return [...QUIET, ...input, ...pictures, ...out, ...rest];
}

/** The frames on both sides have the same numbers: when one side ends early, the count shows it. */
function over(boxes: readonly Box[]): string {
  const [{ x, y } = { x: 0, y: 0 }, ...more] = boxes;
  const drawings = `[b];[1:v]setsar=1,${TAGS}`;
  if (more.length === 0) return `${drawings}[o];[b][o]${overlay(x, y)}`;
  const names = boxes.map((_, at) => `[o${at}]`);
  let from = 0;
  const cut = boxes.map(({ width, height }, at) => {
    const crop = `[o${at}]crop=${width}:${height}:0:${from}[c${at}]`;
    from += height;
    return crop;
  });
  const laid = boxes.map((box, at) => `[b${at || ''}][c${at}]${overlay(box.x, box.y)}`);
  return `${drawings},split=${boxes.length}${names.join('')};${cut.join(';')};${laid.reduce(
    (all, one, at) => `${all}[b${at}];${one}`,
  )}`;
}

const overlay = (x: number, y: number) => `overlay=${x}:${y}:format=yuv420:eof_action=endall`;

/** The size of boxes one below the other. */
const stacked = (boxes: readonly Box[]): Size => ({
  width: boxes[0]?.width ?? 0,
  height: boxes.reduce((sum, { height }) => sum + height, 0),
});

/** Filters follow each other with a comma, what names its inputs follows as it is. */
function joined(graph: string, part: string | readonly string[]): string {
  const text = typeof part === 'string' ? part : part.join(',');
  return graph === '' || graph.endsWith(']') || text.startsWith('[') ? `${graph}${text}` : `${graph},${text}`;
}

export const chain = ({ clip, window, fit, ffmpeg, filters }: Shown) =>
  [...normalised(clip, window, fit, ffmpeg), ...filters].join(',');

export const graphed = ({ threads }: Pick<Shown, 'threads'>, graph: string) => [
  ...['-filter_complex_threads', `${threads}`],
  ...['-filter_complex', graph],
];

export function clipIn({ clip, window, ffmpeg, threads }: Omit<Shown, 'filters'>, place: Place): string[] {
  const skipped = skippedOf(clip, window);
  const seek = skipped > 0 ? ['-ss', seconds((skipped - 0.5) / rateOf(clip.fps))] : [];
  // Only these see the transparency that WebM keeps beside the pictures. They come with the encoders of the same name.
  const library = clip.alpha ? WITH_ALPHA[clip.codec] : undefined;
  const decoder = library && ffmpeg.encoders.has(library) ? ['-c:v', library] : [];
  // What changes within a clip is evened out by the filters: begun anew, they would count from the beginning.
  const steadily = ['-reinit_filter', '0'];
  return [...guardFor(clip), '-threads', `${threads}`, ...decoder, ...steadily, ...seek, '-i', place.input(0)];
}

const WITH_ALPHA: Readonly<Record<string, string>> = { vp8: 'libvpx', vp9: 'libvpx-vp9' };

function rawIn({ clip }: Task, format: string, { width, height }: Size): string[] {
  return ['-f', 'rawvideo', '-pix_fmt', format, '-s', `${width}x${height}`, '-r', rateText(clip.fps), '-i', 'pipe:0'];
}

/** Parts one after the other, which a list names, with the clip's sound. */
export function joinArgs(task: Task, place: Place): string[] {
  const list = ['-protocol_whitelist', 'file', '-format_whitelist', 'concat,mov', '-f', 'concat', '-safe', '0'];
  const sound = soundOf(task, place, { next: 1 });
  const copied = ['-map', '0:v:0', ...sound.maps, '-c:v', 'copy'];
  return [...QUIET, ...list, '-i', place.output(PARTS), ...sound.input, ...copied, ...mp4(task, place), ...sound.rest];
}

/** What MP4 holds and browsers play. */
const KEPT = new Set(['aac', 'mp3', 'opus', 'ac3', 'eac3', 'alac']);

/** Which input the clip is, if it is one already, and the number of the next. */
interface Inputs {
  readonly clipIs?: number;
  readonly next: number;
}

function result(task: Task, place: Place, graph: string, inputs: Inputs): string[] {
  const { clip, threads } = task;
  if (task.still) return stillResult(task, place, graph);
  const sound = soundOf(task, place, inputs);
  return [
    ...[...sound.input, ...graphed(task, graph), '-map', '[v]', ...sound.maps],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p'],
    ...['-r', rateText(clip.fps), '-threads', `${threads}`],
    // Left to run ahead, x264's look-ahead makes other bytes now and then: the same render is the same file.
    ...['-x264-params', 'sync-lookahead=0'],
    ...[...TAGGED, ...mp4(task, place), ...sound.rest],
  ];
}

/** What says where sound begins and ends counts in samples, not in milliseconds. */
export const exactly = (audio: { readonly sampleRate: number } | undefined): readonly string[] =>
  audio ? ['-movie_timescale', `${audio.sampleRate}`] : [];

function mp4({ clip, silent, about }: Task, place: Place): string[] {
  const told = Object.entries(about).flatMap(([key, value]) => ['-metadata', `${key}=${value}`]);
  const flags = ['+faststart', ...(told.length > 0 ? ['use_metadata_tags'] : [])].join('+');
  const progress = ['-progress', 'pipe:3', '-stats_period', '0.25'];
  const times = silent ? [] : exactly(clip.audio[0]);
  return [...ANONYMOUS, ...told, ...times, '-movflags', flags, ...progress, '-f', 'mp4', place.output(RESULT)];
}

function stillResult(task: Task, place: Place, graph: string): string[] {
  const rgb = 'scale=in_color_matrix=bt709:in_range=tv:flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp';
  return [
    ...[...graphed(task, `${graph};[v]${rgb},format=rgb24[p]`), '-map', '[p]', '-frames:v', '1', '-c:v', 'png'],
    ...['-fflags', '+bitexact', '-progress', 'pipe:3', '-f', 'image2', '-update', '1', place.output(RESULT)],
  ];
}

interface Sound {
  readonly input: readonly string[];
  readonly maps: readonly string[];
  /** Behind the result. */
  readonly rest: readonly string[];
}

/** The clip's sound: as it is where all of it is wanted, else cut to the sample, which means to encode it anew. */
function soundOf(task: Task, place: Place, { clipIs, next }: Inputs): Sound {
  const { clip, window, silent } = task;
  if (silent || clip.audio.length === 0) return { input: [], maps: [], rest: [] };
  const rate = rateOf(clip.fps);
  const behind = task.sound === undefined ? next : next + 1;
  const from = window.whole ? (clipIs ?? behind) : behind;
  const cut = window.whole ? [] : ['-ss', seconds(window.first / rate), '-t', seconds(window.frames / rate)];
  const made = task.sound === undefined ? [] : ['-i', place.input(1)];
  const maps = clip.audio.flatMap(({ stream, codec }, at) => {
    if (at === 0 && made.length > 0) return ['-map', `${next}:a`, '-c:a:0', 'copy'];
    const kept = window.whole && KEPT.has(codec);
    // Some containers round times to a millisecond: samples are counted instead, and only gaps are filled.
    const anew = ['aac', `-b:a:${at}`, '192k', `-filter:a:${at}`, 'aresample=async=1'];
    return ['-map', `${from}:${stream}`, `-c:a:${at}`, ...(kept ? ['copy'] : anew)];
  });
  if (from !== behind) return { input: made, maps, rest: [] };
  const alone = isStreamed(clip) ? [] : ['-vn'];
  const again = [...GUARDED, ...cut, ...alone, '-i', place.input(0)];
  return { input: [...made, ...again], maps, rest: inStep(clip, behind, window.frames / rate) };
}

/** In seconds from the clip's beginning, and a little more. */
const endOf = ({ clip, window }: Task): number => (window.first + window.frames) / rateOf(clip.fps) + 1;

const seconds = (value: number) => value.toFixed(6);
