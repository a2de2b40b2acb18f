// Clips made for a test by FFmpeg itself, and what is in a file, measured by decoding it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A directory for one test file. */
export function aDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'plinth-clips-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);
}

/** How people's files mostly are. */
export const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
export const pattern = (size = '320x180', rate = 30, seconds = 1) => [
  ...['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=${rate}:d=${seconds}`],
];
export const tone = (seconds = 1) => ['-f', 'lavfi', '-i', `sine=f=440:r=44100:d=${seconds}`];

/** One colour, converted to limited BT.709 or BT.601 by name. */
export const plain = (color: string, matrix: 'bt709' | 'bt601', size = '320x180') => [
  ...['-f', 'lavfi', '-i', `color=${color}:s=${size}:r=30:d=0.5,format=gbrp`],
  ...['-vf', `scale=out_color_matrix=${matrix}:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv420p`],
];
export const TAGGED = [
  '-color_range',
  'tv',
  '-colorspace',
  'bt709',
  '-color_primaries',
  'bt709',
  '-color_trc',
  'bt709',
];

interface Stream {
  readonly codec_type: string;
  readonly codec_name: string;
  readonly nb_read_frames: string;
  readonly width?: number;
  readonly height?: number;
  readonly pix_fmt?: string;
  readonly color_space?: string;
  readonly color_range?: string;
  readonly r_frame_rate: string;
  /** In samples, for sound. */
  readonly duration_ts?: number;
  readonly side_data_list?: readonly unknown[];
}

/** Each stream, with its frames counted by decoding them. */
export function streamsOf(file: string): Stream[] {
  const args = ['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', file];
  return JSON.parse(execFileSync('ffprobe', args, { encoding: 'utf8' })).streams;
}

export function videoOf(file: string): Stream & { frames: number } {
  const video = streamsOf(file).find(({ codec_type }) => codec_type === 'video');
  if (!video) throw new Error('no video');
  return { ...video, frames: Number(video.nb_read_frames) };
}

export function formatOf(file: string): { readonly tags: Readonly<Record<string, string>> } {
  const args = ['-v', 'error', '-show_format', '-of', 'json', file];
  return JSON.parse(execFileSync('ffprobe', args, { encoding: 'utf8' })).format;
}

/** The sound as its samples. */
export function soundOf(file: string): Int16Array {
  const args = ['-v', 'error', '-i', file, '-map', '0:a:0', '-f', 's16le', '-'];
  const { buffer, byteOffset, length } = execFileSync('ffmpeg', args, { maxBuffer: 1e9 });
  return new Int16Array(buffer.slice(byteOffset, byteOffset + length));
}

interface Planes {
  readonly width: number;
  readonly height: number;
  readonly data: Buffer;
}
const decoded = new Map<string, Planes>();

function planesOf(file: string): Planes {
  const args = ['-v', 'error', '-i', file, '-pix_fmt', 'yuv420p', '-f', 'rawvideo', '-'];
  const { width = 0, height = 0 } = videoOf(file);
  const planes = { width, height, data: execFileSync('ffmpeg', args, { maxBuffer: 1e9 }) };
  decoded.set(file, planes);
  return planes;
}

/** The colour of a pixel, read as limited BT.709. The file is decoded once. */
export function colorAt(file: string, frame: number, x: number, y: number): [number, number, number] {
  const { width, height, data } = decoded.get(file) ?? planesOf(file);
  const planes = data.subarray(frame * width * height * 1.5);
  const pair = Math.floor(y / 2) * (width / 2) + Math.floor(x / 2);
  const light = (255 / 219) * ((planes[y * width + x] ?? 0) - 16);
  const blue = (255 / 224) * ((planes[width * height + pair] ?? 0) - 128);
  const red = (255 / 224) * ((planes[(width * height * 5) / 4 + pair] ?? 0) - 128);
  return [light + 1.5748 * red, light - 0.1873 * blue - 0.4681 * red, light + 1.8556 * blue];
}

/** Red, green and blue of a picture's pixel. */
export function pixelAt(picture: string, width: number, x: number, y: number): number[] {
  const rgb = ['-v', 'error', '-i', picture, '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
  const data = execFileSync('ffmpeg', rgb, { maxBuffer: 1e9 });
  return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

/** All processes that this one started, and that those started. */
export function descendants(of = process.pid): number[] {
  const parents = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const children = parents.filter((pid) => parentOf(Number(pid)) === of).map(Number);
  return [...children, ...children.flatMap((child) => descendants(child))];
}

export const isAlive = (pid: number): boolean => parentOf(pid) !== undefined;

function parentOf(pid: number): number | undefined {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}
