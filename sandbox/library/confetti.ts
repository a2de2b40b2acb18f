import { effect, integer, number } from '@plinth/sdk/effect';

const COLORS = ['#ff3b6b', '#ffd23b', '#3bd1ff', '#6bff8a', '#b06bff'];
const LASTS = 2.5;

interface Piece {
  readonly angle: number;
  readonly speed: number;
  readonly turn: number;
  readonly color: string;
}

export default effect({
  title: 'Confetti on likes',
  summary: 'Each like of a live audience throws a handful of confetti.',
  params: {
    pieces: integer(40, { min: 5, max: 200, label: 'Pieces in a handful' }),
    size: number(12, { min: 2, max: 60 }),
  },
  inputs: ['live.likes'],
  setup({ random, params }): readonly Piece[] {
    return Array.from({ length: params.pieces }, () => ({
      angle: (random() - 0.5) * 1.6 - Math.PI / 2,
      speed: 0.5 + random() * 0.7,
      turn: (random() - 0.5) * 900,
      color: COLORS[Math.floor(random() * COLORS.length)] ?? '#ffffff',
    }));
  },
  frame({ canvas, width, height, t, data, params, state }) {
    const likes = (data['live.likes'] ?? []) as readonly number[];
    const size = (params.size * height) / 720;
    for (const like of likes) {
      const age = t - like;
      if (age < 0 || age > LASTS) continue;
      const middle = width * (0.2 + ((like * 137.5) % 60) / 100);
      state.forEach(({ angle, speed, turn, color }) => {
        const x = middle + Math.cos(angle) * speed * height * age;
        const y = height * 0.9 + Math.sin(angle) * speed * height * age + 0.5 * height * 0.9 * age * age;
        if (y > height + size) return;
        canvas.group({ x, y, rotate: turn * age, opacity: Math.min(1, (LASTS - age) * 2) }, () =>
          canvas.rect(-size / 2, -size / 4, size, size / 2, { fill: color }),
        );
      });
    }
  },
});
