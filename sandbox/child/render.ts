// The inside of the wall, for one render: plays effects for all frames of a clip, and makes them, plane by plane, between
// the descriptors that it was started with.
import { closeSync } from 'node:fs';
import { createFrames } from '../colour/frames.ts';
import type { Box } from '../draw/bounds.ts';
import { ListError } from '../draw/check.ts';
import type { FramePlayer } from '../javascript/frame-player.ts';
import type { Limits } from '../limits.ts';
import { FRAMES_IN, FRAMES_OUT, type FromRenderChild, type ToRenderChild } from '../render/protocol.ts';
import type { Span } from '../render/window.ts';
import { frameCost } from './frame-cost.ts';
import { readFrame, writeFrame } from './frame-pipes.ts';
import { GuestFailure } from './guest.ts';
import type { Drawn } from './lists.ts';
import { openPlayer } from './open-player.ts';
import { Picture } from './picture.ts';
import { openPainter, type PlayedEffect, playEffect } from './played-effect.ts';

interface Opened {
  readonly limits: Limits;
  readonly span: Span;
  readonly effects: readonly PlayedEffect[];
}

let opened: Opened | undefined;
/** Those that were described, until they are opened. */
let described: FramePlayer[] = [];
/** At work: which frame of which effect. */
let frame: number | undefined;
let effect: number | undefined;

const tell = (message: FromRenderChild) => void process.send?.(message);
const print = (text: string) => tell({ say: 'printed', text });

process.on('message', (message: ToRenderChild) => void hear(message));
process.on('disconnect', () => process.exit(0));
tell({ say: 'ready' });

async function hear(message: ToRenderChild): Promise<void> {
  [frame, effect] = [undefined, undefined];
  try {
    if (message.do === 'describe') await describe(message);
    else if (message.do === 'open') await open(message);
    else if (message.do === 'sound') await sound(message);
    else if (opened) await work(opened, message);
  } catch (error) {
    const at = { ...(frame === undefined ? {} : { frame }), ...(effect === undefined ? {} : { effect }) };
    tell({ say: 'failed', failure: await failureOf(error), ...at });
  }
}

type Order = Exclude<ToRenderChild, { do: 'describe' | 'open' | 'sound' }>;

async function work(all: Opened, order: Order): Promise<void> {
  if (order.do === 'time') {
    const ms = await frameCost(all.effects, all.span, all.limits, print, (at, index) => {
      [effect, frame] = [at, index];
    });
    return tell({ say: 'timed', ms });
  }
  const part = { ...all, effects: all.effects.slice(0, order.effects) };
  const made = order.do === 'overlay' ? await overlay(part, order.boxes) : await planes(part, order.box);
  // The other side sees the end only when nobody could write any more.
  closeSync(FRAMES_OUT);
  tell({ say: 'done', frames: made });
}

async function failureOf(error: unknown): Promise<GuestFailure['failure']> {
  if (error instanceof GuestFailure) return error.told();
  if (error instanceof ListError) return { code: 'threw', message: error.message };
  return { code: 'crashed', message: error instanceof Error ? error.message : String(error) };
}

async function describe({ effects, limits }: Extract<ToRenderChild, { do: 'describe' }>): Promise<void> {
  for (const [at, source] of effects.entries()) {
    effect = at;
    described.push(await openPlayer(source, limits, print));
  }
  tell({ say: 'described', effects: described.map((player) => player.describe()) });
}

async function open({ effects: asked, span: part, limits }: Extract<ToRenderChild, { do: 'open' }>): Promise<void> {
  const span = part ?? { first: 0, frames: asked[0]?.facts.frames ?? 0 };
  const effects: PlayedEffect[] = [];
  for (const [at, opening] of asked.entries()) {
    [frame, effect] = [undefined, at];
    effects.push(
      await playEffect({ ...opening, player: described[at] }, span, limits, print, async (index) => {
        frame = index;
        await now(index);
      }),
    );
  }
  described = [];
  opened = { limits, span, effects };
  const said = effects.map(({ description, filters, seen, unwritten }) => ({ description, filters, seen, unwritten }));
  tell({ say: 'opened', effects: said });
}

async function sound(order: Extract<ToRenderChild, { do: 'sound' }>): Promise<void> {
  const { playSound } = await import('./sound.ts');
  const at = {
    effect: (place: number) => {
      effect = place;
    },
    block: (index: number) => {
      frame = index;
      return now(index);
    },
  };
  const blocks = await playSound(order, print, at);
  closeSync(FRAMES_OUT);
  tell({ say: 'done', frames: blocks });
}

/** Both answer how many frames they made: fewer where the other side wanted no more, or had no more. */
async function overlay({ span: { first, frames: count }, effects }: Opened, boxes: readonly Box[]): Promise<number> {
  // Loaded only by who draws: Skia and its fonts take longer to start than the rest.
  const { Stack } = await import('./stack.ts');
  const stack = new Stack(boxes);
  let [shown, out]: [readonly Drawn[], Uint8Array] = [[], stack.empty];
  for (let index = first; index < first + count; index++) {
    frame = index;
    const all = effects.map(({ lists }) => lists.of(index));
    // What did not change is not drawn again: the pipe takes the same bytes once more.
    if (shown.length === 0 || all.some((drawn, at) => drawn !== shown[at])) {
      out = stack.draw(all);
    }
    shown = all;
    if (!writeFrame(FRAMES_OUT, out)) return index - first;
    await stack.breathe();
    await now(index);
  }
  return count;
}

async function planes({ span: { first, frames: count }, limits, effects }: Opened, box: Box | undefined) {
  const [facts] = effects.map((one) => one.facts);
  if (!facts) return 0;
  const frames = createFrames(facts);
  const picture = new Picture(frames, facts, box);
  const painters = await Promise.all(
    effects.map((one) => (one.seen.pixelFrames > 0 ? openPainter(one, frames.buffer, limits, print) : undefined)),
  );
  for (let index = first; index < first + count; index++) {
    frame = index;
    if (!readFrame(FRAMES_IN, frames.i420)) return index - first;
    for (const [at, { lists, images }] of effects.entries()) {
      effect = at;
      const painter = lists.needsPixels(index) ? painters[at] : undefined;
      if (painter) await picture.paint(painter, index, images);
      else picture.draw(lists.of(index));
    }
    if (!writeFrame(FRAMES_OUT, await picture.planes())) return index - first;
    await picture.breathe();
    await now(index);
  }
  return count;
}

const TELL_EVERY_MS = 200;
let told = 0;

/** Says now and then that it is still there. */
async function now(index: number): Promise<void> {
  const time = performance.now();
  if (time - told < TELL_EVERY_MS) return;
  told = time;
  tell({ say: 'at', frame: index });
  await new Promise(setImmediate);
}
