import type { CounterStyle } from '@plinth/sdk/effect.ts';
import type { Shapes } from '../shapes.ts';
import { formatNumber } from './numbers.ts';
import { partOf } from './plot.ts';

const DIGIT = /\d/;

/** Each digit has as much room as the widest: what counts does not tremble. */
export function drawCounter(canvas: Shapes, value: number, x: number, y: number, style: CounterStyle): void {
  const { format, from = 0, grow, align = 'left', maxWidth: _, ...type } = style;
  const part = eased(partOf(grow, 1));
  const text = formatNumber(part === 1 ? value : from + (value - from) * part, format);
  const widthOf = (sign: string) => canvas.measure(sign, type).width;
  const digit = Math.max(...Array.from('0123456789', widthOf));
  const signs = [...text].map((sign) => ({ sign, width: DIGIT.test(sign) ? digit : widthOf(sign) }));
  const whole = signs.reduce((sum, { width }) => sum + width, 0);
  let left = x - (align === 'center' ? whole / 2 : align === 'right' ? whole : 0);
  for (const { sign, width } of signs) {
    canvas.text(sign, left + width / 2, y, { ...type, align: 'center' });
    left += width;
  }
}

/** Quick at first, gently at the end. */
const eased = (part: number) => 1 - (1 - part) ** 3;
