// When the pictures of a clip are shown, by its index: how many there are, and whether they come at a steady rate.
import { type Fraction, rateOf } from './fraction.ts';

export interface Times {
  /** Rate of the frames that are rendered: the clip's own where it is steady. */
  readonly fps: Fraction;
  readonly variable: boolean;
  /** Frames at that rate, from the clip's beginning. */
  readonly frames: number;
}

/** Rates that cameras and editors use, for clips without one of their own. */
const USUAL: readonly Fraction[] = [
  { num: 24_000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30_000, den: 1001 },
  { num: 30, den: 1 },
  { num: 50, den: 1 },
  { num: 60_000, den: 1001 },
  { num: 60, den: 1 },
];
/** Containers round times to a millisecond or so. Of a frame: */
const JITTER = 0.3;
const MOST_FPS = 120;

/** `shown`: seconds from the file's beginning, rising. `last`: how long the last picture stays, if the file says so. */
export function timesOf(shown: readonly number[], stated: readonly (Fraction | undefined)[], last?: number): Times {
  const [first = 0, end = 0] = [shown[0], shown.at(-1)];
  for (const fps of stated) {
    const rate = fps ? rateOf(fps) : 0;
    if (!fps || rate < 1 || rate > MOST_FPS || !isSteady(shown, rate)) continue;
    return { fps, variable: false, frames: Math.round(first * rate) + shown.length };
  }
  const gaps = shown.slice(1).map((time, index) => time - (shown[index] ?? 0));
  const usual = gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 1 / 25;
  const fps = nearest(1 / usual);
  const stays = last ?? 1 / rateOf(fps);
  return { fps, variable: true, frames: Math.max(1, Math.round((end + stays) * rateOf(fps))) };
}

/** By ratio: from 12 it is as far to 24 as to 6. */
function nearest(rate: number): Fraction {
  const off = (fps: Fraction) => Math.abs(Math.log(rateOf(fps) / rate));
  return USUAL.reduce((best, fps) => (off(fps) < off(best) ? fps : best));
}

function isSteady(shown: readonly number[], rate: number): boolean {
  const first = shown[0] ?? 0;
  return shown.every((time, index) => Math.abs((time - first) * rate - index) < JITTER);
}
