// The part of a render that runs inside the isolate, beside the creator's own code. Bundled to one script whose value is
// `open`: everything goes in and out as numbers and text.
import type { Effect } from '@plinth/sdk/effect.ts';
import { RecordingCanvas } from '../draw/canvas.ts';
import { Recorder } from '../draw/recorder.ts';
import { openPixels } from '../pixels/picture.ts';
import { describe } from './describe.ts';
import { filtersOf, Player, type SceneFacts } from './player.ts';
import { type SoundFacts, SoundPlayer } from './sound-player.ts';

/** How another language speaks of pixels. */
export { Spoken } from '../pixels/words.ts';

/** What a frame answers instead of a length. */
export const NEEDS_PIXELS = -1;

/** An effect, ready to be told its scene. `list` and `picture` are shared with the outside. */
export function open(found: unknown, list: Float64Array, picture: Uint8ClampedArray | undefined) {
  const effect = found as Effect;
  const recorder = new Recorder(list);
  let player: Player | undefined;
  return (what: 'describe' | 'filters' | 'start' | 'frame' | 'strings', argument: unknown): unknown => {
    if (what === 'frame') {
      recorder.reset();
      try {
        player?.frame(argument as number);
      } catch (error) {
        if (picture || !player?.touchedPixels) throw error;
      }
      // Asked of the player: a program may have caught what it was stopped with, or wrapped it in an error of its own.
      return !picture && player?.touchedPixels ? NEEDS_PIXELS : recorder.length;
    }
    if (what === 'strings') return JSON.stringify(recorder.takeNewStrings());
    if (what === 'describe') return JSON.stringify(describe(found));
    const facts = JSON.parse(String(argument)) as SceneFacts;
    if (what === 'filters') return JSON.stringify(filtersOf(effect, facts));
    const { width, height, images } = facts;
    const opened = picture && openPixels(width, height, picture.subarray(0, width * height * 4));
    const canvas = new RecordingCanvas(recorder, width, height, images);
    player = new Player(effect, facts, opened ? { canvas, picture: opened } : { canvas });
    return undefined;
  };
}

/** The same for its sound. `samples`, which is shared with the outside, holds a block of each channel. */
export function openSound(found: unknown, samples: Float32Array) {
  let player: SoundPlayer | undefined;
  return (what: 'describe' | 'start' | 'block', argument: unknown): unknown => {
    if (what === 'block') return void player?.block(argument as number);
    if (what === 'describe') return JSON.stringify(describe(found));
    player = new SoundPlayer(found as Effect, JSON.parse(String(argument)) as SoundFacts, samples);
    return undefined;
  };
}
