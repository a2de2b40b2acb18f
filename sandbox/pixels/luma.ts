// How bright a pixel is, and what is asked of that alone. BT.709's parts, in 256ths: whole numbers in, whole numbers out.
import type { Histogram } from '@plinth/sdk/effect.ts';
import type { Area } from './area.ts';

export const [RED_PART, GREEN_PART, BLUE_PART] = [54, 183, 19];

/** The colours are 0xAABBGGRR, without their alpha: a pixel keeps its own. */
export function threshold(area: Area, level: number, light: number, dark: number): void {
  const { words, stride } = area;
  // In 256ths, as the luma is found below: at least so much.
  const least = Math.ceil(level) * 256;
  for (let y = 0, row = area.start; y < area.height; y++, row += stride) {
    for (let at = row; at < row + area.width; at++) {
      const pixel = words[at] ?? 0;
      const luma = RED_PART * (pixel & 255) + GREEN_PART * ((pixel >>> 8) & 255) + BLUE_PART * ((pixel >>> 16) & 255);
      words[at] = (pixel & 0xff000000) | (luma >= least ? light : dark);
    }
  }
}

export function histogram({ words, start, stride, width, height }: Area): Histogram {
  const [r, g, b, luma] = [new Int32Array(256), new Int32Array(256), new Int32Array(256), new Int32Array(256)];
  const count = (counts: Int32Array, value: number) => {
    counts[value] = (counts[value] ?? 0) + 1;
  };
  for (let y = 0, row = start; y < height; y++, row += stride) {
    for (let at = row; at < row + width; at++) {
      const pixel = words[at] ?? 0;
      const [red, green, blue] = [pixel & 255, (pixel >>> 8) & 255, (pixel >>> 16) & 255];
      count(r, red);
      count(g, green);
      count(b, blue);
      count(luma, (RED_PART * red + GREEN_PART * green + BLUE_PART * blue) >> 8);
    }
  }
  return { r: [...r], g: [...g], b: [...b], luma: [...luma] };
}
