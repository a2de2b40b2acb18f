// Renders an effect over a clip: probes it, plays the effect for what it draws, picks the cheapest way, and runs FFmpeg and
// the effect's own process side by side. The result appears at its place whole, or not at all.
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Description } from '../effect/describe.ts';
import type { Compiled } from '../javascript/compile.ts';
import { type Limits, limitsOf, RENDER_BOUNDS, RENDER_FRAME_MS } from '../limits.ts';
import { decoded, encoded, filtersOnly, overlaid, RESULT, type Task } from './commands.ts';
import { renderErrors } from './errors.ts';
import { type FFmpeg, findFFmpeg, locateFFmpeg } from './ffmpeg.ts';
import { type Fifo, openFifo } from './fifo.ts';
import { filterChain } from './filter-chain.ts';
import { rateOf } from './fraction.ts';
import { type Jailed, type JailedRun, startJailed } from './jail.ts';
import { explain, type Plan, planOf } from './plan.ts';
import { type ClipFacts, probe } from './probe.ts';
import { followProgress, type Progress } from './progress.ts';
import type { Seen, ToRenderChild } from './protocol.ts';
import { RenderChild } from './render-child.ts';
import { Running } from './running.ts';
import { sourceOf } from './source.ts';
import { together } from './together.ts';
import { fitOf, type Size, type Span, spanOf, type Window, windowOf } from './window.ts';

export interface RenderOptions {
  readonly input: string;
  /** An MP4 file. What is there is replaced when the render succeeds. */
  readonly output: string;
  readonly effect: Compiled;
  /** As given: the effect's own defaults fill in the rest. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Answers what the effect's inputs say of the clip, once it is known what the clip is and which frames are rendered. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly seed?: number;
  /** Seconds. */
  readonly from?: number;
  readonly to?: number;
  readonly size?: Size;
  /** Only these frames of what is asked for: as they are in all of it. */
  readonly span?: Span;
  /** A PNG of the first frame instead of a video. */
  readonly still?: boolean;
  readonly limits?: Partial<Limits>;
  readonly threads?: number;
  /** Written into the result. */
  readonly about?: Readonly<Record<string, string>>;
  readonly ffmpeg?: FFmpeg;
  readonly signal?: AbortSignal;
  readonly onPlan?: (plan: Plan, why: string) => void;
  readonly onProgress?: (progress: Progress) => void;
  readonly onPrint?: (text: string) => void;
}

export interface Rendered extends Size {
  readonly output: string;
  readonly clip: ClipFacts;
  readonly frames: number;
  readonly fps: number;
  readonly plan: Plan;
  /** Why that plan. */
  readonly why: string;
  readonly seen: Seen;
  readonly description: Description;
  /** Of the whole, and of the encoding alone. */
  readonly wallMs: number;
  readonly encodeMs: number;
}

/** @example await render({ input: 'clip.mp4', output: 'out.mp4', effect: await compileJavaScript('dot.ts', source) }); */
export async function render(options: RenderOptions): Promise<Rendered> {
  const began = performance.now();
  const { effect, params = {}, data = {}, seed = 1, about = {} } = options;
  const { threads = Math.min(4, availableParallelism()) } = options;
  const limits = limitsOf(options.limits);
  await using running = new Running(options.signal);
  const workspace = await workspaceBeside(options.output, running);
  // The effect's process starts while the clip is looked at.
  const [{ child, clipIn, madeOut }, { clip, ffmpeg }, source] = await running.race(
    Promise.all([startChild(options, limits, running), lookAt(options), sourceOf(effect)]),
  );
  const window = windowOf(clip, options.from, options.to);
  const fit = fitOf(clip, options.size);
  const fps = rateOf(clip.fps);
  const all = { frames: window.frames, duration: window.frames / fps };
  const span = checkedSpan(options, window, fps);
  const { frames } = span;
  const facts = { width: fit.width, height: fit.height, fps, ...all, params, data, seed };
  const opening = { do: 'open', ...source, facts, span, limits } as const;
  const { description, filters, seen } = await running.race(child.ask(opening, 'opened'));
  const chain = filterChain(filters, ffmpeg.filters);
  const plan = planOf(seen, fit);
  const why = explain(plan, seen, chain.length === 0 ? 0 : (filters as unknown[]).length, fit);
  options.onPlan?.(plan, why);

  const encoding = performance.now();
  const { still = false } = options;
  const task: Task = { clip, window: spanOf(window, span), fit, ffmpeg, filters: chain, threads, about, still };
  const run = {
    task,
    plan,
    workspace,
    input: options.input,
    running,
    child,
    clipIn,
    madeOut,
    onProgress: options.onProgress,
  };
  const made = await running.race(encode(run));
  if (made !== frames)
    throw renderErrors.damaged({ detail: `${frames} frames were expected, and ${made} came: the clip ends early.` });
  running.check();
  await rename(join(workspace, RESULT), options.output);
  const ended = performance.now();
  const times = { wallMs: ended - began, encodeMs: ended - encoding };
  return {
    output: options.output,
    clip,
    ...{ frames, fps, plan, why, seen, description },
    width: fit.width,
    height: fit.height,
    ...times,
  };
}

