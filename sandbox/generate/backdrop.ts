// What the library's posters show an effect over: somebody who speaks at dusk by the sea, drawn by an effect of its own.
import { type Canvas, color, effect, number } from '@plinth/sdk/effect';

const [SKIN, HAIR, SHIRT] = ['#e8b08e', '#33261f', '#2f6f8f'];

export default effect({
  title: 'Backdrop',
  summary: 'Somebody who speaks at dusk by the sea, or before a plain screen.',
  params: {
    screen: color('#00000000', { help: 'Instead of the view, where it is not transparent.' }),
    pace: number(1, { min: 0, max: 4 }),
  },
  frame({ canvas, width, height, t, params }) {
    const time = t * params.pace;
    if (params.screen.length === 9 && params.screen.endsWith('00')) view(canvas, width, height, time);
    else canvas.rect(0, 0, width, height, { fill: params.screen });
    speaker(canvas, width, height, time);
  },
});

function view(canvas: Canvas, width: number, height: number, t: number): void {
  const horizon = height * 0.62;
  canvas.rect(0, 0, width, horizon, {
    fill: {
      from: [0, 0],
      to: [0, horizon],
      stops: [
        [0, '#20325f'],
        [0.45, '#7a5a8c'],
        [0.75, '#e58a6f'],
        [1, '#ffcf8a'],
      ],
    },
  });
  const sun = { x: width * 0.76, y: horizon - height * (0.1 - 0.004 * t), radius: Math.min(width, height) * 0.09 };
  canvas.circle(sun.x, sun.y, sun.radius * 3, {
    fill: {
      from: [sun.x, sun.y],
      radius: sun.radius * 3,
      stops: [
        [0, '#fff1c4c0'],
        [1, '#ffcf8a00'],
      ],
    },
  });
  canvas.circle(sun.x, sun.y, sun.radius, { fill: '#fff1c4' });
  for (const [at, shade] of ['#6a4f78', '#4b3f66', '#33345a'].entries())
    canvas.polygon(hills(width, horizon, height * (0.2 - at * 0.055), at), { fill: shade });
  sea(canvas, width, height, horizon, t);
}

function hills(width: number, bottom: number, tall: number, at: number): (readonly [number, number])[] {
  const top = Array.from({ length: 41 }, (_, step) => {
    const x = (step / 40) * 6.3;
    const rise = 0.55 + 0.3 * Math.sin(x * (1.1 + at * 0.5) + at * 2) + 0.15 * Math.sin(x * (2.9 + at) + at * 5);
    return [(step / 40) * width, bottom - tall * rise] as const;
  });
  return [[0, bottom], ...top, [width, bottom]];
}

function sea(canvas: Canvas, width: number, height: number, horizon: number, t: number): void {
  canvas.rect(0, horizon, width, height - horizon, {
    fill: {
      from: [0, horizon],
      to: [0, height],
      stops: [
        [0, '#d98873'],
        [0.35, '#5f5580'],
        [1, '#1a2749'],
      ],
    },
  });
  for (let row = 0; row < 14; row++) {
    const y = horizon + (height - horizon) * ((row + 0.5) / 14) ** 1.6;
    const wide = width * (0.05 + 0.018 * row);
    const x = width * 0.76 + Math.sin(row * 2.1 + t * 1.4) * wide * 0.35;
    canvas.ellipse(x, y, wide, height * (0.0015 + 0.0006 * row), { fill: '#ffe2ab', opacity: 0.55 - row * 0.03 });
  }
}

function speaker(canvas: Canvas, width: number, height: number, t: number): void {
  const unit = Math.min(height, width * 1.3) / 720;
  const sway = Math.sin(t * 1.3) * 6;
  canvas.group({ x: width * 0.4, y: height, scale: unit }, () => {
    canvas.path('M -230 40 Q -220 -190 -70 -215 L 70 -215 Q 220 -190 230 40 Z', { fill: SHIRT });
    canvas.path('M -46 -214 Q 0 -150 46 -214 L 40 -290 L -40 -290 Z', { fill: '#d79a79' });
    canvas.group({ x: sway, y: -370, rotate: sway * 0.4 }, () => {
      canvas.ellipse(0, -34, 112, 122, { fill: HAIR });
      canvas.ellipse(0, 0, 92, 112, { fill: SKIN });
      canvas.path('M -98 -20 Q -90 -130 10 -130 Q 100 -130 98 -20 Q 60 -70 10 -66 Q -60 -62 -98 -20 Z', { fill: HAIR });
      for (const side of [-1, 1]) {
        canvas.ellipse(side * 36, -8, 9, Math.sin(t * 2.2) > 0.97 ? 1.5 : 11, { fill: '#241a16' });
        canvas.path(`M ${side * 54} -34 Q ${side * 36} -46 ${side * 20} -36`, {
          stroke: HAIR,
          lineWidth: 7,
          cap: 'round',
          fill: '#00000000',
        });
      }
      canvas.path('M -4 4 Q -12 34 6 36', { stroke: '#c98a69', lineWidth: 5, cap: 'round', fill: '#00000000' });
      canvas.ellipse(2, 66, 26, 5 + 9 * Math.abs(Math.sin(t * 5)), { fill: '#8f3f3f' });
    });
  });
}
