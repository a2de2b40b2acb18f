// How far a line of text may reach around its point. From the table of widths, with room for what the table leaves out:
// kerning, slants, and characters that a system's font has to draw.
import { characterWidth, heightsOf, isMark, widthsOf } from './text.ts';

export interface Extents {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Typed {
  readonly font: string;
  readonly size: number;
  readonly weight: number;
  /** Numbers in `ALIGNS` and `BASELINES`. */
  readonly align: number;
  readonly baseline: number;
}

/** Of the size: the widest character there is, in the fonts that have it. */
const WIDEST = 12;

export function textExtents(text: string, { font, size, weight, align, baseline }: Typed): Extents {
  const table = widthsOf(font, weight);
  let [width, marks, foreign, exotic] = [0, 0, false, false];
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at) ?? 0;
    if (code > 0xffff) at += 1;
    const one = characterWidth(table, code);
    width += Number.isNaN(one) ? WIDEST : one;
    foreign ||= code >= table.length || isMark(code);
    exotic ||= Number.isNaN(one);
    if (isMark(code)) marks += 1;
  }
  const { ascent, descent } = heightsOf(font);
  // Canvases measure "top" and "bottom" by a square of the size, in which the baseline stands at the font's proportion.
  const [above, below] = [ascent / (ascent + descent), descent / (ascent + descent)];
  const base = [above, (above - below) / 2, 0, -below][baseline] ?? 0;
  // Marks may stand on one another; where the widths are a guess the heights are one too.
  const more = 0.15 + (foreign ? 0.35 : 0) + (exotic ? 1 : 0) + 0.4 * marks;
  const whole = width * 1.05;
  const start = [0, whole / 2, whole][align] ?? 0;
  return {
    left: -(start + 0.35) * size,
    right: (whole - start + 0.35) * size,
    top: (base - ascent - more) * size,
    bottom: (base + descent + more) * size,
  };
}
