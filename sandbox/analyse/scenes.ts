import { type Analyser, rounded } from './analyser.ts';

/** Steps of each colour in a histogram. */
const STEPS = 8;
/** Both of 1: how much of the colours, and how much of the pixels, must be other ones. */
const [OTHER_COLORS, OTHER_PIXELS] = [0.15, 0.06];
/** As often as that more than in the frames around. */
const STANDS_OUT = 3;
/** Frames around, and seconds that no scene is shorter than: a flash is no cut. */
const [AROUND, SHORTEST] = [6, 0.3];

interface Change {
  readonly colors: number;
  readonly pixels: number;
}

/** When the picture is cut to another, in seconds. */
export const scenes: Analyser<readonly number[]> = {
  takes: ['pictures'],
  begin({ fps }) {
    const changes: Change[] = [];
    let [histogram, picture]: [Float64Array, Uint8Array] = [new Float64Array(STEPS ** 3), new Uint8Array(0)];
    return {
      see(now) {
        const colors = histogramOf(now);
        if (picture.length === 0) picture = now.slice();
        else changes.push({ colors: apart(colors, histogram), pixels: different(now, picture) });
        picture.set(now);
        histogram = colors;
      },
      end: () => cuts(changes, fps),
    };
  },
};

function histogramOf(picture: Uint8Array): Float64Array {
  const histogram = new Float64Array(STEPS ** 3);
  const step = (byte: number | undefined) => ((byte ?? 0) * STEPS) >> 8;
  const part = 3 / picture.length;
  for (let at = 0; at < picture.length; at += 3) {
    const place = (step(picture[at]) * STEPS + step(picture[at + 1])) * STEPS + step(picture[at + 2]);
    histogram[place] = (histogram[place] ?? 0) + part;
  }
  return histogram;
}

/** 0 for the same colours, 1 for none in common. */
const apart = (one: Float64Array, other: Float64Array) =>
  one.reduce((sum, value, at) => sum + Math.abs(value - (other[at] ?? 0)), 0) / 2;

function different(one: Uint8Array, other: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += Math.abs((one[at] ?? 0) - (other[at] ?? 0));
  return sum / one.length / 255;
}

function cuts(changes: readonly Change[], fps: number): number[] {
  const found: number[] = [];
  changes.forEach((change, at) => {
    const around = changes.slice(Math.max(0, at - AROUND), at + AROUND + 1).filter((other) => other !== change);
    const usual = around.reduce((sum, { pixels }) => sum + pixels, 0) / Math.max(1, around.length);
    const isCut = change.colors > OTHER_COLORS && change.pixels > OTHER_PIXELS;
    if (!isCut || change.pixels < STANDS_OUT * usual) return;
    // The change is from this frame to the next.
    const t = (at + 1) / fps;
    if (t - (found.at(-1) ?? 0) >= SHORTEST) found.push(rounded(t));
  });
  return found;
}
