// How long effects take for a frame, tried on a picture of nothing.
import { createFrames } from '../colour/frames.ts';
import type { Limits } from '../limits.ts';
import type { Span } from '../render/window.ts';
import { Picture } from './picture.ts';
import { openPainter, type PlayedEffect } from './played-effect.ts';

/** Milliseconds: of the middle one, as the first frames are slower than the rest and any may be interrupted. */
export async function frameCost(
  effects: readonly PlayedEffect[],
  { first, frames: count }: Span,
  limits: Limits,
  print: (text: string) => void,
  step: (effect: number, frame: number) => void,
): Promise<number> {
  const [facts] = effects.map((one) => one.facts);
  if (!facts) return 0;
  const frames = createFrames(facts);
  const picture = new Picture(frames, facts, undefined);
  const painters = await Promise.all(
    effects.map((one) => (one.seen.pixelFrames > 0 ? openPainter(one, frames.buffer, limits, print) : undefined)),
  );
  const took: number[] = [];
  for (let index = first; index < first + count; index++) {
    const began = performance.now();
    for (const [at, { player, lists, images }] of effects.entries()) {
      step(at, index);
      // A render plays each frame once for what it draws, and those that look at the picture once more.
      player.frame(index);
      const painter = lists.needsPixels(index) ? painters[at] : undefined;
      if (painter) await picture.paint(painter, index, images);
      else picture.draw(lists.of(index));
    }
    await picture.planes();
    took.push(performance.now() - began);
    await picture.breathe();
  }
  return took.sort((a, b) => a - b)[took.length >> 1] ?? 0;
}
