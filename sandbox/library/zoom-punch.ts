import { effect, number, point } from '@plinth/sdk/effect';

export default effect({
  title: 'Zoom punch',
  summary: 'On every beat the picture jumps nearer, and settles before the next.',
  params: {
    amount: number(0.12, { min: 0, max: 0.6, step: 0.01, label: 'How near' }),
    settle: number(0.25, { min: 0.05, max: 1, step: 0.05, label: 'Seconds until it settles' }),
    middle: point(0.5, 0.5),
    shake: number(0.3, { min: 0, max: 1, step: 0.05, help: 'How far it is thrown aside.' }),
    flash: number(0.15, { min: 0, max: 1, step: 0.05 }),
  },
  inputs: ['audio.beats'],
  frame({ canvas, pixels, width, height, audio, params, random }) {
    const left = Math.exp((-audio.sinceBeat * 3) / params.settle);
    // Between beats nothing is touched, and the frame costs nothing.
    if (!(left > 0.02)) return;
    const near = 1 + params.amount * left;
    const throwBy = (length: number) => (random() - 0.5) * length * params.amount * params.shake * left;
    const [x0, y0] = [params.middle.x * width, params.middle.y * height];
    const [dx, dy] = [throwBy(width), throwBy(height)];
    pixels.map(({ x, y, sample }) =>
      sample(
        x
          .sub(x0)
          .div(near)
          .add(x0 + dx),
        y
          .sub(y0)
          .div(near)
          .add(y0 + dy),
        { smooth: true },
      ),
    );
    if (params.flash > 0) canvas.rect(0, 0, width, height, { fill: '#ffffff', opacity: params.flash * left });
  },
});
