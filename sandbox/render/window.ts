// Which frames of a clip are rendered, and how large.
import { CLIP_PIXELS } from '../limits.ts';
import { renderErrors } from './errors.ts';
import { rateOf } from './fraction.ts';
import type { ClipFacts } from './probe.ts';

export interface Window {
  /** Of the clip at its own rate. */
  readonly first: number;
  readonly frames: number;
  /** Whether that is all of it: then its sound need not be cut. */
  readonly whole: boolean;
}

/** Seconds of the clip, rounded to frames. */
export function windowOf({ fps, frames, duration }: ClipFacts, from = 0, to = Number.POSITIVE_INFINITY): Window {
  const rate = rateOf(fps);
  const first = Math.round(from * rate);
  const end = Math.min(frames, Math.round(to * rate));
  if (!(from >= 0) || first >= frames || !(end > first))
    throw renderErrors.bad_range({ detail: `It lasts ${duration.toFixed(2)} s; ${from} s to ${to} s was asked for.` });
  return { first, frames: end - first, whole: first === 0 && end === frames };
}

/** Frames of what is rendered, where not all of it is made at once. */
export interface Span {
  readonly first: number;
  readonly frames: number;
}

/** The part of the clip that a part of the result is made from. */
export function spanOf(window: Window, { first, frames }: Span): Window {
  return { first: window.first + first, frames, whole: window.whole && frames === window.frames };
}

/**
 * How many frames need not even be decoded: up to a second before the first that is wanted, where a clip's index can be
 * trusted to find it.
 */
export function skippedOf({ container, variable, fps }: ClipFacts, { first }: Window): number {
  const isIndexed = /\b(mov|matroska)\b/.test(container);
  return isIndexed && !variable ? Math.max(0, first - Math.ceil(rateOf(fps))) : 0;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Fit extends Size {
  /** Where the clip's picture lies in the result, and how large; black around it. */
  readonly inner: Size & { readonly x: number; readonly y: number };
  /** Its pixels are not resampled, at most a row or a column is cut off. */
  readonly exact: boolean;
}

const SMALLEST = 16;
const LARGEST_SIDE = 8_192;
const even = (length: number) => Math.max(2, Math.floor(length / 2) * 2);

/** Sizes are even, as H.264 wants them: an odd row or column is cut off. */
export function fitOf({ width, height, stretched }: ClipFacts, asked?: Size): Fit {
  const size = asked ?? { width: even(width), height: even(height) };
  checkSize(size, asked !== undefined);
  if (!asked) return { ...size, inner: { ...size, x: 0, y: 0 }, exact: !stretched };
  const scale = Math.min(size.width / width, size.height / height);
  const inner = { width: even(Math.round(width * scale)), height: even(Math.round(height * scale)) };
  // Colour is kept for pairs of pixels: what lies between two of them would be blurred.
  const middle = (room: number) => Math.floor(room / 4) * 2;
  const place = { x: middle(size.width - inner.width), y: middle(size.height - inner.height) };
  return { ...size, inner: { ...inner, ...place }, exact: scale === 1 && !stretched };
}

function checkSize({ width, height }: Size, asked: boolean): void {
  const detail = `${width}x${height} was ${asked ? 'asked for' : 'found'}.`;
  const sides = [width, height];
  if (!sides.every((side) => Number.isInteger(side) && side >= SMALLEST && side <= LARGEST_SIDE))
    throw renderErrors.bad_size({ detail, fix: `Its sides are whole numbers from ${SMALLEST} to ${LARGEST_SIDE}.` });
  if (sides.some((side) => side % 2 !== 0)) throw renderErrors.bad_size({ detail, fix: 'Its sides are even.' });
  if (width * height > CLIP_PIXELS) throw renderErrors.too_large({ detail });
}
