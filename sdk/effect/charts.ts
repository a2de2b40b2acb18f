// Charts, in a few words each: axes, ticks and gaps are found from the numbers, and can be said.
import type { Color } from '../effect.ts';
import type { TextStyle } from './canvas.ts';

/** How a number is written, the same on every machine. */
export interface NumberStyle {
  /** 12345.6, 12,345.6 or 12.3k; thousands are parted if absent. */
  readonly notation?: 'plain' | 'thousands' | 'compact';
  /** Digits after the point; for `compact` one at most, where it says something. */
  readonly decimals?: number;
  /** Before the number and after its minus: `$` for an amount. */
  readonly prefix?: string;
  /** `%`, ` km` */
  readonly suffix?: string;
  /** `,` and `.` if absent: with `.` and `,` it is 12.345,6. */
  readonly separator?: string;
  readonly point?: string;
}

/** A row of numbers. A hole stays a hole. */
export type Numbers = readonly (number | null | undefined)[];
/** One row, or several that are drawn together. */
export type Series = Numbers | readonly Numbers[];

interface ChartStyle {
  /** Of the rows in turn. */
  readonly colors?: readonly Color[];
  /** The lowest and the highest value that there is room for: round numbers around the values, if absent. */
  readonly min?: number;
  readonly max?: number;
  /** How much of it is there yet, from 0 to 1: it grows into its place. */
  readonly grow?: number;
  /** Of the letters, in pixels. */
  readonly size?: number;
  /** Of the letters. */
  readonly color?: Color;
  readonly font?: TextStyle['font'];
  /** Of the lines behind. */
  readonly grid?: Color;
  readonly format?: NumberStyle;
}

interface AxesStyle extends ChartStyle {
  /** About how many lines there are behind the values; 0 for none, and no numbers beside them. */
  readonly ticks?: number;
  /** Under the values. Where there is no room for all, some are left out. */
  readonly labels?: readonly string[];
  /** What the rows are called, above the chart. */
  readonly names?: readonly string[];
}
export interface BarsStyle extends AxesStyle {
  /** Between the bars, as a part of what each has; 0.3 if absent. */
  readonly gap?: number;
  /** Of the corners; as the bar's width and the letters' size ask for, if absent. */
  readonly radius?: number;
  /** Writes each value at the end of its bar. */
  readonly values?: boolean;
}
export interface LinesStyle extends AxesStyle {
  readonly lineWidth?: number;
  /** Bends gently through the values, and never beyond them. */
  readonly smooth?: boolean;
  /** On each value, or where the line has come to. */
  readonly dots?: boolean | 'end';
}
export interface SparklineStyle {
  readonly color?: Color;
  readonly min?: number;
  readonly max?: number;
  readonly grow?: number;
  readonly lineWidth?: number;
  readonly smooth?: boolean;
  /** Whether the area below is filled. */
  readonly filled?: boolean;
}
export interface RadarStyle extends ChartStyle {
  /** What the corners are called. */
  readonly labels?: readonly string[];
  /** Rings behind; 4 if absent. */
  readonly rings?: number;
}
export interface CounterStyle extends TextStyle {
  readonly format?: NumberStyle;
  /** Where it counts from, and how far it has come from there, from 0 to 1. */
  readonly from?: number;
  readonly grow?: number;
}

export interface Charts {
  /** Bars side by side in a box; several rows stand in groups. */
  bars(values: Series, x: number, y: number, width: number, height: number, style?: BarsStyle): void;
  lines(values: Series, x: number, y: number, width: number, height: number, style?: LinesStyle): void;
  /** Lines, and a fading area below each. */
  area(values: Series, x: number, y: number, width: number, height: number, style?: LinesStyle): void;
  /** A line without any axis, for the corner of a picture. */
  sparkline(values: Numbers, x: number, y: number, width: number, height: number, style?: SparklineStyle): void;
  /** Values around a middle, the first upwards. */
  radar(values: Series, x: number, y: number, radius: number, style?: RadarStyle): void;
  /** A number that counts up; its digits are equally wide, so that it stands still. */
  counter(value: number, x: number, y: number, style?: CounterStyle): void;
  /** A number as people read it. */
  format(value: number, style?: NumberStyle): string;
}
