// How much begins at each moment of a sound: what rises in any pitch, without what goes on.
import { SAMPLE_RATE } from './analyser.ts';
import { bandsOf } from './bands.ts';
import { spectrumOf } from './fft.ts';
import { windowsOver } from './windows.ts';

/** Moments a second. */
export const ONSET_RATE = 100;
const SIZE = 1024;
const BANDS = 36;
const [LOWEST, HIGHEST] = [40, 16_000];
/** How strongly what is soft counts beside what is loud. */
const COMPRESSION = 30;
/** Of the loudest moment: what goes on ripples by so much, wherever a window happens to cut it. */
const RIPPLE = 0.012;
/** In moments: what is risen from, and what the mean is taken over. */
const [BEFORE, AROUND] = [2, 50];

export interface Onsets {
  hear(samples: Float32Array): void;
  /** By moment: 0 where nothing begins; the mean of what does is about 1. */
  end(): Float32Array;
}

export function onsetsOver(duration: number): Onsets {
  const count = Math.ceil(duration * ONSET_RATE);
  const transform = spectrumOf(SIZE);
  const bands = bandsOf(BANDS, LOWEST, HIGHEST, SIZE, SAMPLE_RATE);
  const rises = new Float32Array(count);
  const past = Array.from({ length: BEFORE }, () => new Float64Array(BANDS));
  let loudest = 0;
  const moments = { size: SIZE, count, middleOf: (at: number) => (at * SAMPLE_RATE) / ONSET_RATE };
  const windows = windowsOver(moments, (samples, at) => {
    const before = past[at % BEFORE] ?? new Float64Array(BANDS);
    let level = 0;
    bands.of(transform.of(samples)).forEach((power, band) => {
      const loud = Math.log1p(COMPRESSION * Math.sqrt(power));
      // Before the first moment there was no silence to rise from.
      if (at >= BEFORE) rises[at] = (rises[at] ?? 0) + Math.max(0, loud - (before[band] ?? 0));
      before[band] = loud;
      level += loud;
    });
    loudest = Math.max(loudest, level);
  });
  return {
    hear: windows.hear,
    end() {
      windows.end();
      return standingOut(rises, RIPPLE * loudest);
    },
  };
}

/** What rises above its surroundings, by how much such things rise in this sound. */
function standingOut(rises: Float32Array, least: number): Float32Array {
  const sums = new Float64Array(rises.length + 1);
  rises.forEach((rise, at) => {
    sums[at + 1] = (sums[at] ?? 0) + rise;
  });
  const above = rises.map((rise, at) => {
    const [from, to] = [Math.max(0, at - AROUND), Math.min(rises.length, at + AROUND + 1)];
    return Math.max(0, rise - ((sums[to] ?? 0) - (sums[from] ?? 0)) / (to - from));
  });
  const spread = Math.sqrt(above.reduce((sum, value) => sum + value * value, 0) / Math.max(1, above.length));
  return spread <= least ? above.fill(0) : above.map((value) => value / spread);
}
