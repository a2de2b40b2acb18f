// What a file is, before anything is done with it: by its index alone, nothing is decoded.
import { access, constants, open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { CLIP_BYTES, CLIP_FRAMES, CLIP_PIXELS, CLIP_SECONDS, PROBE_BOUNDS, PROBE_BYTES } from '../limits.ts';
import { renderErrors } from './errors.ts';
import { locateFFmpeg, type Programs } from './ffmpeg.ts';
import { type Fraction, fractionOf, rateOf } from './fraction.ts';
import { GUARDED, isStreamed } from './input.ts';
import { type JailedEnd, startJailed } from './jail.ts';
import { indexOf, LISTED, type Listed } from './packets.ts';
import { type AudioFacts, audioOf, type PictureFacts, type Probed, type ProbedStream, pictureOf } from './streams.ts';
import { timesOf } from './times.ts';

/** What a clip is. Sizes are as it is shown: turned upright, with square pixels. */
export interface ClipFacts extends PictureFacts {
  readonly file: string;
  readonly bytes: number;
  /** As FFmpeg names it: `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly container: string;
  /** Seconds that its pictures last. */
  readonly duration: number;
  readonly fps: Fraction;
  /** Without a steady rate: it is rendered at `fps`. */
  readonly variable: boolean;
  readonly frames: number;
  readonly audio: readonly AudioFacts[];
}

export interface ProbeOptions {
  readonly ffmpeg?: Pick<Programs, 'ffprobe'>;
  readonly signal?: AbortSignal;
}

/** @example const { width, height, frames } = await probe('clip.mp4'); */
export async function probe(file: string, options: ProbeOptions = {}): Promise<ClipFacts> {
  const asking = await askAbout(file, options);
  const [described, packets] = await describeAndList(asking);
  const video = moving(described);
  if (!video) throw renderErrors.no_pictures();
  return clipOf(asking, described, video, packets);
}

/** The picture on a song's cover is a video stream too. */
export const moving = ({ streams = [] }: Probed): ProbedStream | undefined =>
  streams.find(({ codec_type, disposition }) => codec_type === 'video' && !disposition?.attached_pic);

export const soundsOf = ({ streams = [] }: Probed): AudioFacts[] =>
  streams.filter(({ codec_type }) => codec_type === 'audio').flatMap(audioOf);

export function clipOf({ file, bytes }: Asking, described: Probed, video: ProbedStream, packets: Listed): ClipFacts {
  const { format } = described;
  const picture = pictureOf(video);
  if (picture.width === 0 || picture.height === 0) throw renderErrors.damaged({ detail: 'Its pictures have no size.' });
  if (picture.width * picture.height > CLIP_PIXELS)
    throw renderErrors.too_large({
      detail: `It is ${picture.width}x${picture.height}; ${CLIP_PIXELS} pixels are the limit.`,
    });
  const begin = Number(format?.start_time ?? 0) || 0;
  const index = indexOf(packets, video, format?.format_name);
  const shown = index.shown.map((time) => time - begin);
  const stated = [fractionOf(video.r_frame_rate), fractionOf(video.avg_frame_rate)];
  const times = timesOf(shown, stated, index.last);
  const duration = times.frames / rateOf(times.fps);
  checkLength(duration, times.frames);
  const container = format?.format_name ?? '';
  // Without an index, that is only what its times suggest.
  const promised = isStreamed({ container }) ? 0 : Number(video.duration ?? format?.duration ?? 0);
  checkWhole(index.broken, duration, promised);
  const audio = soundsOf(described);
  return { file, bytes, container, ...picture, ...times, duration, audio };
}

export function checkLength(duration: number, frames = 0): void {
  if (duration > CLIP_SECONDS || frames > CLIP_FRAMES)
    throw renderErrors.too_large({ detail: `It lasts ${Math.round(duration)} s; ${CLIP_SECONDS} s are the limit.` });
}

/** `broken`: the file ended before its index did. */
export function checkWhole(broken: boolean, duration: number, promised: number): void {
  const short = duration < promised - Math.max(0.5, 0.05 * promised);
  if (!broken && !short) return;
  throw renderErrors.damaged({
    detail:
      duration < promised - 0.05
        ? `It says that it lasts ${promised.toFixed(1)} s, but ends after ${duration.toFixed(1)} s.`
        : 'It breaks off in the middle.',
  });
}

/** One file, and who is asked about it. */
export async function askAbout(file: string, { ffmpeg, signal }: ProbeOptions): Promise<Asking> {
  const bytes = await sizeOf(file);
  const { ffprobe } = ffmpeg ?? locateFFmpeg();
  return { file, bytes, ffprobe, signal, guard: GUARDED };
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((cause: Error) => {
    throw renderErrors.missing_file({ detail: file, cause });
  });
  // A pipe would never end, and a device is nobody's clip.
  if (!found.isFile()) throw renderErrors.missing_file({ detail: `"${file}" is not a file.` });
  await access(file, constants.R_OK).catch(() => {
    throw renderErrors.unreadable_file({ detail: `It is "${file}".` });
  });
  if (found.size === 0) throw renderErrors.not_a_video({ detail: 'The file is empty.' });
  if (found.size > CLIP_BYTES)
    throw renderErrors.too_large({ detail: `It has ${found.size} bytes; ${CLIP_BYTES} are the limit.` });
  return found.size;
}

export interface Asking {
  readonly file: string;
  readonly bytes: number;
  readonly ffprobe: string;
  readonly signal: AbortSignal | undefined;
  /** What it may be read as. */
  readonly guard: readonly string[];
}

/** Both at once; what one of them refuses the other need not read to its end. */
export async function describeAndList({ signal, ...asking }: Asking): Promise<[Probed, Listed]> {
  const stop = new AbortController();
  const both = { ...asking, signal: AbortSignal.any([stop.signal, ...(signal ? [signal] : [])]) };
  const works = [describe(both), listPackets(both, 'v')] as const;
  try {
    return await Promise.all(works);
  } finally {
    stop.abort();
    await Promise.allSettled(works);
  }
}

export async function describe(asking: Asking, more: readonly string[] = []): Promise<Probed> {
  const { output, end } = await ask(asking, ['-show_streams', '-show_format', ...more, '-of', 'json']);
  if (end.code !== 0) throw await unreadable(asking.file, end);
  return JSON.parse(output) as Probed;
}

export function listPackets(asking: Asking, streams: string): Promise<Listed> {
  return ask(asking, ['-select_streams', streams, '-show_entries', LISTED, '-of', 'compact=p=0']);
}

async function ask({ file, ffprobe, signal, guard }: Asking, args: readonly string[]): Promise<Listed> {
  const probing = startJailed({
    program: ffprobe,
    reads: [file],
    args: ({ input }) => ['-v', 'error', ...guard, ...args, input(0)],
    stdout: 'pipe',
    bounds: PROBE_BOUNDS,
    ...(signal ? { signal } : {}),
  });
  const [output, end] = await Promise.all([textOf(probing.stdout, probing.kill), probing.ended]);
  if (signal?.aborted) throw renderErrors.cancelled();
  if (output === undefined) throw renderErrors.too_large({ detail: 'It has more parts than can be listed.' });
  if (end.late) throw renderErrors.damaged({ detail: `Reading it took longer than ${PROBE_BOUNDS.wallMs / 1000} s.` });
  return { output, end };
}

/** All of it, or nothing where somebody made a file to fill our memory. */
async function textOf(from: Readable | undefined, stop: () => void): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of from ?? []) {
    length += part.length;
    if (length > PROBE_BYTES) stop();
    else parts.push(part);
  }
  return length > PROBE_BYTES ? undefined : Buffer.concat(parts).toString();
}

