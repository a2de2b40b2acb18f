// Softening by running sums: whatever the radius, a pixel costs what comes in and what goes out. Twice a mean makes a tent,
// which looks like a lens where one alone looks like a box.
import type { Area } from './area.ts';
import type { Scratch } from './scratch.ts';

/** Two channels are summed in one number: a mean of 257 values of a byte is the most that 16 bits hold. */
const WIDEST_MEAN = 128;
export const WIDEST_BLUR = 2 * WIDEST_MEAN;

/** A sum's mean is a product and a shift: exact for what is even, and below 32 bits for what is brightest. */
const SHIFT = 23;
const HALF = 1 << (SHIFT - 1);
const TWO_CHANNELS = 0xff00ff;

/** `radius` is whole, and at most WIDEST_BLUR. */
export function blur(area: Area, radius: number, scratch: Scratch): void {
  const [first, second] = [(radius + 1) >> 1, radius >> 1];
  if (first === 0 || area.width === 0 || area.height === 0) return;
  scratch.during(() => {
    const line = scratch.words(area.width);
    for (let y = 0; y < area.height; y++) {
      const row = area.start + y * area.stride;
      alongRow(area.words, row, line, 0, area.width, first);
      if (second > 0) alongRow(line, 0, area.words, row, area.width, second);
      else area.words.set(line, row);
    }
    const { width, height } = area;
    const between: Area = { ...area, words: scratch.words(width * height), start: 0, stride: width };
    const sums = scratch.words(2 * width);
    downColumns(area, between, first, sums);
    if (second > 0) downColumns(between, area, second, sums);
    else
      for (let y = 0; y < height; y++)
        area.words.set(between.words.subarray(y * width, (y + 1) * width), area.start + y * area.stride);
  });
}

/** The four means of two sums of two channels, as one pixel. */
const meanOf = (redBlue: number, greenAlpha: number, share: number): number =>
  ((Math.imul(redBlue & 0xffff, share) + HALF) >>> SHIFT) |
  (((Math.imul(greenAlpha & 0xffff, share) + HALF) >>> SHIFT) << 8) |
  (((Math.imul(redBlue >>> 16, share) + HALF) >>> SHIFT) << 16) |
  (((Math.imul(greenAlpha >>> 16, share) + HALF) >>> SHIFT) << 24);

const shareOf = (radius: number) => Math.floor((1 << SHIFT) / (2 * radius + 1));

/** Beyond its ends a row goes on with the pixel that stands there. */
function alongRow(from: Int32Array, start: number, to: Int32Array, put: number, width: number, radius: number): void {
  const share = shareOf(radius);
  const end = start + width - 1;
  const before = from[start] ?? 0;
  let redBlue = Math.imul(before & TWO_CHANNELS, radius);
  let greenAlpha = Math.imul((before >>> 8) & TWO_CHANNELS, radius);
  for (let x = 0; x < radius; x++) {
    const pixel = from[Math.min(end, start + x)] ?? 0;
    redBlue = (redBlue + (pixel & TWO_CHANNELS)) | 0;
    greenAlpha = (greenAlpha + ((pixel >>> 8) & TWO_CHANNELS)) | 0;
  }
  for (let x = 0; x < width; x++) {
    const at = start + x;
    const comes = from[Math.min(at + radius, end)] ?? 0;
    redBlue = (redBlue + (comes & TWO_CHANNELS)) | 0;
    greenAlpha = (greenAlpha + ((comes >>> 8) & TWO_CHANNELS)) | 0;
    to[put + x] = meanOf(redBlue, greenAlpha, share);
    const goes = from[Math.max(at - radius, start)] ?? 0;
    redBlue = (redBlue - (goes & TWO_CHANNELS)) | 0;
    greenAlpha = (greenAlpha - ((goes >>> 8) & TWO_CHANNELS)) | 0;
  }
}

/** Row by row, with a sum for each column: memory is read in the order in which it lies. */
function downColumns(from: Area, to: Area, radius: number, sums: Int32Array): void {
  const { width, height, start } = from;
  const share = shareOf(radius);
  const rowAt = (y: number) => start + Math.max(0, Math.min(height - 1, y)) * from.stride;
  sums.fill(0);
  for (let y = -radius - 1; y < radius; y++) addRow(from.words, rowAt(y), sums, width);
  for (let y = 0; y < height; y++)
    moveDown(from.words, rowAt(y + radius), rowAt(y - radius - 1), to.words, to.start + y * to.stride, sums, share);
}

/** One row comes into the sums, one goes, and their means are put down. */
function moveDown(
  from: Int32Array,
  comes: number,
  goes: number,
  to: Int32Array,
  put: number,
  sums: Int32Array,
  share: number,
): void {
  const width = sums.length >> 1;
  for (let x = 0; x < width; x++) {
    const more = from[comes + x] ?? 0;
    const less = from[goes + x] ?? 0;
    const redBlue = ((sums[x] ?? 0) + (more & TWO_CHANNELS) - (less & TWO_CHANNELS)) | 0;
    const greenAlpha = ((sums[width + x] ?? 0) + ((more >>> 8) & TWO_CHANNELS) - ((less >>> 8) & TWO_CHANNELS)) | 0;
    sums[x] = redBlue;
    sums[width + x] = greenAlpha;
    to[put + x] = meanOf(redBlue, greenAlpha, share);
  }
}

function addRow(words: Int32Array, row: number, sums: Int32Array, width: number): void {
  for (let x = 0; x < width; x++) {
    const pixel = words[row + x] ?? 0;
    sums[x] = (sums[x] ?? 0) + (pixel & TWO_CHANNELS);
    sums[width + x] = (sums[width + x] ?? 0) + ((pixel >>> 8) & TWO_CHANNELS);
  }
}
