// The rungs of a ladder for adaptive playback.
import { rateOf } from '../fraction.ts';
import type { ClipFacts } from '../probe.ts';
import type { Size } from '../window.ts';
import { peakOf, sizeOf } from './sizes.ts';

export interface Rung extends Size {
  /** `720`, by the short side. */
  readonly name: string;
  /** Bits a second. */
  readonly peak: number;
  /** Which group of sound it plays with. */
  readonly sound: 'high' | 'low';
}

const USUAL = [240, 480, 720, 1080];
/** Below this a phone on a bad line is meant, unless there is nothing better. */
const GOOD_FROM = 360;

/** From the lowest on. What is larger than the clip becomes one rung of its own size. */
export function ladderOf(clip: ClipFacts, heights: readonly number[] = USUAL): Rung[] {
  const own = Math.min(sizeOf(clip).width, sizeOf(clip).height);
  const wanted = new Set(heights.map((height) => Math.min(height, own)));
  const shorts = [...wanted].sort((a, b) => a - b);
  return shorts.map((short, at) => {
    const size = sizeOf(clip, short);
    const isBest = at === shorts.length - 1;
    const sound = short < GOOD_FROM && !isBest ? 'low' : 'high';
    return { ...size, name: `${short}`, peak: peakOf(size, rateOf(clip.fps)), sound };
  });
}
