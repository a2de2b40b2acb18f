import { effect, integer, number, point } from '@plinth/sdk/effect';

export default effect({
  title: 'Pixelate a region',
  summary: 'Hides a face or a number plate behind large squares.',
  params: {
    middle: point(0.5, 0.4),
    width: number(0.25, { min: 0.02, max: 1, step: 0.01 }),
    height: number(0.35, { min: 0.02, max: 1, step: 0.01 }),
    squares: integer(12, { min: 2, max: 64, label: 'Squares across' }),
  },
  frame({ pixels, params }) {
    const left = Math.max(0, Math.round((params.middle.x - params.width / 2) * pixels.width));
    const top = Math.max(0, Math.round((params.middle.y - params.height / 2) * pixels.height));
    const right = Math.min(pixels.width, left + Math.round(params.width * pixels.width));
    const bottom = Math.min(pixels.height, top + Math.round(params.height * pixels.height));
    const size = Math.max(1, Math.round((right - left) / params.squares));
    for (let y = top; y < bottom; y += size)
      for (let x = left; x < right; x += size)
        square(pixels.data, pixels.width, x, y, Math.min(right, x + size), Math.min(bottom, y + size));
  },
});

/** Every pixel of the square becomes their mean. */
function square(
  data: Uint8ClampedArray,
  width: number,
  left: number,
  top: number,
  right: number,
  bottom: number,
): void {
  const sums = [0, 0, 0];
  const count = (right - left) * (bottom - top);
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++)
      for (let at = 0; at < 3; at++) sums[at] = (sums[at] ?? 0) + (data[(y * width + x) * 4 + at] ?? 0);
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++)
      for (let at = 0; at < 3; at++) data[(y * width + x) * 4 + at] = (sums[at] ?? 0) / count;
}
