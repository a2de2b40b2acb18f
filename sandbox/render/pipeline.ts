// Renders effects over a clip: probes it, plays the effects for what they draw, picks the cheapest way, and runs FFmpeg and
// the effects' own processes side by side. The result appears at its place whole, or not at all.
import { type MadeSound, renderSound } from './audio.ts';
import type { Task } from './commands.ts';
import { encode, type Stage } from './encode.ts';
import { renderErrors } from './errors.ts';
import type { FFmpeg } from './ffmpeg.ts';
import { atTheirTime, filterChain } from './filter-chain.ts';
import { handOver } from './hand-over.ts';
import { explain, planOf, seenTogether } from './plan.ts';
import { type Prepared, prepare } from './prepare.ts';
import type { ClipFacts } from './probe.ts';
import { PROVENANCE_TAG, provenanceOf } from './provenance.ts';
import type { Part, Rendered, RenderOptions } from './render-options.ts';
import { Running } from './running.ts';
import type { OpenedStage, StagedEffect } from './stages.ts';
import { type Size, type Span, spanOf, type Window } from './window.ts';
import { workspaceBeside } from './workspace.ts';

export type { Rendered, RenderOptions } from './render-options.ts';

/** @example await render({ input: 'clip.mp4', output: 'out.mp4', effects: [{ compiled: await compile('dot.ts', source) }] }); */
export async function render(options: RenderOptions): Promise<Rendered> {
  const began = performance.now();
  const { input, output, onProgress, still = false } = options;
  await using running = new Running(options.signal);
  const workspace = await workspaceBeside(output, running);
  const prepared = await prepare(options, running);
  const { clip, ffmpeg, window, fit, fps, threads } = prepared;
  const span = checkedSpan(options, window, fps);
  const { frames } = span;
  const [opened, heard] = await Promise.all([
    prepared.open(span),
    soundOf(options, prepared, span, workspace, running),
  ]);
  const agreed = await agree(opened, options.part, running);
  const { stages, plan, why: way } = planned(agreed, { clip, ffmpeg, fit, span });
  const why = [way, ...prepared.inputs.told, ...heard.told].join(' ');
  options.onPlan?.(plan, why);

  const encoding = performance.now();
  const effects = agreed.flatMap((stage) => stage.effects);
  const part = spanOf(window, span);
  const { provenance, about } = aboutOf(options, effects, part, prepared.inputHash);
  const sound = heard.sound === undefined ? {} : { sound: heard.sound };
  const silent = options.part !== undefined;
  const task: Task = { clip, window: part, fit, ffmpeg, threads, about: silent ? {} : about, still, silent, ...sound };
  const made = await running.race(encode({ task, stages, workspace, input, running, onProgress }));
  if (made !== frames)
    throw renderErrors.damaged({ detail: `${frames} frames were expected, and ${made} came: the clip ends early.` });
  running.check();
  await running.race(handOver(options, workspace, provenance));
  const ended = performance.now();
  const times = { wallMs: ended - began, encodeMs: ended - encoding };
  const { width, height } = fit;
  return { output, clip, frames, fps, width, height, plan, why, effects, provenance, ...times };
}

/** The sound, where effects change it. Of a still there is none, and parts get theirs when they are joined. */
export function soundOf(
  { part, still, seed = 1, onPrint, input }: RenderOptions,
  prepared: Prepared,
  span: Span,
  workspace: string,
  running: Running,
): Promise<MadeSound> {
  const uses = part || still ? [] : prepared.inputs.sounding;
  return running.race(renderSound({ ...prepared, input, uses, seed, span, workspace, running, onPrint }));
}

async function agree(stages: readonly OpenedStage[], part: Part | undefined, running: Running) {
  if (!part?.agree) return stages;
  const own = stages.flatMap(({ effects }) => effects.map(({ seen }) => seen));
  const agreed = [...(await running.waitFor(part.agree(own)))];
  return stages.map((stage) => ({
    ...stage,
    effects: stage.effects.map((effect) => ({ ...effect, seen: agreed.shift() ?? effect.seen })),
  }));
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

/** What the result says of itself. */
export function aboutOf(
  { data, made, seed = 1, about = {} }: RenderOptions,
  effects: readonly StagedEffect[],
  window: Span,
  sha256: string,
) {
  const used = effects.map(({ use, description }) => ({ params: {}, seed, ...use, description }));
  const given = { ...(data ? { data } : {}), ...(made ? { made } : {}) };
  const provenance = provenanceOf({ effects: used, sha256, window, ...given });
  return { provenance, about: { ...about, [PROVENANCE_TAG]: JSON.stringify(provenance) } };
}

function checkedSpan({ span, still }: RenderOptions, { frames }: Window, fps: number): Span {
  const asked = span ?? { first: 0, frames };
  const { first } = asked;
  if (Number.isInteger(first) && first >= 0 && asked.frames >= 1 && first + asked.frames <= frames)
    return still ? { first, frames: 1 } : asked;
  throw renderErrors.bad_range({ detail: `There are ${frames} frames, ${(frames / fps).toFixed(2)} s of them.` });
}
