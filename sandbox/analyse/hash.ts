// What a clip looks like, in so few bits that a copy is found among millions: re-encoded, scaled or with another border it
// keeps most of them.
import type { Analyser, Size } from './analyser.ts';
import { brightnessOf } from './brightness.ts';

/** Pictures that are looked at, evenly over the clip. */
const PICTURES = 8;
/** Sides of the picture that is transformed, and of what is kept of it: what is coarse survives. */
const [SIDE, KEPT] = [32, 8];
/** Below it a pattern is noise, and its sign nobody's. */
const FAINT = 2;

/** For each of eight pictures 16 hexadecimal digits. */
export const hash: Analyser<string> = {
  takes: ['pictures'],
  begin({ frames, small }) {
    const wanted = Array.from({ length: PICTURES }, (_, at) => Math.floor(((at + 0.5) / PICTURES) * frames));
    const found: string[] = [];
    const grey = new Uint8Array(small.width * small.height);
    return {
      see(picture, frame) {
        if (!wanted.includes(frame)) return;
        brightnessOf(picture, grey);
        const digits = digitsOf(square(grey, small));
        for (const one of wanted) if (one === frame) found.push(digits);
      },
      end: () => found.join(''),
    };
  },
};

/**
 * From 0 for the same to 1; unrelated clips are about 0.5 apart, copies less than 0.15.
 *
 * @example hashDistance(one, other) < 0.15 // a copy
 */
export function hashDistance(one: string, other: string): number {
  if (one.length === 0 || one.length !== other.length) return 1;
  let different = 0;
  for (let at = 0; at < one.length; at++) {
    const bits = Number.parseInt(one[at] ?? '0', 16) ^ Number.parseInt(other[at] ?? '0', 16);
    different += (bits & 1) + ((bits >> 1) & 1) + ((bits >> 2) & 1) + (bits >> 3);
  }
  return different / (4 * one.length);
}

/** Each pixel the mean of what lies under it. */
function square(grey: Uint8Array, { width, height }: Size): Float64Array {
  const found = new Float64Array(SIDE * SIDE);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const [left, right] = reach(column, width);
      const [top, bottom] = reach(row, height);
      let sum = 0;
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += grey[y * width + x] ?? 0;
      found[row * SIDE + column] = sum / ((right - left) * (bottom - top));
    }
  }
  return found;
}

function reach(at: number, length: number): readonly [number, number] {
  const from = Math.min(length - 1, Math.floor((at * length) / SIDE));
  return [from, Math.max(from + 1, Math.floor(((at + 1) * length) / SIDE))];
}

const COSINES = Array.from({ length: KEPT }, (_, wave) =>
  Float64Array.from({ length: SIDE }, (_, at) => Math.cos(((2 * at + 1) * (wave + 1) * Math.PI) / (2 * SIDE))),
);

/** The signs of the coarsest patterns, rising and falling at least once across the picture. */
function digitsOf(picture: Float64Array): string {
  const rows = COSINES.map((wave) =>
    Float64Array.from({ length: SIDE }, (_, row) =>
      wave.reduce((sum, factor, at) => sum + factor * (picture[row * SIDE + at] ?? 0), 0),
    ),
  );
  const bits = rows.flatMap((sums) =>
    COSINES.map((wave) => wave.reduce((sum, factor, at) => sum + factor * (sums[at] ?? 0), 0) / SIDE > FAINT),
  );
  let digits = '';
  for (let at = 0; at < bits.length; at += 4) {
    const four = bits.slice(at, at + 4).map((bit) => (bit ? '1' : '0'));
    digits += Number.parseInt(four.join(''), 2).toString(16);
  }
  return digits;
}
