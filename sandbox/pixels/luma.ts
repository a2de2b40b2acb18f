// How bright a pixel is, and what is asked of that alone. BT.709's parts, in 256ths: whole numbers in, whole numbers out.
import type { Histogram } from '@plinth/sdk/effect.ts';
import type { Area } from './area.ts';

export const [RED_PART, GREEN_PART, BLUE_PART] = [54, 183, 19];

/** The colours are 0xBBGGRR: a pixel keeps its own alpha. */
export function threshold(
  { words, start, stride, width, height }: Area,
  level: number,
  light: number,
  dark: number,
): void {
  // In 256ths, as the luma is found below: at least so much.
  const least = Math.ceil(Math.max(0, Math.min(256, level))) * 256;
  for (let y = 0, row = start; y < height; y++, row += stride)
    thresholdRow(words, row, row + width, least, light, dark);
}

function thresholdRow(words: Int32Array, start: number, end: number, least: number, light: number, dark: number): void {
  for (let at = start; at < end; at++) {
    const pixel = words[at] ?? 0;
    const luma = RED_PART * (pixel & 255) + GREEN_PART * ((pixel >>> 8) & 255) + BLUE_PART * ((pixel >>> 16) & 255);
    words[at] = (pixel & 0xff000000) | (luma >= least ? light : dark);
  }
}

/** Red, green, blue and luma, one after the other. */
const counts = new Int32Array(4 * 256);

export function histogram({ words, start, stride, width, height }: Area): Histogram {
  counts.fill(0);
  for (let y = 0, row = start; y < height; y++, row += stride) countRow(words, row, row + width);
  const [r, g, b, luma] = [0, 1, 2, 3].map((channel) => [...counts.subarray(channel * 256, (channel + 1) * 256)]);
  return { r: r ?? [], g: g ?? [], b: b ?? [], luma: luma ?? [] };
}

function countRow(words: Int32Array, start: number, end: number): void {
  for (let at = start; at < end; at++) {
    const pixel = words[at] ?? 0;
    const red = pixel & 255;
    const green = (pixel >>> 8) & 255;
    const blue = (pixel >>> 16) & 255;
    const luma = (RED_PART * red + GREEN_PART * green + BLUE_PART * blue) >> 8;
    counts[red] = (counts[red] ?? 0) + 1;
    counts[256 + green] = (counts[256 + green] ?? 0) + 1;
    counts[512 + blue] = (counts[512 + blue] ?? 0) + 1;
    counts[768 + luma] = (counts[768 + luma] ?? 0) + 1;
  }
}
