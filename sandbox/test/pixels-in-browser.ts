// Bundled for a page: what a preview does with pixels. The same runs here, so that both can be compared.
import type { Pixels } from '@plinth/sdk/effect.ts';
import { mayCompile } from '../pixels/loop.ts';
import { openPixels } from '../pixels/picture.ts';

const CHANGES: readonly ((pixels: Pixels) => unknown)[] = [
  (px) => px.lookup(Array.from({ length: 256 }, (_, value) => 255 - value)),
  (px) => px.matrix([0.3, 0.6, 0.1, 5, 0, 1.5, 0, -30, 0.5, 0, 0.5, 0]),
  (px) => px.blur(3).threshold(90),
  (px) => px.blend(px.copy().blur(4), 'soft-light', 0.7),
  (px) => px.chromaKey('#20c040', { background: '#102030' }),
  (px) =>
    px.displace(
      ({ y }) => y.mul(0.7).sin().mul(3),
      ({ u }) => u.mul(2),
      { smooth: true },
    ),
  (px) =>
    px.map(({ r, g, b, x, y, noise, where }) => [
      r.pow(1.1).add(noise(3).mul(20)),
      g.add(1).log().mul(x.cos()).mul(99),
      where(b.gt(99), y.atan2(x).exp(), b.sqrt()),
    ]),
];

export function changed(
  width: number,
  height: number,
  rgba: readonly number[],
): { compiles: boolean; made: number[][] } {
  const made = CHANGES.map((change) => {
    const data = Uint8ClampedArray.from(rgba);
    change(openPixels(width, height, data).pixels);
    return [...data];
  });
  return { compiles: mayCompile(), made };
}
