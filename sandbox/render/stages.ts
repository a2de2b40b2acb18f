// Effects in order, each of which sees the picture that the one before made, as few stages as can be: what one process
// makes of a picture in one go, after FFmpeg's filters, which come before all else.
import type { SceneFacts } from '../effect/player.ts';
import type { Limits } from '../limits.ts';
import type { EffectProcess } from './effect-process.ts';
import type { EffectUse } from './effect-use.ts';
import { readImages } from './image-files.ts';
import type { OpenedEffect } from './protocol.ts';
import { sourceOf } from './source.ts';
import type { Span } from './window.ts';

export interface StagedEffect extends OpenedEffect {
  readonly use: EffectUse;
}

export interface OpenedStage {
  readonly process: EffectProcess;
  /** The first so many of those that its process opened. */
  readonly effects: readonly StagedEffect[];
}

export interface Opening {
  /** Without params and seed, which are each effect's own. */
  readonly facts: Omit<SceneFacts, 'params' | 'seed'>;
  readonly seed: number;
  readonly span: Span;
  readonly limits: Limits;
  /** Starts a process for effects that need one more. */
  start(effects: readonly EffectUse[]): Promise<EffectProcess>;
}

/** Opens neighbours of one party in their process. */
export async function openStages(
  process: EffectProcess,
  uses: readonly EffectUse[],
  opening: Opening,
): Promise<OpenedStage[]> {
  const { facts, seed, span, limits, start } = opening;
  const effects = await Promise.all(
    uses.map(async ({ compiled, params = {}, images = {}, seed: own = seed }) => ({
      ...(await sourceOf(compiled)),
      images: await readImages(images),
      facts: { ...facts, params, seed: own },
    })),
  );
  const { effects: found } = await process.child.ask({ do: 'open', effects, span, limits }, 'opened');
  const staged = uses.flatMap((use, at) => {
    const one = found[at];
    return one ? [{ ...one, use }] : [];
  });
  const end = endOfStage(staged);
  const stage = { process, effects: staged.slice(0, end) };
  if (end === staged.length) return [stage];
  const rest = uses.slice(end);
  return [stage, ...(await openStages(await start(rest), rest, opening))];
}

/** Filters see the picture as it is before them: where an effect has any after one that acts, another stage begins. */
function endOfStage(effects: readonly OpenedEffect[]): number {
  const acts = effects.findIndex(({ seen }) => seen.pixelFrames + seen.drawnFrames > 0);
  if (acts < 0) return effects.length;
  const next = effects.findIndex(({ filters }, at) => at > acts && Array.isArray(filters) && filters.length > 0);
  return next < 0 ? effects.length : next;
}
