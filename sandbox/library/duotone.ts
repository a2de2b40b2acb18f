import { color, effect, number } from '@plinth/sdk/effect';

const part = (hex: string, at: number) => Number.parseInt(hex.slice(1 + at * 2, 3 + at * 2), 16);

export default effect({
  title: 'Duotone',
  summary: 'Two colours: one for the shadows, one for the lights.',
  params: {
    shadows: color('#1b1464'),
    lights: color('#ffd23b'),
    amount: number(1, { min: 0, max: 1, step: 0.05 }),
  },
  setup({ params }) {
    // One look-up for each brightness: a pixel costs three reads and three writes.
    const table = new Uint8Array(3 * 256);
    for (let light = 0; light < 256; light++)
      for (let at = 0; at < 3; at++)
        table[light * 3 + at] =
          part(params.shadows, at) + ((part(params.lights, at) - part(params.shadows, at)) * light) / 255;
    return { table };
  },
  frame({ pixels: { data }, params: { amount }, state: { table } }) {
    const mix = Math.round(amount * 256);
    for (let at = 0; at < data.length; at += 4) {
      const [red = 0, green = 0, blue = 0] = [data[at], data[at + 1], data[at + 2]];
      const light = ((54 * red + 183 * green + 19 * blue) >> 8) * 3;
      data[at] = red + ((((table[light] ?? 0) - red) * mix) >> 8);
      data[at + 1] = green + ((((table[light + 1] ?? 0) - green) * mix) >> 8);
      data[at + 2] = blue + ((((table[light + 2] ?? 0) - blue) * mix) >> 8);
    }
  },
});
