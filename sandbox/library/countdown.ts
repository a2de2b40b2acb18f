import { boolean, color, effect, font, integer, number } from '@plinth/sdk/effect';

export default effect({
  title: 'Countdown',
  summary: 'Counts the seconds down in the middle of the picture.',
  params: {
    from: integer(5, { min: 1, max: 3600, group: 'Time', label: 'Seconds' }),
    start: number(0, { min: 0, max: 3600, group: 'Time', label: 'Seconds until it starts' }),
    font: font('Display', { group: 'Looks' }),
    size: number(1, { min: 0.3, max: 2, step: 0.1, group: 'Looks' }),
    color: color('#ffffff', { group: 'Looks' }),
    accent: color('#ff3b6b', { group: 'Looks', help: 'Of the ring, and of the last three seconds.' }),
    shade: color('#0b0f14b0', { group: 'Looks' }),
    ring: boolean(true, { group: 'Looks' }),
  },
  frame({ canvas, width, height, t, params }) {
    const left = params.from - (t - params.start);
    if (left <= 0 || t < params.start) return;
    const part = left - Math.floor(left);
    const [x, y, radius] = [width / 2, height / 2, 165 * canvas.unit * params.size];
    canvas.circle(x, y, radius, { fill: params.shade });
    if (params.ring) {
      canvas.arc(x, y, radius, 0, 360, { inner: radius * 0.93, fill: '#ffffff26' });
      canvas.arc(x, y, radius, 0, part * 360, { inner: radius * 0.93, fill: params.accent });
    }
    const seconds = Math.ceil(left);
    const words = seconds < 60 ? `${seconds}` : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    // Each number comes in large and settles.
    const beat = 1 + 0.25 * Math.max(0, part - 0.8) * 5;
    const size = Math.min(1.1, 3.1 / words.length) * radius * beat;
    canvas.text(words, x, y, {
      font: params.font,
      size,
      weight: 700,
      align: 'center',
      baseline: 'middle',
      fill: seconds <= 3 ? params.accent : params.color,
    });
  },
});
