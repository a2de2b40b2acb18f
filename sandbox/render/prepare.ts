// What comes before effects are played: their processes are started while the clip is looked at, and what they want to
// know of it is found out.
import { availableParallelism } from 'node:os';
import type { SceneFacts } from '../effect/player.ts';
import { type Limits, limitsOf } from '../limits.ts';
import { startEffects } from './effect-process.ts';
import { byParty, type EffectUse } from './effect-use.ts';
import { rateOf } from './fraction.ts';
import { type LookedAt, lookAt } from './look-at.ts';
import { inputsOf, type RenderInputs } from './render-inputs.ts';
import type { RenderOptions } from './render-options.ts';
import type { Running } from './running.ts';
import { type OpenedStage, openStages } from './stages.ts';
import { type Fit, fitOf, type Span, type Window, windowOf } from './window.ts';

export interface Prepared extends LookedAt {
  readonly window: Window;
  readonly fit: Fit;
  readonly fps: number;
  readonly threads: number;
  readonly limits: Limits;
  readonly inputs: RenderInputs;
  /** Of all frames. */
  readonly facts: Omit<SceneFacts, 'params' | 'seed'>;
  /** Opens the effects for some of them. */
  open(span: Span): Promise<OpenedStage[]>;
  /** Ends their processes, where no more is wanted of them. */
  end(): void;
}

export async function prepare(options: RenderOptions, running: Running): Promise<Prepared> {
  const { effects, input, seed = 1, threads = Math.min(4, availableParallelism()) } = options;
  const limits = limitsOf(options.limits);
  const start = (uses: readonly EffectUse[]) => startEffects(uses, limits, running, options.onPrint);
  const parties = byParty(effects);
  const [processes, looked] = await running.race(
    Promise.all([Promise.all(parties.map(start)), options.looked ?? lookAt(options)]),
  );
  const { clip, ffmpeg } = looked;
  const [window, fit, fps] = [windowOf(clip, options.from, options.to), fitOf(clip, options.size), rateOf(clip.fps)];
  const finding = () =>
    inputsOf(processes, parties, options.data, { input, clip, window, ffmpeg, threads }, { limits, running });
  const inputs = options.inputs ?? (await running.race(finding()));
  const { frames } = window;
  const facts = { width: fit.width, height: fit.height, fps, frames, duration: frames / fps, data: inputs.data };
  const open = async (span: Span) => {
    const opening = { facts, seed, span, limits, start };
    const opened = processes.map((process, at) => openStages(process, parties[at] ?? [], opening));
    return (await running.race(Promise.all(opened))).flat();
  };
  const end = () => {
    for (const { child } of processes) child.kill();
  };
  return { ...looked, window, fit, fps, threads, limits, inputs, facts, open, end };
}
