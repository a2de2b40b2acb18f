// What lists are drawn on, in browsers and on Skia.
import type { DrawableImage } from './images.ts';
import type { ALIGNS, BASELINES, BLENDS, CAPS, JOINS } from './ops.ts';

/** What we use of a 2D context; both @napi-rs/canvas and browsers have it. */
export interface Context2D {
  readonly canvas: { readonly width: number; readonly height: number };
  save(): void;
  restore(): void;
  transform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  getTransform(): Record<'a' | 'b' | 'c' | 'd' | 'e' | 'f', number>;
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  globalAlpha: number;
  globalCompositeOperation: (typeof BLENDS)[number] | string;
  shadowColor: string;
  shadowBlur: number;
  shadowOffsetX: number;
  shadowOffsetY: number;
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  lineCap: (typeof CAPS)[number] | string;
  lineJoin: (typeof JOINS)[number] | string;
  miterLimit: number;
  font: string;
  /** Left to the machine, some letters would look different on another. */
  lang?: string;
  textAlign: (typeof ALIGNS)[number] | string;
  textBaseline: (typeof BASELINES)[number] | string;
  setLineDash(lengths: number[]): void;
  createLinearGradient(x0: number, y0: number, x1: number, y1: number): Ramp;
  createRadialGradient(x0: number, y0: number, r0: number, x1: number, y1: number, r1: number): Ramp;
  fillText(text: string, x: number, y: number): void;
  strokeText(text: string, x: number, y: number): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void;
  quadraticCurveTo(x1: number, y1: number, x: number, y: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number, counterclockwise?: boolean): void;
  ellipse(x: number, y: number, rx: number, ry: number, rotation: number, from: number, to: number): void;
  rect(x: number, y: number, width: number, height: number): void;
  roundRect(x: number, y: number, width: number, height: number, radius: number): void;
  closePath(): void;
  fill(): void;
  stroke(): void;
  clip(): void;
  clearRect(x: number, y: number, width: number, height: number): void;
  drawImage(image: unknown, x: number, y: number, width: number, height: number): void;
  drawImage(image: unknown, ...fromAndTo: [...Quad, ...Quad]): void;
}
type Quad = [x: number, y: number, width: number, height: number];

/** The point of the picture at which a canvas begins that is only a box of it. */
export interface Origin {
  readonly x: number;
  readonly y: number;
}
export interface Ramp {
  addColorStop(offset: number, color: string): void;
}

/** Pictures by the names that a list gives them; what is not there is not drawn. */
export type Images = ReadonlyMap<string, DrawableImage>;
