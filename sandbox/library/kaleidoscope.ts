import { effect, integer, number, point } from '@plinth/sdk/effect';

export default effect({
  title: 'Kaleidoscope',
  summary: 'A slice of the picture, mirrored around a middle and slowly turning.',
  params: {
    slices: integer(6, { min: 2, max: 16, help: 'Each is there twice, once mirrored.' }),
    middle: point(0.42, 0.5, { help: 'Of the picture that is looked at.' }),
    turn: number(12, { min: -90, max: 90, label: 'Degrees a second' }),
    zoom: number(1.1, { min: 0.3, max: 4, step: 0.1 }),
  },
  frame({ pixels, width, height, t, params }) {
    const slice = Math.PI / params.slices;
    const turned = (t * params.turn * Math.PI) / 180;
    const [x0, y0] = [params.middle.x * width, params.middle.y * height];
    pixels.map(({ x, y, sample }) => {
      const [right, down] = [x.sub(width / 2), y.sub(height / 2)];
      const far = right.mul(right).add(down.mul(down)).sqrt().div(params.zoom);
      const angle = down
        .atan2(right)
        .add(turned)
        .mod(2 * slice);
      // The second half of a slice looks back at the first.
      const folded = angle.min(angle.neg().add(2 * slice)).sub(turned * 0.5);
      // Beyond an edge the picture is seen in a mirror again.
      const within = (at: typeof x, length: number) =>
        at
          .mod(2 * length)
          .sub(length)
          .abs()
          .neg()
          .add(length);
      return sample(
        within(folded.cos().mul(far).add(x0), width - 1),
        within(folded.sin().mul(far).add(y0), height - 1),
        { smooth: true },
      );
    });
  },
});