function checkedSpan({ span, still }: RenderOptions, { frames }: Window, fps: number): Span {
  const asked = span ?? { first: 0, frames };
  const { first } = asked;
  if (Number.isInteger(first) && first >= 0 && asked.frames >= 1 && first + asked.frames <= frames)
    return still ? { first, frames: 1 } : asked;
  throw renderErrors.bad_range({ detail: `There are ${frames} frames, ${(frames / fps).toFixed(2)} s of them.` });
}

async function lookAt({ input, ffmpeg, signal }: RenderOptions): Promise<{ clip: ClipFacts; ffmpeg: FFmpeg }> {
  const options = { ffmpeg: ffmpeg ?? locateFFmpeg(), ...(signal ? { signal } : {}) };
  const [found, clip] = await Promise.all([ffmpeg ?? findFFmpeg(), probe(input, options)]);
  return { clip, ffmpeg: found };
}

async function startChild({ effect, onPrint }: RenderOptions, limits: Limits, running: Running) {
  const [clipIn, madeOut] = [running.owns(await openFifo()), running.owns(await openFifo())];
  const ends = { framesIn: clipIn.read, framesOut: madeOut.write };
  const print = onPrint ? { onPrint } : {};
  const child = running.owns(new RenderChild({ ...ends, compiled: effect, limits, onMove: running.moved, ...print }));
  // Its ends are its own now: who keeps one open keeps the other side waiting.
  clipIn.closeRead();
  madeOut.closeWrite();
  return { child, clipIn, madeOut };
}

/** On the same disk as the result, so that moving it there is one step. */
async function workspaceBeside(output: string, running: Running): Promise<string> {
  const beside = dirname(resolve(output));
  const path = await mkdtemp(join(beside, `.${basename(output)}-`)).catch((cause: Error) => {
    throw renderErrors.missing_file({ detail: `Nothing can be written to "${beside}".`, cause });
  });
  running.owns({ ended: Promise.resolve(), kill: () => {}, cleared: () => rm(path, { recursive: true, force: true }) });
  return path;
}

interface Encoding {
  readonly task: Task;
  readonly plan: Plan;
  readonly workspace: string;
  readonly input: string;
  readonly running: Running;
  readonly child: RenderChild;
  readonly clipIn: Fifo;
  readonly madeOut: Fifo;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** Answers how many frames are in the result. */
async function encode(encoding: Encoding): Promise<number> {
  const { task, plan, workspace: writes, child, clipIn, madeOut } = encoding;
  const ffmpeg = (run: FFmpegRun) => startFFmpeg(encoding, run);
  if (plan.way === 'filters') {
    child.kill();
    return finished(encoding, ffmpeg({ writes, args: (place) => filtersOnly(task, place) }));
  }
  const { box } = plan;
  const stdin = madeOut.read;
  const writer =
    plan.way === 'overlay'
      ? ffmpeg({ writes, stdin, args: (place) => overlaid(task, place, plan.box) })
      : ffmpeg({ writes, stdin, args: (place) => encoded(task, place) });
  const reader = plan.way === 'planes' && ffmpeg({ stdout: clipIn.write, args: (place) => decoded(task, place) });
  // Who keeps an end open keeps the other side waiting.
  for (const fifo of [clipIn, madeOut]) fifo.close();
  const order: ToRenderChild =
    plan.way === 'overlay' ? { do: 'overlay', box: plan.box } : { do: 'planes', ...(box ? { box } : {}) };
  const effect = child.ask(order, 'done').then(({ frames }) => frames);
  const works = [effect, finished(encoding, writer), ...(reader ? [finished(encoding, reader)] : [])];
  const [played = 0, made = 0] = await together(works);
  return Math.min(played, made);
}

type FFmpegRun = Pick<JailedRun, 'args' | 'stdin' | 'stdout' | 'writes'>;

function startFFmpeg({ task, input, running }: Encoding, run: FFmpegRun): Jailed {
  const all = (task.window.first + task.window.frames) * (RENDER_FRAME_MS / 1000);
  const { wallMs, cpuSeconds, ...sizes } = RENDER_BOUNDS;
  const bounds = { wallMs: wallMs + all * 1000, cpuSeconds: cpuSeconds + all, ...sizes };
  return running.owns(startJailed({ program: task.ffmpeg.ffmpeg, reads: [input], bounds, ...run }));
}

/** Answers how many frames it encoded. Only the one that does says anything of its progress. */
async function finished({ task, running, onProgress }: Encoding, { progress, ended }: Jailed): Promise<number> {
  const frames = followProgress(progress, task.window.frames, (now) => {
    running.moved();
    onProgress?.(now);
  });
  const { code, late, words } = await ended;
  if (late) throw renderErrors.too_slow();
  if (code !== 0) throw renderErrors.failed({ detail: words.split('\n').at(-1) || `FFmpeg ended with ${code}.` });
  return frames;
}
