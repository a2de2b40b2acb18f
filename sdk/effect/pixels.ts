/**
 * The picture itself, as effects touch it: whole operations, and kernels that are written once and done for every pixel.
 * All of it gives the same bytes in JavaScript and in Python, in the preview and in the render: values are kept from 0 to
 * 255 and rounded to the nearest whole one, halves to the even one; what is no number is 0.
 *
 * @example
 * frame({ pixels, params }) {
 *   pixels.map(({ r, g, b, u }) => [r.mul(params.warmth), g, b.mul(u)]);
 *   pixels.region(0, 0, 200, 100).blur(12);
 * }
 */
import type { Color } from '../effect.ts';
import type { Blend } from './canvas.ts';

/** What becomes of each of the values 0 to 255: 256 numbers. */
export type LookupTable = ArrayLike<number>;

/** A table for each channel; one that is absent stays as it is. */
export interface ChannelTables {
  readonly r?: LookupTable;
  readonly g?: LookupTable;
  readonly b?: LookupTable;
  readonly a?: LookupTable;
}

/** How many pixels have each of the values 0 to 255. */
export interface Histogram {
  readonly r: readonly number[];
  readonly g: readonly number[];
  readonly b: readonly number[];
  readonly luma: readonly number[];
}

export interface ChromaKeyStyle {
  /** How far from the colour it still counts as it, from 0 to 1; 0.2 if absent. */
  readonly tolerance?: number;
  /** How far beyond that it fades, from 0 to 1; 0.1 if absent. */
  readonly softness?: number;
  /** How much of the colour's shine is taken from what stays, from 0 to 1; 0.5 if absent. */
  readonly spill?: number;
  /** What is seen behind; without it what goes becomes transparent. */
  readonly background?: Color | PixelArea;
}

export interface DisplaceStyle {
  /** How many pixels a map moves where it is 255; 16 if absent. */
  readonly scale?: number;
  /** Mixes the four pixels around a place instead of taking the nearest. */
  readonly smooth?: boolean;
}

/** How far: a number, one for each pixel, or a map: a picture of the same size whose 128 is nowhere. */
export type Displacement = number | ((pixel: KernelPixel) => Operand) | PixelArea;

/** A part of the picture, or all of it. Every operation changes it in place and answers it again. */
export interface PixelArea {
  readonly width: number;
  readonly height: number;
  /** Each value becomes what stands at its place in a table. The cheapest operation. */
  lookup(table: LookupTable | ChannelTables): this;
  /**
   * Mixes channels: 12 numbers, a row each for red, green and blue of [r, g, b, offset], or 20, with rows for all four
   * channels of [r, g, b, a, offset].
   *
   * @example pixels.matrix([0.3, 0.6, 0.1, 0, 0.3, 0.6, 0.1, 0, 0.3, 0.6, 0.1, 0]) // grey
   */
  matrix(numbers: ArrayLike<number>): this;
  /** Softens, as far as so many pixels (at most 256). Takes as long for a wide radius as for a narrow one. */
  blur(radius: number): this;
  /** White where the luma is at least so much, black elsewhere; or two colours of yours. */
  threshold(level: number, style?: { readonly light?: Color; readonly dark?: Color }): this;
  /** Each pixel is fetched from so far away. */
  displace(dx: Displacement, dy: Displacement, style?: DisplaceStyle): this;
  /** Lays a colour or a picture of the same size over it. */
  blend(other: Color | PixelArea, mode?: Blend, opacity?: number): this;
  /** Takes out a colour, as of a green screen. */
  chromaKey(color: Color, style?: ChromaKeyStyle): this;
  histogram(): Histogram;
  /** A picture of its own, as it is now. It lasts until the end of the frame. */
  copy(): Pixels;
  /** A part of it, cut to what there is. Operations on it change it alone, and its left top corner is (0, 0). */
  region(x: number, y: number, width: number, height: number): PixelArea;
  /**
   * Works out every pixel anew. The kernel is called once with values that stand for each pixel's; what is done with them
   * becomes one loop. Further pictures of the same size, up to three, are the kernel's further arguments.
   *
   * @example pixels.map(({ r, g, b, x, where }) => [r.mul(1.2), g, where(x.gt(100), b, 0)])
   * @example pixels.map((p, soft) => [p.r.mul(2).sub(soft.r), p.g.mul(2).sub(soft.g), p.b.mul(2).sub(soft.b)], soft)
   */
  map(kernel: PixelKernel, ...others: readonly PixelArea[]): this;
}

