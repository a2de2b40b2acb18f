// Each pixel fetched from somewhere else.
import type { KernelPixel, Operand, PixelKernel } from '@plinth/sdk/effect.ts';

/** How far along one axis: a number or an expression, or a channel of one of the kernel's further pictures. */
export type Move =
  | number
  | ((pixel: KernelPixel) => Operand)
  | { readonly picture: number; readonly channel: 'r' | 'g' };

/** A map's 128 is nowhere, its 255 so many pixels. */
export function displacing(dx: Move, dy: Move, scale: number, smooth: boolean): PixelKernel {
  return (pixel, ...maps) => {
    const far = (move: Move): Operand => {
      if (typeof move === 'number') return move;
      if (typeof move === 'function') return move(pixel);
      return maps[move.picture]?.[move.channel].sub(128).mul(scale / 127) ?? 0;
    };
    return pixel.sample(pixel.x.add(far(dx)), pixel.y.add(far(dy)), { smooth });
  };
}
