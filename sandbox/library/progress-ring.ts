import { color, effect, number, point } from '@plinth/sdk/effect';

export default effect({
  title: 'Progress ring',
  summary: 'A ring that closes as the clip goes on.',
  params: {
    color: color('#3bd1ff'),
    track: color('#ffffff40'),
    place: point(0.9, 0.12),
    size: number(60, { min: 10, max: 400, help: 'Its radius at a height of 720.' }),
    thick: number(10, { min: 1, max: 80 }),
  },
  frame({ canvas, width, height, t, duration, params }) {
    const unit = height / 720;
    const [x, y, radius] = [params.place.x * width, params.place.y * height, params.size * unit];
    const part = duration > 0 ? Math.min(1, t / duration) : 0;
    const ring = { inner: radius - params.thick * unit };
    canvas.arc(x, y, radius, 0, 360, { ...ring, fill: params.track });
    if (part > 0) canvas.arc(x, y, radius, 0, part * 360, { ...ring, fill: params.color });
    canvas.text(`${Math.round(part * 100)} %`, x, y, {
      size: radius * 0.5,
      weight: 700,
      align: 'center',
      baseline: 'middle',
      fill: '#ffffff',
    });
  },
});
