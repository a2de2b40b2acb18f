// Renders a long clip in parts side by side, where that is faster, and joins them: the same frames as in one piece.
import { availableParallelism } from 'node:os';
import type { Filter } from '@plinth/sdk/effect.ts';
import { SEGMENTS } from '../limits.ts';
import type { Task } from './commands.ts';
import { renderErrors } from './errors.ts';
import { filterChain } from './filter-chain.ts';
import { remembering } from './filters.ts';
import { rateOf } from './fraction.ts';
import { handOver } from './hand-over.ts';
import { joinSegments } from './join.ts';
import { type LookedAt, lookAt } from './look-at.ts';
import { type MakeParts, partFile, partsElsewhere } from './parts-elsewhere.ts';
import { aboutOf, render, soundOf } from './pipeline.ts';
import { seenTogether } from './plan.ts';
import { type Prepared, prepare } from './prepare.ts';
import type { Progress } from './progress.ts';
import type { Seen } from './protocol.ts';
import type { Part, Rendered, RenderOptions } from './render-options.ts';
import { Running } from './running.ts';
import { planSegments, type SegmentPlan, segmentsOf } from './segments.ts';
import { type Span, windowOf } from './window.ts';
import { workspaceBeside } from './workspace.ts';

export interface SegmentedOptions extends Omit<RenderOptions, 'span' | 'still' | 'part' | 'looked'> {
  /** How many parts; as many as are worth it, if absent. */
  readonly segments?: number;
  /** Cores that it may have for itself; all there are, if absent. */
  readonly cores?: number;
  /** Has parts made by others; they are all made here, if absent. */
  readonly makeParts?: MakeParts;
}

/** A shorter clip is rendered before it is known whether parts would be worth it. */
const LONG_SECONDS = 20;
/** Frames that are tried for how long they take. */
const TRIED = 7;

/** @example await renderInSegments({ input, output, effects: [{ compiled }] }); */
export async function renderInSegments({
  segments,
  cores = availableParallelism(),
  makeParts,
  ...options
}: SegmentedOptions): Promise<Rendered> {
  checkCount(segments);
  if (segments === 1) return render(options);
  const looked = lookAt(options);
  if (segments === undefined) {
    const stop = new AbortController();
    // Most clips are short: while it is not known, it is rendered as one.
    const direct = render({ ...options, looked, signal: either(options.signal, stop.signal) });
    const found = await looked.catch(() => undefined);
    if (!found || cores < 2 || secondsOf(options, found) < LONG_SECONDS) return direct;
    stop.abort();
    await direct.catch(() => {});
  }
  return renderLong({ ...options, looked }, { asked: segments, cores, makeParts });
}

interface How {
  readonly asked: number | undefined;
  readonly cores: number;
  readonly makeParts: MakeParts | undefined;
}

async function renderLong(options: RenderOptions, { asked, cores, makeParts }: How): Promise<Rendered> {
  await using running = new Running(options.signal);
  const workspace = await workspaceBeside(options.output, running);
  const prepared = await prepare(options, running);
  const { segments, why } = await planFor(prepared, asked, cores, running);
  prepared.end();
  const onPlan: RenderOptions['onPlan'] = (plan, way) => options.onPlan?.(plan, `${why} ${way}`);
  const known = { ...options, looked: Promise.resolve(prepared), inputs: prepared.inputs, onPlan };
  // Awaited here: what is started lasts as long as this function.
  if (segments.length > 1)
    return await renderParts(known, prepared, { segments, why, cores, makeParts }, workspace, running);
  const whole = await render(known);
  return { ...whole, why: `${why} ${whole.why}` };
}

function checkCount(segments: number | undefined): void {
  if (segments === undefined || (Number.isInteger(segments) && segments >= 1 && segments <= SEGMENTS)) return;
  throw renderErrors.bad_range({ detail: `${segments} parts were asked for: from 1 to ${SEGMENTS} can be had.` });
}

const either = (...signals: (AbortSignal | undefined)[]) =>
  AbortSignal.any(signals.flatMap((signal) => (signal ? [signal] : [])));

const secondsOf = ({ from, to }: SegmentedOptions, { clip }: LookedAt) =>
  windowOf(clip, from, to).frames / rateOf(clip.fps);

