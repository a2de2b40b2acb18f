/**
 * What creators write: an effect is a pure function of a frame's time, its params and data. No clock, no chance but the
 * seeded one, no input or output. The same source runs in the browser's preview and in the render.
 *
 * @example
 * import { color, effect, number } from '@plinth/sdk/effect';
 * export default effect({
 *   title: 'Dot',
 *   params: { color: color('#ff3b6b'), size: number(40, { min: 1, max: 400 }) },
 *   frame({ canvas, width, height, t, params }) {
 *     canvas.circle(width / 2 + Math.sin(t) * 100, height / 2, params.size, { fill: params.color });
 *   },
 * });
 */

import type { Canvas, FontName } from './effect/canvas.ts';
import type { AudioNow, DataOf, Input, LiveNow } from './effect/inputs.ts';
import type { Pixels } from './effect/pixels.ts';
import type { SoundBlock, SoundScene } from './effect/sound.ts';

export type * from './effect/canvas.ts';
export type * from './effect/charts.ts';
export type * from './effect/inputs.ts';
export type * from './effect/pixels.ts';
export type * from './effect/sound.ts';

// ---- Params: each becomes a control of the studio.

interface About {
  /** The control's label; the param's own name, if absent. */
  readonly label?: string;
  readonly help?: string;
  /** Controls of one group stand together. */
  readonly group?: string;
}
interface Range extends About {
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
}

export interface Param<T> extends Range {
  readonly kind:
    | 'number'
    | 'integer'
    | 'boolean'
    | 'choice'
    | 'text'
    | 'color'
    | 'point'
    | 'curve'
    | 'image'
    | 'font'
    | 'audio'
    | 'dataset';
  readonly default: T;
  readonly options?: readonly string[];
  readonly maxLength?: number;
}

/** `#rrggbb` or `#rrggbbaa`. */
export type Color = string;
/** Parts of the picture's width and height: `{ x: 0.5, y: 0.5 }` is its middle. */
export interface Point {
  readonly x: number;
  readonly y: number;
}
/** From 0 to 1 in both, by rising `x`; straight between the points. */
export type Curve = readonly Point[];
/** Rows of a table, as JSON. */
export type Dataset = readonly Readonly<Record<string, string | number | boolean | null>>[];

const param = <T>(kind: Param<T>['kind'], value: T, about: object = {}): Param<T> => ({
  kind,
  default: value,
  ...about,
});

export const number = (value: number, about?: Range): Param<number> => param('number', value, about);
export const integer = (value: number, about?: Range): Param<number> => param('integer', value, about);
export const boolean = (value: boolean, about?: About): Param<boolean> => param('boolean', value, about);
export const text = (value: string, about?: About & { readonly maxLength?: number }): Param<string> =>
  param('text', value, about);
export const color = (value: Color, about?: About): Param<Color> => param('color', value, about);
export const point = (x: number, y: number, about?: About): Param<Point> => param('point', { x, y }, about);
export const curve = (value: Curve, about?: About): Param<Curve> => param('curve', value, about);
/** One of a few words. */
export function choice<const O extends readonly [string, ...string[]]>(options: O, about?: About): Param<O[number]> {
  return param('choice', options[0], { options, ...about });
}
/** A picture, named; nothing is drawn while there is none. */
export const image = (about?: About): Param<string | undefined> => param('image', undefined, about);
/** One of the built-in fonts. */
export const font = (value: FontName, about?: About): Param<FontName> => param('font', value, about);
export const audio = (about?: About): Param<string | undefined> => param('audio', undefined, about);
export const dataset = (value: Dataset = [], about?: About): Param<Dataset> => param('dataset', value, about);

export type Params = Readonly<Record<string, Param<unknown>>>;
export type Values<P extends Params> = { readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never };

// ---- What an effect is told.

/** The same for all frames of a render. */
export interface Scene<P extends Params = Params, I extends Input = Input> {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Seconds. */
  readonly duration: number;
  readonly frames: number;
  readonly params: Values<P>;
  /** What the inputs say of all that is rendered, by their names. */
  readonly data: DataOf<I>;
  /** From 0 up to 1; the same numbers for the same seed. */
  readonly random: () => number;
}

export interface Frame<P extends Params = Params, S = unknown, I extends Input = Input> extends Scene<P, I> {
  /** From 0. */
  readonly index: number;
  /** Seconds since the first frame. */
  readonly t: number;
  readonly canvas: Canvas;
  /** The picture itself. Whoever looks at it pays for it: a frame that only draws is never unpacked. */
  readonly pixels: Pixels;
  readonly audio: AudioNow;
  readonly live: LiveNow;
  /** What `setup` answered. */
  readonly state: S;
}

// ---- Filters: FFmpeg's own, from a list of those that neither read nor write anything.

export interface Filter {
  readonly name: string;
  readonly options?: Readonly<Record<string, string | number>>;
}

export interface EffectDefinition<P extends Params, S, A, I extends Input> {
  readonly title: string;
  readonly summary?: string;
  readonly params?: P;
  /** What it wants to know: only that is found out, and found in `data`, `audio` and `live`. */
  readonly inputs?: readonly I[];
  /** Once, before the first frame. What it answers is `state` in every frame, and is not changed any more. */
  setup?(scene: Scene<P, I>): S;
  frame?(frame: Frame<P, S, I>): void;
  /** Once. The cheapest way to touch a picture: nothing of it leaves FFmpeg. */
  filters?(scene: Scene<P, I>): readonly Filter[];
  /** Once, before the first block of sound. What it answers is `state` in every block, and may be changed there. */
  audioSetup?(scene: SoundScene<P, I>): A;
  /** Changes the clip's sound, block by block, in order. Not called for a clip without any. */
  audio?(block: SoundBlock<P, A, I>): void;
}

export interface Effect<P extends Params = Params, S = unknown, A = unknown, I extends Input = Input>
  extends EffectDefinition<P, S, A, I> {
  readonly kind: 'effect';
}

/** Defines an effect; a file's default export. */
export function effect<const P extends Params, S = undefined, A = undefined, const I extends Input = never>(
  definition: EffectDefinition<P, S, A, I>,
): Effect<P, S, A, I> {
  return { kind: 'effect', ...definition };
}
