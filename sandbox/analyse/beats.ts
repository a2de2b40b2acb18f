// Where a listener would tap: first how fast, then the taps that are both at that pace and where something begins.
import { type Analyser, rounded } from './analyser.ts';
import { ONSET_RATE, onsetsOver } from './onsets.ts';
import { periodsOf } from './tempo.ts';

export interface Beats {
  /** Seconds. */
  readonly times: readonly number[];
  /** Beats a minute, as it mostly is; nothing where nothing beats. */
  readonly tempo?: number;
}

/** How much an uneven step costs, beside how much something that begins is worth. */
const TIGHT = 100;
/** Of the mean: taps before the first and after the last beat that is so strong are nobody's. */
const AUDIBLE = 0.3;
/** In moments: how far from the beginning its beat may seem to be. */
const NEAR_FIRST = 4;
/** Fewer are no beat. */
const FEWEST = 4;

export const beats: Analyser<Beats> = {
  takes: ['sound'],
  begin({ duration, hasSound }) {
    const onsets = onsetsOver(hasSound ? duration : 0);
    return {
      hear: ({ mono }) => onsets.hear(mono),
      end() {
        const found = onsets.end();
        const periods = found.length > ONSET_RATE ? periodsOf(found) : undefined;
        if (!periods) return { times: [] };
        const taps = withFirst(withoutEnds(tapped(found, periods), found), periods);
        if (taps.length < FEWEST) return { times: [] };
        const usual = periods.toSorted()[periods.length >> 1] ?? 1;
        const tempo = Math.round((600 * ONSET_RATE) / usual) / 10;
        return { times: taps.map((at) => timeOf(found, at, duration)), tempo };
      },
    };
  },
};

/** Moments, by the best of all ways to come to each of them in steps of about a period. */
function tapped(onsets: Float32Array, periods: Float32Array): number[] {
  const scores = new Float64Array(onsets.length);
  const cameFrom = new Int32Array(onsets.length).fill(-1);
  onsets.forEach((strength, at) => {
    const period = periods[at] ?? 1;
    let [best, from] = [0, -1];
    for (let before = Math.max(0, at - Math.round(2 * period)); before <= at - period / 2; before++) {
      const score = (scores[before] ?? 0) - TIGHT * Math.log((at - before) / period) ** 2;
      if (score > best) [best, from] = [score, before];
    }
    scores[at] = strength + best;
    cameFrom[at] = from;
  });
  const lastPeriod = Math.ceil(periods.at(-1) ?? 1);
  let at = Math.max(0, onsets.length - lastPeriod);
  for (let later = at; later < onsets.length; later++) if ((scores[later] ?? 0) > (scores[at] ?? 0)) at = later;
  const taps: number[] = [];
  for (; at >= 0; at = cameFrom[at] ?? -1) taps.unshift(at);
  return taps;
}

const strengthAt = (onsets: Float32Array, at: number) =>
  Math.max(onsets[at - 1] ?? 0, onsets[at] ?? 0, onsets[at + 1] ?? 0);

function withoutEnds(taps: readonly number[], onsets: Float32Array): number[] {
  const mean = taps.reduce((sum, at) => sum + strengthAt(onsets, at), 0) / Math.max(1, taps.length);
  const isAudible = (at: number) => strengthAt(onsets, at) > AUDIBLE * mean;
  return taps.slice(taps.findIndex(isAudible), taps.findLastIndex(isAudible) + 1);
}

/** What begins with the sound rises from nothing that is known: there is a beat where the others have one to come. */
function withFirst(taps: readonly number[], periods: Float32Array): readonly number[] {
  const first = (taps[0] ?? 0) - (periods[0] ?? 0);
  return Math.abs(first) <= NEAR_FIRST ? [0, ...taps] : taps;
}

/** Between two moments, where the rise is highest. */
function timeOf(onsets: Float32Array, at: number, duration: number): number {
  const [before = 0, here = 0, after = 0] = [onsets[at - 1], onsets[at], onsets[at + 1]];
  const bend = before - 2 * here + after;
  const shift = bend < 0 ? Math.max(-0.5, Math.min(0.5, (before - after) / (2 * bend))) : 0;
  return rounded(Math.min(duration, Math.max(0, (at + shift) / ONSET_RATE)));
}
