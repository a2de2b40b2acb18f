import { effect, number } from '@plinth/sdk/effect';

export default effect({
  title: 'Film grain',
  summary: 'The fine restlessness of film, strongest where the picture is neither dark nor bright.',
  params: {
    amount: number(0.35, { min: 0, max: 1, step: 0.05 }),
    warmth: number(0.15, { min: -1, max: 1, step: 0.05, help: 'Yellower above 0, bluer below.' }),
    fade: number(0.15, { min: 0, max: 1, step: 0.05, help: 'Lifts the blacks, as old prints do.' }),
    flicker: number(0.2, { min: 0, max: 1, step: 0.05, help: 'How uneven the lamp is.' }),
  },
  frame({ pixels, params, random }) {
    const [salt, lamp] = [random(), 1 + (random() - 0.5) * 0.08 * params.flicker];
    const [lift, reach] = [params.fade * 36, (1 - params.fade * 0.18) * lamp];
    const [red, blue] = [1 + params.warmth * 0.07, 1 - params.warmth * 0.1];
    const strength = params.amount * 90;
    pixels.map(({ r, g, b, luma, noise }) => {
      const middle = luma.div(255);
      const grain = noise(salt)
        .sub(0.5)
        .mul(middle.mul(middle.neg().add(1)).mul(3).add(0.25).mul(strength));
      return [
        r
          .mul(reach * red)
          .add(lift)
          .add(grain),
        g.mul(reach).add(lift).add(grain),
        b
          .mul(reach * blue)
          .add(lift)
          .add(grain),
      ];
    });
  },
});
