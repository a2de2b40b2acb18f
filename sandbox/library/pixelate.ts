import { effect, integer, number, point } from '@plinth/sdk/effect';

export default effect({
  title: 'Pixelate a region',
  summary: 'Hides a face or a number plate behind large squares.',
  params: {
    middle: point(0.4, 0.48, { group: 'Where' }),
    width: number(0.22, { min: 0.02, max: 1, step: 0.01, group: 'Where', help: 'Of the picture.' }),
    height: number(0.4, { min: 0.02, max: 1, step: 0.01, group: 'Where', help: 'Of the picture.' }),
    squares: integer(10, { min: 2, max: 64, label: 'Squares along the longer side' }),
  },
  frame({ pixels, params }) {
    const left = Math.round((params.middle.x - params.width / 2) * pixels.width);
    const top = Math.round((params.middle.y - params.height / 2) * pixels.height);
    const wide = Math.round(params.width * pixels.width);
    const tall = Math.round(params.height * pixels.height);
    const area = pixels.region(left, top, wide, tall);
    const size = Math.max(1, Math.round(Math.max(wide, tall) / params.squares));
    // Blurred first: a square is the mean of what it hides, not one pixel of it, and does not flicker.
    area.blur(size / 2).map(({ x, y, sample }) => {
      const middle = (at: typeof x) => at.div(size).floor().add(0.5).mul(size);
      return sample(middle(x), middle(y));
    });
  },
});
