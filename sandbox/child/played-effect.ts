// One effect of a render, as its process plays it: opened, started, and looked through for what it draws.
import { settle } from '../effect/params.ts';
import type { SceneFacts } from '../effect/player.ts';
import type { FramePlayer } from '../javascript/frame-player.ts';
import type { Limits } from '../limits.ts';
import type { EffectOpening, OpenedEffect } from '../render/protocol.ts';
import type { Span } from '../render/window.ts';
import { GuestFailure } from './guest.ts';
import { Lists } from './lists.ts';
import { openPlayer } from './open-player.ts';

export interface PlayedEffect extends OpenedEffect {
  readonly opening: EffectOpening;
  /** With settled params. */
  readonly facts: SceneFacts;
  readonly player: FramePlayer;
  readonly lists: Lists;
}

/** `step` is told of each frame before it is played. */
export async function playEffect(
  opening: EffectOpening,
  { first, frames }: Span,
  limits: Limits,
  print: (text: string) => void,
  step: (frame: number) => Promise<void>,
): Promise<PlayedEffect> {
  const player = await openPlayer(opening, limits, print);
  const description = player.describe();
  const { values, problems } = settle(description.params, opening.facts.params);
  const [wrong] = problems;
  if (wrong) throw new GuestFailure('threw', `The param "${wrong.param}" cannot be that. ${wrong.message}`);
  const facts = { ...opening.facts, params: values };
  const filters = description.has.filters ? player.filters(facts) : [];
  const lists = new Lists(player, first);
  player.start(facts);
  for (let frame = first; description.has.frame && frame < first + frames; frame++) {
    await step(frame);
    lists.look(facts.width, facts.height);
  }
  return { opening, facts, player, lists, description, filters, seen: { ...lists.seen, frames } };
}

/** The same effect once more, given the picture from the start. */
export async function openPainter(
  { opening, facts }: PlayedEffect,
  picture: SharedArrayBuffer,
  limits: Limits,
  print: (text: string) => void,
): Promise<FramePlayer> {
  const painter = await openPlayer({ ...opening, picture }, limits, print);
  painter.start(facts);
  return painter;
}
