import { choice, color, effect, integer } from '@plinth/sdk/effect';

export default effect({
  title: 'Countdown',
  summary: 'Counts the seconds down in the middle of the picture.',
  params: {
    from: integer(5, { min: 1, max: 60 }),
    font: choice(['Display', 'Sans', 'Mono']),
    color: color('#ffffff'),
    shade: color('#00000080'),
  },
  frame({ canvas, width, height, t, params }) {
    const left = params.from - t;
    if (left <= 0) return;
    const part = left - Math.floor(left);
    const radius = height * 0.22;
    canvas.circle(width / 2, height / 2, radius, { fill: params.shade });
    canvas.arc(width / 2, height / 2, radius, 0, part * 360, { inner: radius * 0.92, fill: params.color });
    canvas.text(String(Math.ceil(left)), width / 2, height / 2, {
      font: params.font,
      size: radius * (1 + 0.15 * part),
      weight: 700,
      align: 'center',
      baseline: 'middle',
      fill: params.color,
    });
  },
});
