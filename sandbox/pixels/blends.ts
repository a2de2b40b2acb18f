// Laying a picture or a colour over another, as CSS and the canvas do it: one kernel for each way.
import type { Blend, KernelPixel, PixelKernel, Traced } from '@plinth/sdk/effect.ts';

/** Values as numbers from 0 to 255: what lies below and what is laid over. */
type Mix = (below: Traced, above: Traced, pixel: KernelPixel) => Traced;

const multiply: Mix = (below, above) => below.mul(above).div(255);
const screen: Mix = (below, above) => below.add(above).sub(below.mul(above).div(255));
/** Multiplies where `side` is dark, screens where it is light. */
const hard = (below: Traced, above: Traced, side: Traced, { where }: KernelPixel): Traced => {
  const product = below.mul(above).div(127.5);
  return where(side.le(127.5), product, below.add(above).mul(2).sub(product).sub(255));
};

const MIXES: Readonly<Record<Blend, Mix>> = {
  normal: (_, above) => above,
  multiply,
  screen,
  overlay: (below, above, pixel) => hard(below, above, below, pixel),
  'hard-light': (below, above, pixel) => hard(below, above, above, pixel),
  darken: (below, above) => below.min(above),
  lighten: (below, above) => below.max(above),
  add: (below, above) => below.add(above).min(255),
  difference: (below, above) => below.sub(above).abs(),
  'soft-light': softLight,
};

/** As the W3C's compositing puts it, in parts of one. */
function softLight(below: Traced, above: Traced, { where }: KernelPixel): Traced {
  const [b, a] = [below.div(255), above.div(255)];
  const dark = b.sub(b.neg().add(1).mul(b).mul(a.mul(-2).add(1)));
  const curve = where(b.le(0.25), b.mul(16).sub(12).mul(b).add(4).mul(b), b.sqrt());
  return where(a.le(0.5), dark, b.add(curve.sub(b).mul(a.mul(2).sub(1)))).mul(255);
}

export const isBlend = (mode: unknown): mode is Blend => typeof mode === 'string' && Object.hasOwn(MIXES, mode);
export const BLENDS = Object.keys(MIXES);

export interface Laying {
  readonly mode: Blend;
  readonly opacity: number;
  /** What is laid over where that is no picture, as [r, g, b, a]. */
  readonly color?: readonly number[];
  /** Nothing of what lies below is transparent: far less is to be done. */
  readonly isOpaque: boolean;
}

export function blending({ mode, opacity, color = [0, 0, 0, 0], isOpaque }: Laying): PixelKernel {
  const mix = MIXES[mode];
  return (pixel, picture) => {
    const above = picture ?? solid(pixel, color);
    const cover = above.a.mul(opacity / 255);
    if (isOpaque) {
      const channel = (below: Traced, over: Traced) => below.mix(mix(below, over, pixel), cover);
      return [channel(pixel.r, above.r), channel(pixel.g, above.g), channel(pixel.b, above.b)];
    }
    const under = pixel.a.div(255);
    const whole = cover.add(under.sub(under.mul(cover)));
    // What both cover is mixed, what one covers alone is as it was.
    const share = cover.div(whole);
    const channel = (below: Traced, over: Traced) => {
      const mixed = over.mix(mix(below, over, pixel), under);
      return below.mix(mixed, share);
    };
    return [channel(pixel.r, above.r), channel(pixel.g, above.g), channel(pixel.b, above.b), whole.mul(255)];
  };
}

export function solid({ value }: KernelPixel, [r = 0, g = 0, b = 0, a = 255]: readonly number[]) {
  return { r: value(r), g: value(g), b: value(b), a: value(a) };
}