/** RGBA, a byte each, row by row from the top left. What is written is the new picture. */
export interface Pixels extends PixelArea {
  readonly data: Uint8ClampedArray;
}

/**
 * A number that each pixel has of its own. It is none yet while the kernel is called: `r * 2` and `if (r)` cannot work,
 * `r.mul(2)` and `where(r, …)` do.
 */
export interface Traced {
  add(other: Operand): Traced;
  sub(other: Operand): Traced;
  mul(other: Operand): Traced;
  div(other: Operand): Traced;
  /** What is left of a division, with the sign of what is divided by: -1 mod 4 is 3. */
  mod(other: Operand): Traced;
  pow(other: Operand): Traced;
  min(other: Operand): Traced;
  max(other: Operand): Traced;
  /** The comparisons and `and`, `or`, `not` are 1 or 0. */
  lt(other: Operand): Traced;
  le(other: Operand): Traced;
  gt(other: Operand): Traced;
  ge(other: Operand): Traced;
  eq(other: Operand): Traced;
  ne(other: Operand): Traced;
  and(other: Operand): Traced;
  or(other: Operand): Traced;
  not(): Traced;
  neg(): Traced;
  abs(): Traced;
  floor(): Traced;
  /** Halves to the even one. */
  round(): Traced;
  sqrt(): Traced;
  /** Angles are in radians. */
  sin(): Traced;
  cos(): Traced;
  /** The angle of the point (x, this). */
  atan2(x: Operand): Traced;
  exp(): Traced;
  log(): Traced;
  clamp(low: Operand, high: Operand): Traced;
  /** From this to the other: `part` 0 is this, 1 the other. */
  mix(other: Operand, part: Operand): Traced;
}

export type Operand = Traced | number;

/** The four values at one place, from 0 to 255. */
export interface TracedColor {
  readonly r: Traced;
  readonly g: Traced;
  readonly b: Traced;
  readonly a: Traced;
}

/** What a kernel is given. */
export interface KernelPixel extends TracedColor {
  /** How bright it is, from 0 to 255. */
  readonly luma: Traced;
  /** Its place, from 0. */
  readonly x: Traced;
  readonly y: Traced;
  /** Its middle in parts of the width and the height. */
  readonly u: Traced;
  readonly v: Traced;
  readonly width: number;
  readonly height: number;
  /** The picture, as it was before, at another place; beyond its edges is what stands at them. */
  readonly sample: (x: Operand, y: Operand, style?: { readonly smooth?: boolean }) => TracedColor;
  /** The one where a condition holds, the other elsewhere. */
  readonly where: (condition: Operand, yes: Operand, no: Operand) => Traced;
  /** A number from 0 up to 1 for each pixel; another one for another `salt`: the frame's index, or its `random()`. */
  readonly noise: (salt: Operand) => Traced;
  /** A number to begin with: `value(255).sub(r)`. */
  readonly value: (number: number) => Traced;
}

/** Three or four new values, a colour as `sample` answers it, or one value for a grey. */
export type PixelKernel = (
  pixel: KernelPixel,
  ...others: readonly KernelPixel[]
) =>
  | readonly Operand[]
  | { readonly r: Operand; readonly g: Operand; readonly b: Operand; readonly a?: Operand }
  | Operand;
