import { boolean, color, effect, number, point } from '@plinth/sdk/effect';

export default effect({
  title: 'Progress ring',
  summary: 'A ring that closes as the clip goes on.',
  params: {
    color: color('#3bd1ff', { group: 'Colours' }),
    track: color('#ffffff40', { group: 'Colours' }),
    shade: color('#0b0f1480', { group: 'Colours', label: 'Inside' }),
    place: point(0.9, 0.14, { group: 'Place' }),
    size: number(64, { min: 10, max: 300, group: 'Place', help: 'Its radius in a picture whose shorter side is 720.' }),
    thick: number(11, { min: 1, max: 80, group: 'Place' }),
    percent: boolean(true, { help: 'Writes how much of it has passed.' }),
  },
  frame({ canvas, width, height, t, duration, params }) {
    const radius = params.size * canvas.unit;
    // However it is placed, all of it is seen.
    const edge = radius + 16 * canvas.unit;
    const x = Math.max(edge, Math.min(width - edge, params.place.x * width));
    const y = Math.max(edge, Math.min(height - edge, params.place.y * height));
    const part = duration > 0 ? Math.min(1, t / duration) : 0;
    const thick = Math.min(params.thick * canvas.unit, radius);
    const inner = radius - thick;
    canvas.circle(x, y, radius, { fill: params.shade });
    canvas.arc(x, y, radius, 0, 360, { inner, fill: params.track });
    if (part > 0) {
      canvas.arc(x, y, radius, 0, part * 360, { inner, fill: params.color });
      for (const angle of [0, part * 2 * Math.PI]) {
        const middle = radius - thick / 2;
        canvas.circle(x + Math.sin(angle) * middle, y - Math.cos(angle) * middle, thick / 2, { fill: params.color });
      }
    }
    if (!params.percent) return;
    canvas.counter(part * 100, x, y, {
      format: { suffix: '%' },
      size: inner * 0.62,
      weight: 700,
      align: 'center',
      baseline: 'middle',
      fill: '#ffffff',
    });
  },
});
