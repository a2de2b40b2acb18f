// What a canvas says of itself and of texts before anything is drawn.
import type { Box, TextStyle } from '@plinth/sdk/effect.ts';
import { FONT_NAMES } from './fonts.ts';
import { TEXT_SIZE } from './ops.ts';
import { numberOf } from './pen.ts';
import { wrapText } from './text.ts';

/** Feeds have their buttons and words at the foot of upright pictures, and some at the head. */
export function safeOf(width: number, height: number): Box {
  const isUpright = height > width * 1.2;
  const [side, top, bottom] = isUpright ? [0.09, 0.1, 0.22] : [0.05, 0.06, 0.07];
  return { x: width * side, y: height * top, width: width * (1 - 2 * side), height: height * (1 - top - bottom) };
}

export function sizeOf({ size = 32, font = 'Sans' }: TextStyle): number {
  if (!FONT_NAMES.includes(font)) throw new TypeError(`"${String(font)}" is no font: ${FONT_NAMES.join(', ')}.`);
  if (size > TEXT_SIZE) throw new RangeError(`A text of size ${size}: ${TEXT_SIZE} is the limit.`);
  return numberOf(size, 'The size of a text');
}

export function linesOf(
  text: string,
  { font = 'Sans', weight = 400, maxWidth }: TextStyle,
  size: number,
): readonly string[] {
  // Whoever counts may well pass a number.
  return wrapText(
    String(text),
    font,
    weight,
    size,
    maxWidth === undefined ? undefined : numberOf(maxWidth, 'The maxWidth'),
  );
}
