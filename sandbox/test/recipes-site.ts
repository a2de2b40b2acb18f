// Transcodes into a directory of their own, and what FFmpeg says of the files.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MediaFile, Recipe } from '@plinth/sdk/services/media-recipes.ts';
import { type TranscodeOptions, transcode } from '../render/recipes/transcode.ts';

export interface Result {
  readonly directory: string;
  readonly files: readonly MediaFile[];
  readonly main: MediaFile;
  at(name: string): string;
  text(name: string): string;
}

let count = 0;

/** An empty directory below. */
export function aPlace(below: string): string {
  const directory = join(below, `made-${++count}`);
  mkdirSync(directory);
  return directory;
}

export async function transcoded(
  input: string,
  recipe: Recipe,
  directory: string,
  options: Partial<TranscodeOptions> = {},
): Promise<Result> {
  const files = await transcode({ input, recipe, directory, ...options });
  const main = files.find((file) => file.main);
  if (!main) throw new Error('no file is the main one');
  const at = (name: string) => join(directory, name);
  return { directory, files, main, at, text: (name) => readFileSync(at(name), 'utf8') };
}

export const leftIn = (directory: string): string[] => readdirSync(directory, { recursive: true }).map(String);

/** Seconds at which the first video of a file has keyframes. */
export function keyframesOf(file: string): number[] {
  const args = ['-v', 'error', '-select_streams', 'v:0', '-skip_frame', 'nokey', '-show_entries', 'frame=pts_time'];
  return execFileSync('ffprobe', [...args, '-of', 'csv=p=0', file], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => (/\d/.test(line) ? [Number.parseFloat(line)] : []));
}

/** In LUFS, as a player hears it: one channel comes out of two loudspeakers. */
export function loudnessOf(file: string): number {
  const args = [
    '-hide_banner',
    '-nostats',
    '-i',
    file,
    '-map',
    '0:a:0',
    '-af',
    'ebur128=dualmono=true',
    '-f',
    'null',
    '-',
  ];
  const { stderr } = execFileSyncBoth('ffmpeg', args);
  return Number(/Integrated loudness:\s+I:\s+(-?[\d.]+) LUFS/.exec(stderr)?.[1]);
}

function execFileSyncBoth(file: string, args: readonly string[]): { stderr: string } {
  const stderr = execFileSync('sh', ['-c', `"$0" "$@" 2>&1 >/dev/null`, file, ...args], { encoding: 'utf8' });
  return { stderr };
}

/** What the container says. */
export function secondsOf(file: string): number {
  const args = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', file];
  return Number.parseFloat(execFileSync('ffprobe', args, { encoding: 'utf8' }));
}
