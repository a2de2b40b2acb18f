// How large and how fast what is made is: by the short side, as people name sizes, never larger and never faster than
// the clip.
import { type Fraction, rateOf } from '../fraction.ts';
import type { ClipFacts } from '../probe.ts';
import type { Fit, Size } from '../window.ts';

const even = (length: number) => Math.max(2, 2 * Math.round(length / 2));
/** What encoders take. */
const LEAST = 16;

/** @example sizeOf({ width: 1080, height: 1920 }, 720) // { width: 720, height: 1280 } */
export function sizeOf({ width, height }: Size, short = Number.POSITIVE_INFINITY): Size {
  const scale = Math.min(1, short / Math.min(width, height));
  const [wide, high] = [even(width * scale), even(height * scale)];
  // One that is very narrow becomes a little less so.
  return { width: Math.max(LEAST, wide), height: Math.max(LEAST, high) };
}

/** All of the clip's picture in all of that size: rounding to even sides may stretch it by a pixel. */
export function fitWhole(clip: ClipFacts, size: Size): Fit {
  const near = Math.abs(clip.width - size.width) <= 1 && Math.abs(clip.height - size.height) <= 1;
  // Of an odd side a row or a column is cut off instead.
  const exact = near && size.width <= clip.width && size.height <= clip.height && !clip.stretched;
  return { ...size, inner: { ...size, x: 0, y: 0 }, exact };
}

/** Of a clip that is faster, every second, third … frame. */
export function slowed(clip: ClipFacts, most = Number.POSITIVE_INFINITY): ClipFacts {
  const every = Math.ceil(rateOf(clip.fps) / most - 1e-6);
  if (every <= 1) return clip;
  const fps: Fraction = { num: clip.fps.num, den: clip.fps.den * every };
  return { ...clip, fps, frames: Math.max(1, Math.ceil(clip.frames / every)) };
}

/** Bits a second that a rung may peak at: 3 Mbit/s for 720p at 30 frames, and less for each pixel of larger ones. */
export function peakOf({ width, height }: Size, fps: number): number {
  const pixels = (width * height) / (1280 * 720);
  return Math.round(3_000_000 * pixels ** 0.75 * Math.max(1, fps / 30) ** 0.5);
}
