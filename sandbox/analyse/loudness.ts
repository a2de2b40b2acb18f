// How loud a clip is to the ear, as EBU R 128 and ITU-R BS.1770 measure it.
import { type Analyser, rounded, SAMPLE_RATE } from './analyser.ts';

export interface Loudness {
  /** For each frame, of the 400 ms around it: 0 is -60 LUFS and what is softer, 1 is 0 LUFS. */
  readonly frames: readonly number[];
  /** Of all of it, in LUFS; nothing where all is silent. */
  readonly integrated?: number;
}

/** Two filters one after the other, at 48 kHz: the head, which lifts what is high, and the ear, which misses what is low. */
const HEAD = [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585] as const;
const EAR = [1, -2, 1, -1.99004745483398, 0.99007225036621] as const;
/** Seconds: what is summed up at once, and what loudness is measured over. */
const [SLICE, MOMENT] = [0.01, 0.4];
const SLICE_SAMPLES = SLICE * SAMPLE_RATE;
const [SOFTEST_DB, OFFSET_DB] = [-60, -0.691];

export const loudness: Analyser<Loudness> = {
  takes: ['sound'],
  begin({ frames, fps, hasSound }) {
    const ears = [weighting(), weighting()] as const;
    /** Up to the end of each slice. */
    const energies = [0];
    let [energy, samples] = [0, 0];
    return {
      hear({ left, right }) {
        for (let at = 0; at < left.length; at++) {
          energy += ears[0](left[at] ?? 0) ** 2 + ears[1](right[at] ?? 0) ** 2;
          if (++samples % SLICE_SAMPLES === 0) energies.push(energy);
        }
      },
      end() {
        if (!hasSound) return { frames: [] };
        energies.push(energy);
        const whole = integrated(energies);
        const shown = Array.from({ length: frames }, (_, frame) => shownAt(energies, frame / fps));
        return { frames: shown, ...(whole === undefined ? {} : { integrated: whole }) };
      },
    };
  },
};

/** Of one channel, sample by sample. */
function weighting(): (sample: number) => number {
  const [head, ear] = [filter(HEAD), filter(EAR)];
  return (sample) => ear(head(sample));
}

function filter([b0, b1, b2, a1, a2]: typeof HEAD | typeof EAR): (sample: number) => number {
  let [one, two] = [0, 0];
  return (sample) => {
    const out = b0 * sample + one;
    one = b1 * sample - a1 * out + two;
    two = b2 * sample - a2 * out;
    return out;
  };
}

const lufs = (power: number) => OFFSET_DB + 10 * Math.log10(power + 1e-12);

function powerBetween(energies: readonly number[], from: number, to: number): number {
  const at = (slice: number) => energies[Math.min(energies.length - 1, Math.max(0, slice))] ?? 0;
  return (at(to) - at(from)) / ((to - from) * SLICE_SAMPLES);
}

function shownAt(energies: readonly number[], t: number): number {
  const [from, to] = [Math.round((t - MOMENT / 2) / SLICE), Math.round((t + MOMENT / 2) / SLICE)];
  return rounded(Math.min(1, Math.max(0, 1 - lufs(powerBetween(energies, from, to)) / SOFTEST_DB)));
}

/** Blocks that are silent, or much softer than the others, do not count. */
function integrated(energies: readonly number[]): number | undefined {
  const [block, step] = [MOMENT / SLICE, MOMENT / SLICE / 4];
  const powers: number[] = [];
  for (let at = 0; at + block < energies.length; at += step) powers.push(powerBetween(energies, at, at + block));
  const audible = powers.filter((power) => lufs(power) > -70);
  const gate = lufs(mean(audible)) - 10;
  const counted = audible.filter((power) => lufs(power) > gate);
  return counted.length === 0 ? undefined : Math.round(lufs(mean(counted)) * 10) / 10;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
