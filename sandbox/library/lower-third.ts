import { type Canvas, choice, color, effect, font, number, type TextStyle, text } from '@plinth/sdk/effect';

/** From 0 to 1 and gently at both ends. */
const ease = (x: number) => {
  const part = Math.min(1, Math.max(0, x));
  return part * part * (3 - 2 * part);
};

export default effect({
  title: 'Lower third',
  summary: 'A name and what it stands for, in from the left and out again.',
  params: {
    name: text('Ada Lovelace', { maxLength: 120, group: 'Words' }),
    about: text('First programmer', { maxLength: 160, group: 'Words' }),
    font: font('Sans', { group: 'Looks' }),
    accent: color('#ff3b6b', { group: 'Looks' }),
    panel: color('#101418d9', { group: 'Looks' }),
    side: choice(['left', 'right'], { group: 'Looks' }),
    from: number(0.5, { min: 0, max: 3600, group: 'Time', label: 'Seconds until it comes' }),
    stay: number(4, { min: 0.5, max: 3600, group: 'Time', label: 'Seconds it stays' }),
  },
  frame({ canvas, width, t, params }) {
    const inside = ease((t - params.from) / 0.5) * ease((params.from + params.stay - t) / 0.5);
    const [first, second] = [oneLine(params.name), oneLine(params.about)];
    if (inside <= 0 || `${first}${second}` === '') return;
    const { unit, safe } = canvas;
    const room = safe.width - 64 * unit;
    const name = fitted(canvas, first, { size: 40 * unit, font: params.font, weight: 700 }, room);
    const about = fitted(canvas, second, { size: 24 * unit, font: params.font, weight: 400 }, room);
    const tall = name.height + about.height + 36 * unit;
    const wide = Math.max(name.width, about.width) + 64 * unit;
    const x = params.side === 'left' ? safe.x : safe.x + safe.width - wide;
    const y = safe.y + safe.height - tall;
    const away = params.side === 'left' ? -(x + wide) : width - x;
    canvas.group({ x: (1 - inside) * away, opacity: inside }, () => {
      canvas.rect(x, y, wide, tall, { fill: params.panel, radius: 10 * unit });
      canvas.rect(x, y, 8 * unit, tall, { fill: params.accent, radius: 4 * unit });
      const left = { baseline: 'top', maxWidth: room } as const;
      canvas.text(first, x + 32 * unit, y + 18 * unit, { ...name.style, ...left, fill: '#ffffff' });
      canvas.text(second, x + 32 * unit, y + 18 * unit + name.height, {
        ...about.style,
        ...left,
        fill: '#d7dde3',
      });
    });
  },
});

const oneLine = (words: string) => words.replaceAll(/\s+/g, ' ').trim();

/** As large as it can be within two lines, and what room it takes. */
function fitted(canvas: Canvas, words: string, asked: TextStyle & { readonly size: number }, maxWidth: number) {
  let style = asked;
  if (words === '') return { style, width: 0, height: 0 };
  let box = canvas.measure(words, { ...style, maxWidth });
  while (box.lines.length > 2) {
    style = { ...style, size: style.size * 0.9 };
    box = canvas.measure(words, { ...style, maxWidth });
  }
  return { style, ...box };
}
