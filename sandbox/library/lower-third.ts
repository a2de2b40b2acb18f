import { color, effect, number, text } from '@plinth/sdk/effect';

/** From 0 to 1 and gently at both ends. */
const ease = (x: number) => {
  const part = Math.min(1, Math.max(0, x));
  return part * part * (3 - 2 * part);
};

export default effect({
  title: 'Lower third',
  summary: 'A name and what it stands for, in from the left and out again.',
  params: {
    name: text('Ada Lovelace', { maxLength: 60 }),
    about: text('First programmer', { maxLength: 80 }),
    accent: color('#ff3b6b'),
    from: number(0.5, { min: 0, label: 'Seconds until it comes' }),
    stay: number(4, { min: 0.5, label: 'Seconds it stays' }),
  },
  frame({ canvas, width, height, t, params }) {
    const inside = ease((t - params.from) / 0.5) * ease((params.from + params.stay - t) / 0.5);
    if (inside <= 0) return;
    const unit = height / 720;
    const size = 40 * unit;
    const wide = Math.max(
      canvas.measure(params.name, { size, weight: 700 }).width,
      canvas.measure(params.about, { size: size * 0.6 }).width,
    );
    const box = { x: 48 * unit, y: height - 168 * unit, width: Math.min(width - 96 * unit, wide + 64 * unit) };
    canvas.group({ x: (inside - 1) * (box.x + box.width), opacity: inside }, () => {
      canvas.rect(box.x, box.y, box.width, 108 * unit, { fill: '#101418d9', radius: 10 * unit });
      canvas.rect(box.x, box.y, 8 * unit, 108 * unit, { fill: params.accent, radius: 4 * unit });
      canvas.text(params.name, box.x + 32 * unit, box.y + 48 * unit, { size, weight: 700, fill: '#ffffff' });
      canvas.text(params.about, box.x + 32 * unit, box.y + 86 * unit, { size: size * 0.6, fill: '#d7dde3' });
    });
  },
});
