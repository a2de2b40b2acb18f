// From values to places: round numbers for an axis, and where a value stands between them.
import type { Numbers, Series } from '@plinth/sdk/effect.ts';

export interface Scale {
  readonly min: number;
  readonly max: number;
  /** Round numbers from the lowest to the highest. */
  readonly ticks: readonly number[];
  /** Digits after the point that tell the ticks apart. */
  readonly decimals: number;
}

/** The step that people would choose: 1, 2, 2.5 or 5 and noughts. */
const STEPS = [1, 2, 2.5, 5, 10];
/** Values beyond say nothing to anybody, and nothing can be computed with them. */
const GREATEST = 1e15;
const MOST_TICKS = 50;

/** Rows of numbers, whichever way they were given; what is no number is a hole. */
export function rowsOf(values: Series): readonly (readonly number[])[] {
  if (!Array.isArray(values)) throw new TypeError('A chart is drawn of a list of numbers.');
  const rows = values.some(Array.isArray) ? (values as readonly Numbers[]) : [values as Numbers];
  return rows.map((row) => (row ?? []).map(numberOf));
}

function numberOf(value: number | null | undefined): number {
  if (typeof value !== 'number' || Number.isNaN(value)) return Number.NaN;
  return Math.max(-GREATEST, Math.min(GREATEST, value));
}

/** @example scaleOf([[3, 97]], { ticks: 4, fromZero: true }).ticks // [0, 25, 50, 75, 100] */
export function scaleOf(
  rows: readonly (readonly number[])[],
  asked: { readonly min?: number; readonly max?: number; readonly ticks: number; readonly fromZero: boolean },
): Scale {
  let [least, most] = asked.fromZero ? [0, 0] : [Infinity, -Infinity];
  for (const row of rows)
    for (const value of row) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  const low = bound(asked.min, Number.isFinite(least) ? least : 0);
  const high = bound(asked.max, Number.isFinite(most) ? most : 1);
  const span = high > low ? high - low : Math.abs(high) || 1;
  const count = Math.max(1, Math.min(MOST_TICKS, Math.round(asked.ticks) || 1));
  const step = stepOf(span / count);
  const min = asked.min ?? Math.floor(low / step + 1e-9) * step;
  const top = asked.max ?? Math.ceil(high / step - 1e-9) * step;
  const max = top > min ? top : min + step;
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  const ticks = Array.from({ length: Math.min(MOST_TICKS * 2, last - first + 1) }, (_, at) => (first + at) * step);
  return { min, max, ticks, decimals: Math.min(12, Math.max(0, decimalsIn(step))) };
}

const bound = (asked: number | undefined, found: number) => (asked === undefined ? found : numberOf(asked) || 0);

function stepOf(rough: number): number {
  const unit = 10 ** Math.floor(Math.log10(rough));
  const off = (step: number) => Math.abs(Math.log((step * unit) / rough));
  return unit * STEPS.reduce((best, step) => (off(step) < off(best) ? step : best));
}

function decimalsIn(step: number): number {
  const power = Math.floor(Math.log10(step) + 1e-9);
  return -power + (Math.abs(step / 10 ** power - 2.5) < 1e-6 ? 1 : 0);
}
