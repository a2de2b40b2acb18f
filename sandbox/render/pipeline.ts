// Renders effects over a clip: probes it, plays the effects for what they draw, picks the cheapest way, and runs FFmpeg and
// the effects' own processes side by side. The result appears at its place whole, or not at all.
import { rename } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Limits, limitsOf } from '../limits.ts';
import { renderSound } from './audio.ts';
import { RESULT, type Task } from './commands.ts';
import { startEffects } from './effect-process.ts';
import { byParty, type EffectUse } from './effect-use.ts';
import { encode, type Stage } from './encode.ts';
import { renderErrors } from './errors.ts';
import { type FFmpeg, findFFmpeg, locateFFmpeg } from './ffmpeg.ts';
import { atTheirTime, filterChain } from './filter-chain.ts';
import { rateOf } from './fraction.ts';
import { type ChainPlan, explain, planOf, seenTogether } from './plan.ts';
import { type ClipFacts, probe } from './probe.ts';
import type { Progress } from './progress.ts';
import { fileHash, PROVENANCE_TAG, type Provenance, provenanceOf } from './provenance.ts';
import { inputsOf } from './render-inputs.ts';
import { Running } from './running.ts';
import { type OpenedStage, openStages, type StagedEffect } from './stages.ts';
import { fitOf, type Size, type Span, spanOf, type Window, windowOf } from './window.ts';
import { workspaceBeside } from './workspace.ts';

export interface RenderOptions {
  readonly input: string;
  /** An MP4 file. What is there is replaced when the render succeeds. */
  readonly output: string;
  /** In order: each sees the picture that the one before it made. */
  readonly effects: readonly EffectUse[];
  /** Answers what the effects' inputs say of the clip, once it is known what the clip is and which frames are rendered. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Of effects without one of their own. */
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
  /** Written into the result, beside its provenance. */
  readonly about?: Readonly<Record<string, string>>;
  /** What the result says of when it was made; now, if absent. */
  readonly made?: Date;
  /** The input's sha256 where it is known already, as of an object in a store. */
  readonly inputHash?: string;
  readonly ffmpeg?: FFmpeg;
  readonly signal?: AbortSignal;
  readonly onPlan?: (plan: ChainPlan, why: string) => void;
  readonly onProgress?: (progress: Progress) => void;
  readonly onPrint?: (text: string) => void;
}

export interface Rendered extends Size {
  readonly output: string;
  readonly clip: ClipFacts;
  readonly frames: number;
  readonly fps: number;
  readonly plan: ChainPlan;
  /** Why that plan. */
  readonly why: string;
  /** What each effect is, and what it was seen to do. */
  readonly effects: readonly StagedEffect[];
  readonly provenance: Provenance;
  /** Of the whole, and of the encoding alone. */
  readonly wallMs: number;
  readonly encodeMs: number;
}

