import { type Analyser, rounded } from './analyser.ts';

export interface Sharpness {
  /** Of most pictures: 0 is all blurred, 1 is full of edges. */
  readonly typical: number;
  /** When it is sharpest, in seconds: a good moment for a still. */
  readonly sharpestAt: number;
}

/** Variance of the edges at which a picture counts as half sharp. */
const HALF = 250;

export const sharpness: Analyser<Sharpness> = {
  takes: ['details'],
  begin({ large, every }) {
    const found: number[] = [];
    return {
      look: (detail) => void found.push(edges(detail, large.width, large.height)),
      end() {
        const sharpest = found.indexOf(found.reduce((most, one) => Math.max(most, one), 0));
        const median = found.toSorted((a, b) => a - b)[found.length >> 1] ?? 0;
        return { typical: rounded(median / (median + HALF)), sharpestAt: rounded(Math.max(0, sharpest) * every) };
      },
    };
  },
};

/** Variance of what a Laplacian leaves. */
function edges(grey: Uint8Array, width: number, height: number): number {
  let [sum, squares] = [0, 0];
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * width + 1; at < y * width + width - 1; at++) {
      const sides = (grey[at - 1] ?? 0) + (grey[at + 1] ?? 0) + (grey[at - width] ?? 0) + (grey[at + width] ?? 0);
      const edge = 4 * (grey[at] ?? 0) - sides;
      sum += edge;
      squares += edge * edge;
    }
  }
  const count = Math.max(1, (width - 2) * (height - 2));
  return squares / count - (sum / count) ** 2;
}
