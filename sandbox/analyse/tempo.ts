// How fast a sound beats, over time: people speed up and slow down, and clips are cut together.
import { ONSET_RATE } from './onsets.ts';

/** Beats a minute. */
const [SLOWEST, FASTEST, USUAL] = [45, 215, 120];
/** In octaves: how far from the usual a tempo is still likely. */
const LIKELY = 1.1;
/** From one tempo that is tried to the next. */
const FINE = 1.006;
/** Seconds: what a tempo is measured over, and how often. */
const [OVER, EVERY] = [8, 1];
/** How much less likely a tempo is for each octave that it moves within a second. */
const INERTIA = 12;
/** Between the beats so much of what is on them: then those are beats as well. */
const AS_STRONG = 0.8;
/** How far the best period must stand out where there is a beat at all. */
const CLEAR = 0.12;

/** The beat's period at each moment, in moments; nothing where nothing beats. */
export function periodsOf(onsets: Float32Array): Float32Array | undefined {
  const candidates = candidatePeriods();
  const steps = Math.max(1, Math.ceil(onsets.length / (EVERY * ONSET_RATE)));
  const strengths = Array.from({ length: steps }, (_, step) => strengthsAt(onsets, step, candidates));
  const strongest = strengths.map((all) => all.reduce((most, one) => Math.max(most, one), 0));
  // A song may begin and end with what does not beat.
  const clear = strongest.sort((a, b) => b - a)[strongest.length >> 2] ?? 0;
  if (clear < CLEAR) return undefined;
  const path = likeliest(strengths, candidates);
  const periods = Float32Array.from(
    onsets,
    (_, at) => candidates[path[Math.floor(at / (EVERY * ONSET_RATE))] ?? 0] ?? 0,
  );
  return faster(onsets, periods);
}

/** Evenly spaced by ratio. */
function candidatePeriods(): number[] {
  const count = Math.ceil(Math.log(FASTEST / SLOWEST) / Math.log(FINE));
  return Array.from(
    { length: count + 1 },
    (_, at) => (60 * ONSET_RATE) / (SLOWEST * (FASTEST / SLOWEST) ** (at / count)),
  );
}

const likelihood = (period: number) => Math.exp(-0.5 * (Math.log2((60 * ONSET_RATE) / period / USUAL) / LIKELY) ** 2);

/** How alike the sound is to itself one period on, and two, and four. */
function strengthsAt(onsets: Float32Array, step: number, candidates: readonly number[]): number[] {
  const middle = (step + 0.5) * EVERY * ONSET_RATE;
  const half = (OVER * ONSET_RATE) / 2;
  const from = Math.max(0, Math.min(middle - half, onsets.length - 2 * half));
  const part = smoothed(onsets.subarray(from, from + 2 * half));
  const mean = part.reduce((sum, value) => sum + value, 0) / Math.max(1, part.length);
  const centred = part.map((value) => value - mean);
  const alike = likenesses(centred, Math.ceil((4 * 60 * ONSET_RATE) / SLOWEST) + 1);
  return candidates.map((period) => {
    const [one, two, four] = [between(alike, period), between(alike, 2 * period), between(alike, 4 * period)];
    return ((one + 0.5 * two + 0.25 * four) / 1.75) * likelihood(period);
  });
}

/** Where people play, beats that belong together are some hundredths apart. */
const smoothed = (onsets: Float32Array) =>
  onsets.map((value, at) => 0.5 * value + 0.25 * ((onsets[at - 1] ?? 0) + (onsets[at + 1] ?? 0)));

/** To itself so many moments on, for each number of moments: 1 is the same. */
function likenesses(values: Float32Array, most: number): Float64Array {
  const found = new Float64Array(most + 1);
  const power = values.reduce((sum, value) => sum + value * value, 0) + 1e-9;
  for (let lag = 0; lag <= Math.min(most, values.length - 1); lag++) {
    let sum = 0;
    for (let at = lag; at < values.length; at++) sum += (values[at] ?? 0) * (values[at - lag] ?? 0);
    // Fewer pairs are left the longer the lag.
    const pairs = Math.max(values.length / 4, values.length - lag);
    found[lag] = Math.max(0, (sum * values.length) / pairs / power);
  }
  return found;
}

function between(values: Float64Array, at: number): number {
  const [whole, part] = [Math.floor(at), at % 1];
  return (1 - part) * (values[whole] ?? 0) + part * (values[whole + 1] ?? 0);
}

/** The path through the candidates that is strong everywhere and moves little. */
function likeliest(strengths: readonly (readonly number[])[], candidates: readonly number[]): number[] {
  const octave = (one: number, other: number) => Math.abs(Math.log2((candidates[one] ?? 1) / (candidates[other] ?? 1)));
  let scores = strengths[0]?.map((one) => Math.log(one + 1e-6)) ?? [];
  const cameFrom: number[][] = [];
  for (const strong of strengths.slice(1)) {
    const froms: number[] = [];
    scores = strong.map((one, to) => {
      let [best, from] = [Number.NEGATIVE_INFINITY, to];
      scores.forEach((score, at) => {
        const moved = score - INERTIA * octave(at, to);
        if (moved > best) [best, from] = [moved, at];
      });
      froms[to] = from;
      return best + Math.log(one + 1e-6);
    });
    cameFrom.push(froms);
  }
  let at = scores.indexOf(scores.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY));
  const path = [at];
  for (const froms of cameFrom.toReversed()) {
    at = froms[at] ?? at;
    path.unshift(at);
  }
  return path;
}

/** Twice as fast where as much begins between the beats as on them. */
function faster(onsets: Float32Array, periods: Float32Array): Float32Array {
  const halved = periods.map((period) => period / 2);
  const fastest = (60 * ONSET_RATE) / FASTEST;
  if (halved.some((period) => period < fastest)) return periods;
  return betweenBeats(onsets, periods) > AS_STRONG ? halved : periods;
}

/** How much begins halfway from beat to beat, beside what begins on the beats: over all places where they could lie. */
function betweenBeats(onsets: Float32Array, periods: Float32Array): number {
  const PLACES = 24;
  const sums = new Float64Array(PLACES);
  let phase = 0;
  const near = smoothed(onsets);
  periods.forEach((period, at) => {
    phase += 1 / period;
    const place = Math.floor((phase % 1) * PLACES);
    sums[place] = (sums[place] ?? 0) + (near[at] ?? 0);
  });
  const on = sums.indexOf(sums.reduce((most, one) => Math.max(most, one), 0));
  const around = (place: number) =>
    [-1, 0, 1].reduce((sum, by) => sum + (sums[(place + by + PLACES) % PLACES] ?? 0), 0);
  return around(on + PLACES / 2) / Math.max(1e-9, around(on));
}
