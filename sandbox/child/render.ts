// The inside of the wall, for one render: plays an effect for all frames of a clip, and makes them, plane by plane, between
// the descriptors that it was started with.
import { closeSync } from 'node:fs';
import { createFrames, type Frames } from '../colour/frames.ts';
import type { Box } from '../draw/bounds.ts';
import { ListError } from '../draw/check.ts';
import { settle } from '../effect/params.ts';
import type { SceneFacts } from '../effect/player.ts';
import type { FramePlayer } from '../javascript/frame-player.ts';
import { FRAMES_IN, FRAMES_OUT, type FromRenderChild, type ToRenderChild } from '../render/protocol.ts';
import type { Drawing } from './drawing.ts';
import { readFrame, writeFrame } from './frame-pipes.ts';
import { GuestFailure } from './guest.ts';
import { Lists } from './lists.ts';
import { openPlayer } from './open-player.ts';

type Opening = Extract<ToRenderChild, { do: 'open' }>;

interface Opened {
  readonly opening: Opening;
  readonly facts: SceneFacts;
  /** The frames that are made: from one, up to the other. */
  readonly first: number;
  readonly end: number;
  readonly player: FramePlayer;
  readonly lists: Lists;
}

let opened: Opened | undefined;
let frame: number | undefined;

const tell = (message: FromRenderChild) => void process.send?.(message);
const print = (text: string) => tell({ say: 'printed', text });

process.on('message', (message: ToRenderChild) => void hear(message));
process.on('disconnect', () => process.exit(0));
tell({ say: 'ready' });

async function hear(message: ToRenderChild): Promise<void> {
  frame = undefined;
  try {
    if (message.do === 'open') await open(message);
    else if (opened) {
      const made = message.do === 'overlay' ? await overlay(opened, message.box) : await planes(opened, message.box);
      // The other side sees the end only when nobody could write any more.
      closeSync(FRAMES_OUT);
      tell({ say: 'done', frames: made });
    }
  } catch (error) {
    tell({ say: 'failed', failure: failureOf(error), ...(frame === undefined ? {} : { frame }) });
  }
}

function failureOf(error: unknown): GuestFailure['failure'] {
  if (error instanceof GuestFailure) return error.failure;
  if (error instanceof ListError) return { code: 'threw', message: error.message };
  return { code: 'crashed', message: error instanceof Error ? error.message : String(error) };
}

async function open(opening: Opening): Promise<void> {
  const player = await openPlayer(opening, opening.limits, print);
  const description = player.describe();
  const { values, problems } = settle(description.params, opening.facts.params);
  const [wrong] = problems;
  if (wrong) throw new GuestFailure('threw', `The param "${wrong.param}" cannot be that. ${wrong.message}`);
  const facts = { ...opening.facts, params: values };
  const filters = description.has.filters ? player.filters(facts) : [];
  const { first, frames } = opening.span ?? { first: 0, frames: facts.frames };
  const [lists, end] = [new Lists(player, first), first + frames];
  player.start(facts);
  for (frame = first; description.has.frame && frame < end; frame++) {
    lists.look(facts.width, facts.height);
    await now(frame);
  }
  opened = { opening, facts, first, end, player, lists };
  tell({ say: 'opened', description, filters, seen: { ...lists.seen, frames } });
}

/** Both answer how many frames they made: fewer where the other side wanted no more, or had no more. */
async function overlay({ first, end, player, lists }: Opened, box: Box): Promise<number> {
  // Loaded only by who draws: Skia and its fonts take longer to start than the rest.
  const { Layer } = await import('./layer.ts');
  const layer = new Layer(box, new Map());
  const frames = createFrames(box);
  let [shown, out]: [Float64Array | undefined, Uint8Array] = [undefined, frames.yuva];
  for (frame = first; frame < end; frame++) {
    const list = lists.of(frame);
    // What did not change is not drawn again: the pipe takes the same bytes once more.
    if (list !== shown) {
      frames.layer.set(layer.draw(list, list.length, player.strings));
      out = frames.toYuva();
    }
    shown = list;
    if (!writeFrame(FRAMES_OUT, out)) return frame - first;
    await layer.breathe();
    await now(frame);
  }
  return end - first;
}

async function planes({ opening, facts, first, end, player, lists }: Opened, box: Box | undefined): Promise<number> {
  const frames = createFrames(facts);
  // It is given the picture from the start; the first one was played without.
  const painter = await openPlayer({ ...opening, picture: frames.buffer }, opening.limits, print);
  painter.start(facts);
  let drawing: Drawing | undefined;
  for (frame = first; frame < end; frame++) {
    if (!readFrame(FRAMES_IN, frames.i420)) return frame - first;
    const touched = lists.needsPixels(frame);
    const list = touched ? painted(frames, painter, frame) : lists.of(frame);
    if (list.length > 0) {
      drawing ??= new (await import('./drawing.ts')).Drawing(frames, facts, box);
      drawing.draw(list, touched ? painter.strings : player.strings);
    }
    if (!writeFrame(FRAMES_OUT, frames.i420)) return frame - first;
    await drawing?.breathe();
    await now(frame);
  }
  return end - first;
}

/** Answers what the frame draws over the picture that it changed. */
function painted(frames: Frames, painter: FramePlayer, index: number): Float64Array {
  frames.toRgba();
  const length = painter.frame(index);
  frames.fromRgba();
  return painter.list.subarray(0, length);
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
