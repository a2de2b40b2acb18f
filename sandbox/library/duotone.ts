import { color, effect, number } from '@plinth/sdk/effect';

/** How much of each channel the eye takes for brightness. */
const LUMA = [0.2126, 0.7152, 0.0722] as const;
const part = (hex: string, at: number) => Number.parseInt(hex.slice(1 + at * 2, 3 + at * 2), 16);

export default effect({
  title: 'Duotone',
  summary: 'Two colours: one for the shadows, one for the lights.',
  params: {
    shadows: color('#1b1464'),
    lights: color('#ffd23b'),
    contrast: number(1.2, { min: 0.5, max: 2, step: 0.05 }),
    amount: number(1, { min: 0, max: 1, step: 0.05 }),
  },
  setup({ params: { shadows, lights, contrast, amount } }) {
    // From one colour to the other by brightness, mixed with what was there: all of it is one multiplication.
    const rows = [0, 1, 2].flatMap((at) => {
      const [dark, reach] = [part(shadows, at), ((part(lights, at) - part(shadows, at)) / 255) * contrast];
      const weights = LUMA.map((luma, from) => amount * luma * reach + (from === at ? 1 - amount : 0));
      return [...weights, amount * (dark + reach * (127.5 / contrast - 127.5))];
    });
    return { rows };
  },
  frame({ pixels, params, state }) {
    if (params.amount > 0) pixels.matrix(state.rows);
  },
});
