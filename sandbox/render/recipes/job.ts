// One transcoding under way: what it reads, where it writes, and how each run of FFmpeg in it is started, followed and
// bounded. Recipes are written on top of this.
import type { Readable } from 'node:stream';
import type { MediaFile } from '@plinth/sdk/services/media-recipes.ts';
import { RENDER_BOUNDS, RENDER_FRAME_MS } from '../../limits.ts';
import type { Shown } from '../commands.ts';
import { renderErrors } from '../errors.ts';
import type { FFmpeg } from '../ffmpeg.ts';
import { type JailedRun, type Place, startJailed } from '../jail.ts';
import type { Media } from '../probe-media.ts';
import { followReports, type Report } from '../progress.ts';
import type { Running } from '../running.ts';

/** A file as a recipe says it made it; how many bytes it has is seen afterwards. */
export type Made = Omit<MediaFile, 'bytes' | 'main'> & { readonly main?: boolean };

export interface Job {
  readonly input: string;
  readonly media: Media;
  /** The image of a watermark, on this machine. */
  readonly mark: string | undefined;
  readonly ffmpeg: FFmpeg;
  readonly threads: number;
  /** Where files are made; they are moved to their place when all are there. */
  readonly workspace: string;
  readonly running: Running;
  /** From 0 to 1. */
  readonly onProgress: (fraction: number) => void;
  /** Some of the files are done already, and can be used while the others are made. */
  readonly onFiles: (made: readonly Made[]) => Promise<void>;
}

export interface Pass {
  readonly args: (place: Place) => readonly string[];
  /** Beside the input, which is the first. */
  readonly reads?: readonly string[];
  /** Of what comes out: progress is told by it, and too little of it is damage. */
  readonly seconds: number;
  readonly frames?: number;
  /** Which part of the whole work it is. Default all of it. */
  readonly share?: { readonly from: number; readonly to: number };
  /** Takes what it writes to its standard output. */
  readonly take?: (output: Readable) => Promise<void>;
}

export interface Passed extends Report {
  /** The last that it said. */
  readonly words: string;
}

/** Runs FFmpeg once, to its end. */
export async function run(job: Job, pass: Pass): Promise<Passed> {
  const { frames, seconds, reads = [], take, share = { from: 0, to: 1 } } = pass;
  const jailed = job.running.owns(
    startJailed({
      program: job.ffmpeg.ffmpeg,
      reads: [job.input, ...reads],
      writes: job.workspace,
      args: pass.args,
      bounds: boundsOf(pass),
      ...(take ? { stdout: 'pipe' as const } : {}),
    }),
  );
  const taken = take && jailed.stdout ? take(jailed.stdout) : undefined;
  const report = followReports(jailed.progress, (now, before) => {
    if (now.frame === before.frame && now.seconds === before.seconds) return;
    job.running.moved();
    const done = frames === undefined ? now.seconds / seconds : now.frame / frames;
    job.onProgress(share.from + (share.to - share.from) * Math.min(1, done || 0));
  });
  const ended = Promise.all([jailed.ended, report, taken]);
  const [{ code, late, words }, made] = await job.running.race(ended);
  if (late) throw renderErrors.too_slow();
  if (code !== 0) throw renderErrors.failed({ detail: words.split('\n').at(-1) || `FFmpeg ended with ${code}.` });
  checkMade(pass, made);
  return { ...made, words };
}

/** FFmpeg takes a file that ends early for one that ends there. */
function checkMade({ frames, seconds }: Pass, made: Report): void {
  if (frames !== undefined && made.frame !== frames)
    throw renderErrors.damaged({
      detail: `${frames} frames were expected, and ${made.frame} came: the clip ends early.`,
    });
  if (frames === undefined && made.seconds < seconds * 0.95 - 0.5)
    throw renderErrors.damaged({
      detail: `${seconds.toFixed(1)} s were expected, and ${made.seconds.toFixed(1)} s came: it ends early.`,
    });
}

/** Sound is worked on as so many frames a second. */
const SOUND_FPS = 30;

function boundsOf({ frames, seconds }: Pass): JailedRun['bounds'] {
  const all = (frames ?? seconds * SOUND_FPS) * (RENDER_FRAME_MS / 1000);
  const { wallMs, cpuSeconds, ...sizes } = RENDER_BOUNDS;
  return { wallMs: wallMs + all * 1000, cpuSeconds: cpuSeconds + all, ...sizes };
}

/** For `-progress`, which `run` follows. */
export const TOLD: readonly string[] = ['-progress', 'pipe:3', '-stats_period', '0.25'];

/** The encoder, or a sentence about an FFmpeg that lacks it. */
export function encoderOf({ ffmpeg }: Job, ...names: readonly string[]): string {
  const found = names.find((name) => ffmpeg.encoders.has(name));
  if (found !== undefined) return found;
  throw renderErrors.unsupported({
    detail: `This FFmpeg (${ffmpeg.version}) has no encoder ${names.join(' or ')}.`,
    fix: 'Ask for another format, or install an FFmpeg that has it.',
  });
}

/** What `chain` and `clipIn` take, for all of a clip or a part of it. */
export const shown = ({ ffmpeg, threads }: Job, what: Pick<Shown, 'clip' | 'window' | 'fit'>): Shown => ({
  ...{ ...what, ffmpeg, threads },
  filters: [],
});
