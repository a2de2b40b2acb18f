import { choice, effect, integer, number } from '@plinth/sdk/effect';

const COLORS = ['#ff3b6b', '#ffd23b', '#3bd1ff', '#6bff8a', '#b06bff'];
const LASTS = 2.8;
/** A crowd that likes at once would bury the picture: the latest are shown. */
const MOST_HANDFULS = 12;

interface Piece {
  readonly angle: number;
  readonly speed: number;
  readonly turn: number;
  readonly flutter: number;
  readonly color: string;
}

export default effect({
  title: 'Confetti on likes',
  summary: 'Each like of a live audience throws a handful of confetti.',
  params: {
    pieces: integer(28, { min: 5, max: 120, label: 'Pieces in a handful' }),
    size: number(14, { min: 2, max: 60, help: 'In a picture whose shorter side is 720.' }),
    force: number(1, { min: 0.2, max: 2, step: 0.1, help: 'How high they fly.' }),
    shape: choice(['paper', 'dots', 'hearts']),
  },
  inputs: ['live.likes'],
  setup({ random, params }): readonly Piece[] {
    return Array.from({ length: params.pieces }, () => ({
      angle: (random() - 0.5) * 1.5 - Math.PI / 2,
      speed: 0.55 + random() * 0.75,
      turn: (random() - 0.5) * 900,
      flutter: 4 + random() * 8,
      color: COLORS[Math.floor(random() * COLORS.length)] ?? '#ffffff',
    }));
  },
  frame({ canvas, width, height, t, live, params, state }) {
    const flying = live.likes.recent(LASTS).slice(-MOST_HANDFULS);
    const size = params.size * canvas.unit;
    for (const { t: like } of flying) {
      const age = t - like;
      // Where it is thrown from follows from when: the same in every render.
      const middle = width * (0.12 + (((like * 137.508) % 1) + ((like * 7.31) % 1)) * 0.38);
      for (const { angle, speed, turn, flutter, color } of state) {
        const flown = (1 - Math.exp(-1.6 * age)) * 0.75 * params.force;
        const x = middle + Math.cos(angle) * speed * flown * height * 0.75;
        const y = height * 1.02 + (Math.sin(angle) * speed * flown + 0.13 * age * age) * height;
        if (y > height + size || x < -size || x > width + size) continue;
        const paint = { fill: color, opacity: Math.min(1, (LASTS - age) * 1.6) };
        const scale = [1, Math.cos(age * flutter)] as const;
        canvas.group({ x, y, rotate: turn * age, scale: params.shape === 'paper' ? scale : 1 }, () => {
          if (params.shape === 'paper') canvas.rect(-size / 2, -size * 0.35, size, size * 0.7, paint);
          else if (params.shape === 'dots') canvas.circle(0, 0, size / 2, paint);
          else canvas.path(heart(size), paint);
        });
      }
    }
  },
});

function heart(size: number): string {
  const at = (...parts: number[]) => parts.map((part) => (part * size).toFixed(2)).join(' ');
  return `M ${at(0, 0.45)} C ${at(-0.9, -0.15, -0.4, -0.75, 0, -0.3)} C ${at(0.4, -0.75, 0.9, -0.15, 0, 0.45)} Z`;
}