/** @example await render({ input: 'clip.mp4', output: 'out.mp4', effects: [{ compiled: await compile('dot.ts', source) }] }); */
export async function render(options: RenderOptions): Promise<Rendered> {
  const began = performance.now();
  const { effects: uses, output, seed = 1, about = {}, still = false } = options;
  const { threads = Math.min(4, availableParallelism()) } = options;
  const limits = limitsOf(options.limits);
  await using running = new Running(options.signal);
  const workspace = await workspaceBeside(output, running);
  const start = (effects: readonly EffectUse[]) => startEffects(effects, limits, running, options.onPrint);
  const parties = byParty(uses);
  // The effects' processes start while the clip is looked at.
  const [processes, { clip, ffmpeg, sha256 }] = await running.race(
    Promise.all([Promise.all(parties.map(start)), lookAt(options)]),
  );
  const window = windowOf(clip, options.from, options.to);
  const fit = fitOf(clip, options.size);
  const fps = rateOf(clip.fps);
  const span = checkedSpan(options, window, fps);
  const { frames } = span;
  const scene = { width: fit.width, height: fit.height, fps, frames: window.frames, duration: window.frames / fps };
  const asked = { input: options.input, clip, window, ffmpeg, threads };
  const { data, told: found, sounding } = await running.race(
    inputsOf(processes, parties, options.data, asked, { limits, running }),
  );
  const facts = { ...scene, data };
  const opening = { facts, seed, span, limits, start };
  const hearing = { ...asked, ...opening, uses: still ? [] : sounding, workspace, running, onPrint: options.onPrint };
  const [opened, { sound, told: heard }] = await running.race(
    Promise.all([
      Promise.all(processes.map((process, at) => openStages(process, parties[at] ?? [], opening))),
      renderSound(hearing),
    ]),
  );
  const { stages, plan, why: way } = planned(opened.flat(), { clip, ffmpeg, fit, span });
  const why = [way, ...found, ...heard].join(' ');
  options.onPlan?.(plan, why);

  const encoding = performance.now();
  const effects = opened.flat().flatMap((stage) => stage.effects);
  const provenance = provenanceFor(options, effects, spanOf(window, span), sha256);
  const told = { ...about, [PROVENANCE_TAG]: JSON.stringify(provenance) };
  const heardAs = sound ? { sound } : {};
  const made_ = spanOf(window, span);
  const task: Task = { clip, window: made_, fit, ffmpeg, threads, about: told, still, silent: false, ...heardAs };
  const { input, onProgress } = options;
  const made = await running.race(encode({ task, stages, workspace, input, running, onProgress }));
  if (made !== frames)
    throw renderErrors.damaged({ detail: `${frames} frames were expected, and ${made} came: the clip ends early.` });
  running.check();
  await rename(join(workspace, RESULT), output);
  const ended = performance.now();
  const times = { wallMs: ended - began, encodeMs: ended - encoding };
  const { width, height } = fit;
  return { output, clip, frames, fps, width, height, plan, why, effects, provenance, ...times };
}

function planned(
  opened: readonly OpenedStage[],
  { clip, ffmpeg, fit, span }: { clip: ClipFacts; ffmpeg: FFmpeg; fit: Size; span: Span },
) {
  const staged = opened.map(({ process, effects }) => {
    const asked = effects.map((effect) => effect.filters);
    const chain = asked.flatMap((one) => filterChain(one, ffmpeg.filters));
    const filters = atTheirTime(chain, span.first, clip.fps);
    const seen = seenTogether(
      effects.map((effect) => effect.seen),
      span.frames,
    );
    return { process, filters, effects: effects.length, seen, asked: asked.flat().length };
  });
  const seen = staged.map((stage) => ({ seen: stage.seen, filters: stage.asked }));
  const plan = planOf(seen, fit);
  const stages = staged.flatMap(({ process, filters, effects }, at): Stage[] => {
    const way = plan.stages[at];
    return way ? [{ plan: way, filters, process, effects }] : [];
  });
  return { stages, plan, why: explain(plan, seen, fit) };
}

function provenanceFor(
  { data, made, seed = 1 }: RenderOptions,
  effects: readonly StagedEffect[],
  window: Span,
  sha256: string,
): Provenance {
  const with_ = effects.map(({ use, description }) => ({ params: {}, seed, ...use, description }));
  return provenanceOf({ effects: with_, sha256, window, ...(data ? { data } : {}), ...(made ? { made } : {}) });
}

function checkedSpan({ span, still }: RenderOptions, { frames }: Window, fps: number): Span {
  const asked = span ?? { first: 0, frames };
  const { first } = asked;
  if (Number.isInteger(first) && first >= 0 && asked.frames >= 1 && first + asked.frames <= frames)
    return still ? { first, frames: 1 } : asked;
  throw renderErrors.bad_range({ detail: `There are ${frames} frames, ${(frames / fps).toFixed(2)} s of them.` });
}

interface LookedAt {
  readonly clip: ClipFacts;
  readonly ffmpeg: FFmpeg;
  readonly sha256: string;
}

async function lookAt({ input, ffmpeg, signal, inputHash }: RenderOptions): Promise<LookedAt> {
  const options = { ffmpeg: ffmpeg ?? locateFFmpeg(), ...(signal ? { signal } : {}) };
  const hashing = inputHash === undefined ? fileHash(input, signal) : Promise.resolve(inputHash);
  // The probe says better why a file cannot be read.
  hashing.catch(() => {});
  const [found, clip] = await Promise.all([ffmpeg ?? findFFmpeg(), probe(input, options)]);
  return { clip, ffmpeg: found, sha256: await hashing };
}
