import { choice, color, effect, number } from '@plinth/sdk/effect';

interface Caption {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export default effect({
  title: 'Captions',
  summary: 'What is said, when it is said: the word of the moment stands out.',
  params: {
    size: number(44, { min: 12, max: 120, help: 'At a height of 720.' }),
    color: color('#ffffff'),
    highlight: color('#ffd23b'),
    place: choice(['bottom', 'middle', 'top']),
  },
  inputs: ['captions'],
  frame({ canvas, width, height, t, params, data }) {
    const captions = (data.captions ?? []) as readonly Caption[];
    const now = captions.find(({ from, to }) => t >= from && t < to);
    if (!now) return;
    const size = (params.size * height) / 720;
    const style = { size, weight: 700, maxWidth: width * 0.86 } as const;
    const { lines } = canvas.measure(now.text, style);
    const lineHeight = size * 1.3;
    const tops = {
      bottom: height * 0.9 - lines.length * lineHeight,
      middle: (height - lines.length * lineHeight) / 2,
      top: height * 0.08,
    };
    const words = now.text.split(/\s+/).length;
    const spoken = Math.floor(((t - now.from) / (now.to - now.from)) * words);
    let word = 0;
    lines.forEach((line, row) => {
      const parts = line.split(/\s+/);
      const space = canvas.measure(' ', style).width;
      const widths = parts.map((part) => canvas.measure(part, style).width);
      let x = (width - widths.reduce((sum, each) => sum + each, 0) - space * (parts.length - 1)) / 2;
      const y = tops[params.place] + (row + 0.8) * lineHeight;
      parts.forEach((part, at) => {
        const fill = word === spoken ? params.highlight : params.color;
        canvas.text(part, x, y, {
          ...style,
          maxWidth: width,
          fill,
          stroke: '#000000',
          lineWidth: size / 8,
          join: 'round',
        });
        x += (widths[at] ?? 0) + space;
        word += 1;
      });
    });
  },
});
