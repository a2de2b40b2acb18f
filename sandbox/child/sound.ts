// Plays effects over a clip's sound, block after block, between the descriptors that frames go through elsewhere.
import { readSync } from 'node:fs';
import type { Description } from '../effect/describe.ts';
import { settle } from '../effect/params.ts';
import { BLOCK_LENGTH } from '../effect/sound-player.ts';
import { openSoundPlayer, type SoundPlayer } from '../javascript/sound-player.ts';
import { BLOCK_MS, type Limits, SETUP_MS } from '../limits.ts';
import { FRAMES_IN, FRAMES_OUT, type SoundOpening, type ToRenderChild } from '../render/protocol.ts';
import { writeFrame } from './frame-pipes.ts';
import { GuestFailure } from './guest.ts';
import { startWatch, watchFrame } from './watch.ts';

type Order = Extract<ToRenderChild, { do: 'sound' }>;

/** What is at work, for whoever has to tell of a failure. */
export interface AtWork {
  effect(at: number): void;
  block(index: number): Promise<void>;
}

/** Answers how many blocks there were. */
export async function playSound(order: Order, print: (text: string) => void, at: AtWork): Promise<number> {
  const { effects, limits, channels, rehearse, keep } = order;
  startWatch();
  const players: SoundPlayer[] = [];
  for (const [place, opening] of effects.entries()) {
    at.effect(place);
    players.push(await started(opening, limits, print));
  }
  const block = new Float32Array(BLOCK_LENGTH * channels);
  const read = rehearse === undefined ? readBlock : toneFor(rehearse);
  for (let index = 0; ; index++) {
    await at.block(index);
    const length = read(block) / channels;
    if (length === 0) return index;
    for (const [place, player] of players.entries()) {
      at.effect(place);
      parted(block, player.samples, channels);
      watchFrame({ frame: index, ms: BLOCK_MS, code: 'block' }, player.interrupt, () => player.block(index));
      joined(player.samples, block, channels);
    }
    const wanted = keep ? cut(keep, index * BLOCK_LENGTH, length) : { from: 0, to: length };
    const bytes = new Uint8Array(block.buffer, wanted.from * channels * 4, (wanted.to - wanted.from) * channels * 4);
    if (rehearse === undefined && !writeFrame(FRAMES_OUT, bytes)) return index + 1;
  }
}

async function started(opening: SoundOpening, limits: Limits, print: (text: string) => void): Promise<SoundPlayer> {
  const isPython = opening.program.language === 'python';
  const open = isPython ? (await import('../python/frame-player.ts')).openPythonSound : openSoundPlayer;
  const player = await open(opening, limits, print);
  const setup = <T>(run: () => T) => watchFrame({ frame: -1, ms: SETUP_MS, code: 'setup' }, player.interrupt, run);
  const { params } = setup<Description>(player.describe);
  const { values, problems } = settle(params, opening.facts.params);
  const [wrong] = problems;
  if (wrong) throw new GuestFailure('threw', `The param "${wrong.param}" cannot be that. ${wrong.message}`);
  setup(() => player.start({ ...opening.facts, params: values }));
  return player;
}

/** Fills a block with what comes, and with silence after the end; answers how many samples came. */
function readBlock(block: Float32Array): number {
  const bytes = new Uint8Array(block.buffer);
  let at = 0;
  while (at < bytes.length) {
    const got = readSync(FRAMES_IN, bytes, at, bytes.length - at, null);
    if (got === 0) break;
    at += got;
  }
  bytes.fill(0, at);
  return at / Float32Array.BYTES_PER_ELEMENT;
}

const [TONE_HERTZ, TONE_LOUD] = [440, 0.25];

/** A tone, instead of a clip's sound, for so many samples. */
function toneFor({ samples, sampleRate }: NonNullable<Order['rehearse']>): (block: Float32Array) => number {
  let sample = 0;
  return (block) => {
    const channels = block.length / BLOCK_LENGTH;
    const length = Math.min(BLOCK_LENGTH, samples - sample);
    block.fill(0);
    for (let at = 0; at < length * channels; at++)
      block[at] = TONE_LOUD * Math.sin((2 * Math.PI * TONE_HERTZ * (sample + Math.floor(at / channels))) / sampleRate);
    sample += length;
    return length * channels;
  };
}

/** From one channel's sample beside the other's to one channel after the other. */
function parted(block: Float32Array, samples: Float32Array, channels: number): void {
  for (let channel = 0; channel < channels; channel++)
    for (let at = 0; at < BLOCK_LENGTH; at++)
      samples[channel * BLOCK_LENGTH + at] = block[at * channels + channel] ?? 0;
}

/** And back. What is no number is silent. */
function joined(samples: Float32Array, block: Float32Array, channels: number): void {
  for (let channel = 0; channel < channels; channel++) {
    for (let at = 0; at < BLOCK_LENGTH; at++) {
      const sample = samples[channel * BLOCK_LENGTH + at] ?? 0;
      block[at * channels + channel] = Number.isFinite(sample) ? sample : 0;
    }
  }
}

/** What of a block lies in a stretch of samples. */
function cut({ from, to }: NonNullable<Order['keep']>, first: number, length: number) {
  const within = (sample: number) => Math.min(length, Math.max(0, sample - first));
  return { from: within(from), to: within(to) };
}
