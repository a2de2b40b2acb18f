// Numbers as people read them. By our own rules: what a machine's language says of numbers differs from one to the next.
import type { NumberStyle } from '@plinth/sdk/effect.ts';

const COMPACT = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;
const MOST_DECIMALS = 12;
/** Beyond it there are no digits to be parted. */
const LARGEST = 1e21;
const MINUS = '\u2212';
const NONE = '\u2013';

/** @example formatNumber(12_345, { notation: 'compact' }) // '12.3k' */
export function formatNumber(value: number, style: NumberStyle = {}): string {
  const { notation = 'thousands', prefix = '', suffix = '' } = style;
  if (!Number.isFinite(value)) return NONE;
  const size = Math.min(Math.abs(value), LARGEST / 10);
  const text = notation === 'compact' ? compact(size, style) : digits(size, style, decimalsOf(style, 0), notation);
  // What is rounded to nothing is not below it.
  const isLess = value < 0 && /[1-9]/.test(text);
  return `${isLess ? MINUS : ''}${prefix}${text}${suffix}`;
}

function decimalsOf({ decimals }: NumberStyle, usual: number): number {
  if (decimals === undefined) return usual;
  if (decimals >= 0 && decimals <= MOST_DECIMALS) return Math.floor(decimals);
  throw new RangeError(`Decimals are a number from 0 to ${MOST_DECIMALS}, not ${String(decimals)}.`);
}

function digits(
  value: number,
  { separator = ',', point = '.' }: NumberStyle,
  decimals: number,
  notation: 'plain' | 'thousands',
): string {
  const [whole = '0', rest] = value.toFixed(decimals).split('.');
  const parted = notation === 'plain' ? whole : whole.replaceAll(/\B(?=(\d{3})+$)/g, separator);
  return rest === undefined ? parted : `${parted}${point}${rest}`;
}

/** Three digits or so: 999, 1.2k, 12.3k, 123k, 1.2M. */
function compact(value: number, style: NumberStyle): string {
  const write = (scaled: number) => {
    const text = digits(scaled, style, decimalsOf(style, scaled >= 99.95 ? 0 : 1), 'thousands');
    return style.decimals === undefined ? text.replace(/\D0$/, '') : text;
  };
  // 999,960 is a million when it is rounded.
  const unit = unitOf(value);
  return unit ? `${write(value / unit[0])}${unit[1]}` : write(value);
}

const unitOf = (value: number) => COMPACT.find(([size]) => value >= size * 0.9995);

/** As many digits as a round number needs to stay itself: 1.25k is not 1.3k. */
export function compactDecimals(value: number): number {
  const scaled = Math.abs(value) / (unitOf(Math.abs(value))?.[0] ?? 1);
  return [0, 1, 2].find((digits) => Math.abs(scaled * 10 ** digits - Math.round(scaled * 10 ** digits)) < 1e-6) ?? 3;
}
