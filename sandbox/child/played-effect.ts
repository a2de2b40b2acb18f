// One effect of a render, as its process plays it: opened, started, and looked through for what it draws.
import type { Images } from '../draw/raster.ts';
import type { Description } from '../effect/describe.ts';
import { settle } from '../effect/params.ts';
import type { SceneFacts } from '../effect/player.ts';
import type { FramePlayer } from '../javascript/frame-player.ts';
import type { Limits } from '../limits.ts';
import { unwrittenIn } from '../render/font-pieces.ts';
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
  readonly images: Images;
}

/** `step` is told of each frame before it is played. */
export async function playEffect(
  { player: ready, ...opening }: EffectOpening & { readonly player: FramePlayer | undefined },
  { first, frames }: Span,
  limits: Limits,
  print: (text: string) => void,
  step: (frame: number) => Promise<void>,
): Promise<PlayedEffect> {
  const player = ready ?? (await openPlayer(opening, limits, print));
  const description = player.describe();
  const { images, facts } = await settled(opening, description);
  const filters = description.has.filters ? player.filters(facts) : [];
  const lists = new Lists(player, first, images);
  player.start(facts);
  for (let frame = first; description.has.frame && frame < first + frames; frame++) {
    await step(frame);
    lists.look(facts.width, facts.height);
  }
  const [seen, unwritten] = [{ ...lists.seen, frames }, unwrittenIn(player.strings())];
  return { opening, facts, player, lists, images, description, filters, seen, unwritten };
}

/** Its params with their defaults, and the pictures that they name: each by the name of its param. */
async function settled({ facts, images: files = {} }: EffectOpening, { params }: Description) {
  const names = Object.keys(files);
  const given = { ...facts.params, ...Object.fromEntries(names.map((name) => [name, name])) };
  const { values, problems } = settle(params, given);
  const [wrong] = problems;
  if (wrong) throw new GuestFailure('threw', `The param "${wrong.param}" cannot be that. ${wrong.message}`);
  const other = names.find((name) => params[name]?.kind !== 'image');
  if (other) throw new GuestFailure('threw', `The param "${other}" takes no picture: it is no image().`);
  if (names.length === 0) return { images: new Map(), facts: { ...facts, params: values } };
  const { openImages, sizesOf } = await import('./images.ts');
  const images = await openImages(files);
  return { images, facts: { ...facts, params: values, images: sizesOf(images) } };
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
