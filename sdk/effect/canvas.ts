// What effects draw with. Lengths are pixels of the picture, angles are in degrees, clockwise.
import type { Color } from '../effect.ts';
import type { Charts } from './charts.ts';

export type FontName = 'Sans' | 'Serif' | 'Mono' | 'Display';
export interface Gradient {
  readonly stops: readonly (readonly [offset: number, color: Color])[];
  /** Along a line, or from a middle outwards. */
  readonly from: readonly [x: number, y: number];
  readonly to?: readonly [x: number, y: number];
  readonly radius?: number;
}
export type Paint = Color | Gradient;
export interface Shadow {
  readonly color: Color;
  readonly blur: number;
  readonly x?: number;
  readonly y?: number;
}
export interface ShapeStyle {
  readonly fill?: Paint;
  readonly stroke?: Paint;
  readonly lineWidth?: number;
  readonly cap?: 'butt' | 'round' | 'square';
  readonly join?: 'miter' | 'round' | 'bevel';
  readonly dash?: readonly number[];
  readonly opacity?: number;
  readonly shadow?: Shadow;
}
export interface TextStyle extends ShapeStyle {
  readonly font?: FontName;
  readonly size?: number;
  readonly weight?: 400 | 700;
  readonly italic?: boolean;
  readonly align?: 'left' | 'center' | 'right';
  readonly baseline?: 'top' | 'middle' | 'alphabetic' | 'bottom';
  /** Breaks lines at words so that none is wider. */
  readonly maxWidth?: number;
  /** Of the size; 1.25 if absent. */
  readonly lineHeight?: number;
}
export type Blend =
  | 'normal'
  | 'multiply'
  | 'screen'
  | 'overlay'
  | 'darken'
  | 'lighten'
  | 'add'
  | 'difference'
  | 'soft-light'
  | 'hard-light';
export interface GroupStyle {
  readonly x?: number;
  readonly y?: number;
  readonly rotate?: number;
  readonly scale?: number | readonly [x: number, y: number];
  readonly opacity?: number;
  readonly blend?: Blend;
  /** Nothing is drawn outside. */
  readonly clip?: readonly [x: number, y: number, width: number, height: number, radius?: number];
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Canvas extends Charts {
  readonly width: number;
  readonly height: number;
  /** A 720th of the shorter side: what is measured in it looks alike on all sizes and shapes of pictures. */
  readonly unit: number;
  /** Where texts are read: away from the edges, and in upright pictures from what feeds lay over them. */
  readonly safe: Box;
  rect(x: number, y: number, width: number, height: number, style?: ShapeStyle & { readonly radius?: number }): void;
  circle(x: number, y: number, radius: number, style?: ShapeStyle): void;
  ellipse(
    x: number,
    y: number,
    radiusX: number,
    radiusY: number,
    style?: ShapeStyle & { readonly rotate?: number },
  ): void;
  /** A slice of a circle; without `inner` from its middle. 0 degrees is up. */
  arc(
    x: number,
    y: number,
    radius: number,
    from: number,
    to: number,
    style?: ShapeStyle & { readonly inner?: number },
  ): void;
  line(x1: number, y1: number, x2: number, y2: number, style?: ShapeStyle): void;
  /** Points joined by straight lines. */
  polygon(points: readonly (readonly [number, number])[], style?: ShapeStyle & { readonly open?: boolean }): void;
  /** A path as SVG writes it: `M 0 0 L 10 10 Z`. */
  path(d: string, style?: ShapeStyle): void;
  text(text: string, x: number, y: number, style?: TextStyle): void;
  /** How wide a line of text is, and how many lines it takes within `maxWidth`. */
  measure(
    text: string,
    style?: TextStyle,
  ): { readonly width: number; readonly height: number; readonly lines: readonly string[] };
  /** Draws a picture that a param names, into a box. Nothing is drawn while there is none. */
  image(
    name: string | undefined,
    x: number,
    y: number,
    width: number,
    height: number,
    style?: { readonly opacity?: number },
  ): void;
  /** How large a picture is by itself, in pixels; nothing while there is none. */
  imageSize(name: string | undefined): { readonly width: number; readonly height: number } | undefined;
  /**
   * Draws with a transform or a clip over all of it. With an opacity or a blend it is laid over what is below as one: shapes
   * do not show through each other, and mix with the picture together. What mixes inside of such a group mixes within it.
   */
  group(style: GroupStyle, draw: () => void): void;
}
