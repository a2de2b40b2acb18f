// How a program that is a script of ours is started: by the Node that runs us, with nothing in reach but itself.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostFiles } from './host-files.ts';

const scripts = fileURLToPath(new URL('.', import.meta.url));
const FLAGS = ['--disable-warning=ExperimentalWarning'];
const ROOT = '/plinth';

/** FFmpeg's and FFprobe's scripts, where the package that they run is installed. */
export function embeddedPrograms(): { readonly ffmpeg: string; readonly ffprobe: string } | undefined {
  if (packageDirectory() === undefined) return undefined;
  return { ffmpeg: join(scripts, 'ffmpeg.ts'), ffprobe: join(scripts, 'ffprobe.ts') };
}

/** Whether it is a script of ours, and no program by itself. */
export const isScript = (program: string): boolean => dirname(program) === dirname(join(scripts, '_'));

/** A program or script as it is, for what it says of itself. */
export const unjailed = (program: string): [string, ...string[]] =>
  isScript(program) ? [process.execPath, ...FLAGS, program, '{}'] : [program];

/** Inside bubblewrap: what it needs to see, and the command. */
export function bound(script: string, files: HostFiles): { readonly binds: string[]; readonly command: string[] } {
  const inside = script.replace(scripts, `${ROOT}/ffmpeg/`);
  return {
    binds: [
      ...['--ro-bind', process.execPath, join(ROOT, 'node')],
      ...['--ro-bind', scripts, join(ROOT, 'ffmpeg')],
      ...['--ro-bind', packageDirectory() ?? '', join(ROOT, 'node_modules/@ffmpeg/core')],
    ],
    command: [join(ROOT, 'node'), ...FLAGS, inside, JSON.stringify(files)],
  };
}

/** Without bubblewrap, Node itself opens nothing but what is named. */
export function permitted(script: string, files: HostFiles): string[] {
  const readable = [`${scripts}*`, `${packageDirectory()}/*`, ...(files.reads ?? [])];
  const writable = files.writes === undefined ? [] : [`${files.writes}/*`];
  return [
    ...[process.execPath, ...FLAGS, '--permission', ...readable.map((path) => `--allow-fs-read=${path}`)],
    ...writable.flatMap((path) => [`--allow-fs-read=${path}`, `--allow-fs-write=${path}`]),
    ...[script, JSON.stringify(files)],
  ];
}

function packageDirectory(): string | undefined {
  try {
    return dirname(dirname(dirname(createRequire(import.meta.url).resolve('@ffmpeg/core'))));
  } catch {
    return undefined;
  }
}
