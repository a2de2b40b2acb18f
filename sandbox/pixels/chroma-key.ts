// Takes out a colour by its hue alone, however bright it is lit, and its shine from what stays.
import type { KernelPixel, Operand, PixelKernel, Traced, TracedColor } from '@plinth/sdk/effect.ts';
import { solid } from './blends.ts';

export interface Keying {
  readonly tolerance: number;
  readonly softness: number;
  readonly spill: number;
  /** [r, g, b, a], where it is a colour that is seen behind. */
  readonly background?: readonly number[];
}

/** BT.709's, as parts of 255: how much bluer and redder than grey. */
const BLUENESS = [-0.1146, -0.3854, 0.5] as const;
const REDNESS = [0.5, -0.4542, -0.0458] as const;

/** The kernel's second picture, if there is one, is what is seen behind. */
export function keying(color: readonly number[], { tolerance, softness, spill, background }: Keying): PixelKernel {
  const along = (parts: readonly number[]) => parts.reduce((sum, part, at) => sum + part * (color[at] ?? 0), 0);
  return (pixel, picture) => {
    const { r, g, b } = pixel;
    const from = (parts: readonly [number, number, number]) =>
      r.mul(parts[0]).add(g.mul(parts[1])).add(b.mul(parts[2])).sub(along(parts));
    const [blue, red] = [from(BLUENESS), from(REDNESS)];
    const far = blue.mul(blue).add(red.mul(red)).sqrt().div(255);
    // A softness of nothing is an edge: everything beyond it stays.
    const stays = far.sub(tolerance).div(Math.max(softness, 1e-6)).clamp(0, 1);
    const clean = withoutShine(pixel, color, spill);
    const behind = picture ?? (background && solid(pixel, background));
    if (!behind) return [clean.r, clean.g, clean.b, pixel.a.mul(stays)];
    const mixed = (front: Operand, back: Traced) => back.mix(front, stays);
    return [mixed(clean.r, behind.r), mixed(clean.g, behind.g), mixed(clean.b, behind.b)];
  };
}

/** The colour's strongest channel is not let above both others. */
function withoutShine(
  { r, g, b }: KernelPixel,
  color: readonly number[],
  spill: number,
): Pick<TracedColor, 'r' | 'g' | 'b'> {
  const strongest = color.indexOf(Math.max(...color.slice(0, 3)));
  const lowered = (one: Traced, others: Traced) => one.mix(one.min(others), spill);
  if (strongest === 0) return { r: lowered(r, g.max(b)), g, b };
  if (strongest === 1) return { r, g: lowered(g, r.max(b)), b };
  return { r, g, b: lowered(b, r.max(g)) };
}