/** Tries a few frames, and decides. */
async function planFor(
  prepared: Prepared,
  asked: number | undefined,
  cores: number,
  running: Running,
): Promise<SegmentPlan> {
  const { window, fit, fps, ffmpeg } = prepared;
  const { frames } = window;
  const stages = await prepared.open({
    first: Math.max(0, (frames >> 1) - TRIED),
    frames: Math.min(frames, TRIED),
  });
  const filters = stages.flatMap(({ effects }) => effects.map((effect) => effect.filters));
  for (const one of filters) filterChain(one, ffmpeg.filters);
  const remembers = remembering(filters.flat() as readonly Filter[]);
  const whole = remembers && `the filter ${remembers} goes by the frames before`;
  if (asked !== undefined && !whole) {
    const segments = segmentsOf(frames, Math.min(asked, frames));
    return { segments, why: `In ${segments.length} parts, as was asked for.` };
  }
  const timed = stages.map(({ process }) => process.child.ask({ do: 'time' }, 'timed'));
  const effectMs = Math.max(0, ...(await running.race(Promise.all(timed))).map(({ ms }) => ms));
  const facts = { frames, fps, width: fit.width, height: fit.height, cores, effectMs };
  return planSegments({ ...facts, ...(whole ? { whole } : {}) });
}

async function renderParts(
  options: RenderOptions,
  prepared: Prepared,
  { segments, why, cores, makeParts }: SegmentPlan & Omit<How, 'asked'>,
  workspace: string,
  running: Running,
): Promise<Rendered> {
  const began = performance.now();
  const { input, output } = options;
  const { clip, ffmpeg, inputHash, window, fit } = prepared;
  const threads = options.threads ?? Math.max(1, Math.floor(cores / segments.length));
  const [done, heard] = await running.race(
    Promise.all([
      makeParts
        ? partsElsewhere(options, {
            makeParts,
            segments,
            workspace,
            running,
            report: together(segments, options.onProgress),
          })
        : partsHere({ ...options, threads }, segments, workspace, running),
      soundOf(options, prepared, { first: 0, frames: window.frames }, workspace, running),
    ]),
  );
  const [first] = done;
  if (!first) throw renderErrors.failed();
  const { provenance, about } = aboutOf(options, first.effects, window, inputHash);
  const sound = heard.sound === undefined ? {} : { sound: heard.sound };
  const task: Task = { clip, window, fit, ffmpeg, threads, about, still: false, silent: false, ...sound };
  const parts = segments.map((span, at) => ({ file: partFile(workspace, at), frames: span.frames }));
  const frames = await running.race(joinSegments({ task, input, parts, workspace, running }));
  if (frames !== window.frames)
    throw renderErrors.failed({ detail: `${window.frames} frames were expected, and ${frames} were joined.` });
  running.check();
  await running.race(handOver(options, workspace, provenance));
  const times = { wallMs: performance.now() - began, encodeMs: Math.max(...done.map((part) => part.encodeMs)) };
  const said = [why, first.why, ...heard.told].join(' ');
  return { ...first, output, frames, provenance, why: said, ...times };
}

async function partsHere(
  options: RenderOptions,
  segments: readonly Span[],
  workspace: string,
  running: Running,
): Promise<Rendered[]> {
  const stop = new AbortController();
  const signal = either(options.signal, stop.signal);
  const part: Part = { agree: agreement(segments.length) };
  const report = together(segments, options.onProgress);
  const works = segments.map((span, at) =>
    render({
      ...{ ...options, span, part, signal, output: partFile(workspace, at) },
      onProgress: (progress) => {
        running.moved();
        report(at, progress);
      },
      // They are all planned alike.
      onPlan: (plan, why) => at === 0 && options.onPlan?.(plan, why),
    }),
  );
  // Whoever clears the workspace waits until nobody writes there.
  running.owns({ kill: () => stop.abort(), ended: Promise.allSettled(works) });
  return Promise.all(works);
}

/** Waits until all parts said what they saw, and answers what that comes to. */
function agreement(parts: number): (seen: readonly Seen[]) => Promise<readonly Seen[]> {
  const said: (readonly Seen[])[] = [];
  const { promise, resolve } = Promise.withResolvers<readonly Seen[]>();
  return (seen) => {
    said.push(seen);
    const all = (at: number) => said.flatMap((one) => one[at] ?? []);
    const frames = (at: number) => all(at).reduce((sum, one) => sum + one.frames, 0);
    if (said.length === parts) resolve(seen.map((_, at) => seenTogether(all(at), frames(at))));
    return promise;
  };
}

function together(parts: readonly Span[], onProgress: RenderOptions['onProgress']) {
  const frames = parts.reduce((sum, part) => sum + part.frames, 0);
  const latest = parts.map((part): Progress => ({ frame: 0, frames: part.frames, fps: 0, secondsLeft: 0 }));
  return (at: number, progress: Progress) => {
    latest[at] = progress;
    const sum = (of: (one: Progress) => number) => latest.reduce((total, one) => total + of(one), 0);
    const [frame, fps] = [sum((one) => one.frame), sum((one) => one.fps)];
    onProgress?.({ frame, frames, fps, secondsLeft: (frames - frame) / fps });
  };
}
