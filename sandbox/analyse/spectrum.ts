import { SPECTRUM_BANDS } from '../effect/inputs.ts';
import { type Analyser, rounded, SAMPLE_RATE } from './analyser.ts';
import { bandsOf } from './bands.ts';
import { spectrumOf } from './fft.ts';
import { windowsOver } from './windows.ts';

const [LOWEST, HIGHEST] = [40, 16_000];
const SIZE = 4096;
/** Power in a band, in dB of a sine at full scale: what is silent to the eye, and what is full. */
const [SILENT_DB, FULL_DB] = [-66, -6];

/** For each frame how strong each band is around it, from 0 to 1. */
export const spectrum: Analyser<readonly (readonly number[])[]> = {
  takes: ['sound'],
  begin({ frames, fps, hasSound }) {
    const found: number[][] = [];
    const transform = spectrumOf(SIZE);
    const bands = bandsOf(SPECTRUM_BANDS, LOWEST, HIGHEST, SIZE, SAMPLE_RATE);
    const moments = { size: SIZE, count: frames, middleOf: (frame: number) => (frame * SAMPLE_RATE) / fps };
    const windows = windowsOver(moments, (samples) => found.push([...bands.of(transform.of(samples))].map(shown)));
    return {
      hear: ({ mono }) => windows.hear(mono),
      end() {
        if (hasSound) windows.end();
        return found;
      },
    };
  },
};

function shown(power: number): number {
  const loud = 10 * Math.log10(power / HANN_SPREAD + 1e-12);
  return rounded(Math.min(1, Math.max(0, (loud - SILENT_DB) / (FULL_DB - SILENT_DB))));
}

/** A Hann window shows a sine in the pitches beside its own too, with so much power in all. */
const HANN_SPREAD = 1.5;