/** FFmpeg's words help nobody who uploaded a file: what it looks like does. */
async function unreadable(file: string, { words, code }: JailedEnd): Promise<Error> {
  // Behind the wall root is nobody special: what is others' alone stays theirs.
  if (/Permission denied/.test(words))
    throw renderErrors.unreadable_file({
      detail: `"${file}" is its owner's alone, and FFmpeg runs without the rights of root.`,
    });
  const head = await headOf(file);
  const cause = words.split('\n').at(-1) || `ffprobe ended with ${code}`;
  const [, detail] = OTHERS.find(([looks]) => looks.test(head)) ?? [];
  if (detail !== undefined) return renderErrors.not_a_video({ detail, cause });
  if (/^.{4}(ftyp|moov|mdat)|^.E\xdf\xa3|^RIFF.{4}AVI /s.test(head))
    return renderErrors.damaged({ detail: 'Its end or its index is missing.', cause });
  return renderErrors.not_a_video({ cause });
}

/** What people take for videos, or call so, by how it begins. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^(#EXTM3U|<\?xml|ffconcat)/, 'It is a playlist, which names other files instead of holding a video.'],
  [/^[\t\n\r\x20-\x7e]*$/, 'It is a text file.'],
  [/^\xff\xd8\xff|^\x89PNG|^RIFF.{4}WEBP|^BM|^.{4}ftyp(avif|hei[cf]|mif1)/s, 'It is a picture.'],
  [/^ID3|^\xff[\xe0-\xff]|^RIFF.{4}WAVE|^fLaC/s, 'It is a sound without pictures.'],
];

/** Its first bytes, each a character. */
export async function headOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.subarray(0, bytesRead).toString('latin1');
  } finally {
    await handle.close();
  }
}
