import { color, effect, number } from '@plinth/sdk/effect';

const part = (hex: string, at: number) => Number.parseInt(hex.slice(1 + at * 2, 3 + at * 2), 16);

export default effect({
  title: 'Chroma key',
  summary: 'Takes out a green or blue screen and sets two colours behind.',
  params: {
    screen: color('#19c24b', { group: 'Screen', help: 'The colour to take out.' }),
    tolerance: number(0.2, { min: 0, max: 1, step: 0.01, group: 'Screen', help: 'How far from it still counts.' }),
    softness: number(0.1, { min: 0, max: 1, step: 0.01, group: 'Screen', help: 'How gently it ends.' }),
    spill: number(0.6, {
      min: 0,
      max: 1,
      step: 0.05,
      group: 'Screen',
      help: 'How much of its shine is taken from the rest.',
    }),
    top: color('#3b1d6e', { group: 'Behind' }),
    bottom: color('#ff7a59', { group: 'Behind' }),
  },
  frame({ pixels, params }) {
    const background = pixels.copy().map(({ v, value }) => {
      const channel = (at: number) => value(part(params.top, at)).mix(part(params.bottom, at), v);
      return [channel(0), channel(1), channel(2)];
    });
    const { screen, tolerance, softness, spill } = params;
    pixels.chromaKey(screen, { tolerance, softness, spill, background });
  },
});
