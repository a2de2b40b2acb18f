// What most who change sound need: filters, echoes and gain, the same in both languages.
import type { SoundTool, SoundTools } from '@plinth/sdk/effect.ts';

/** An edge without a peak. */
const PLAIN_Q = Math.SQRT1_2;
/** Seconds that an echo may be late, and all echoes of an effect together: they are kept in memory. */
const LATEST = 10;
/** An echo of more would grow. */
const MOST_FEEDBACK = 0.98;

/** @example const low = soundTools(48_000, 2).lowPass(900); low(channels); */
export function soundTools(sampleRate: number, channelCount: number): SoundTools {
  const ofEach = (make: () => (samples: Float32Array) => void): SoundTool => {
    const tools = Array.from({ length: channelCount }, make);
    return (channels) => {
      for (const [at, samples] of channels.entries()) tools[at]?.(samples);
    };
  };
  const edge = (hertz: number, q: number) => {
    if (!(hertz > 0) || !(q > 0)) throw new RangeError('A filter needs a frequency and a q above 0.');
    const angle = (2 * Math.PI * Math.min(hertz, sampleRate * 0.49)) / sampleRate;
    return { cosine: Math.cos(angle), alpha: Math.sin(angle) / (2 * q) };
  };
  return {
    lowPass(hertz, q = PLAIN_Q) {
      const { cosine, alpha } = edge(hertz, q);
      const half = (1 - cosine) / 2;
      return ofEach(() => biquad([half, 1 - cosine, half], cosine, alpha));
    },
    highPass(hertz, q = PLAIN_Q) {
      const { cosine, alpha } = edge(hertz, q);
      const half = (1 + cosine) / 2;
      return ofEach(() => biquad([half, -1 - cosine, half], cosine, alpha));
    },
    delay(seconds, { feedback = 0, mix = 0.5 } = {}) {
      if (!(seconds > 0 && seconds <= LATEST)) throw new RangeError(`An echo is from 0 to ${LATEST} seconds late.`);
      const length = Math.max(1, Math.round(seconds * sampleRate));
      const again = Math.max(-MOST_FEEDBACK, Math.min(MOST_FEEDBACK, feedback));
      return ofEach(() => echo(length, again, mix));
    },
    gain(channels, from, to = from) {
      for (const samples of channels)
        for (let at = 0; at < samples.length; at++)
          samples[at] = (samples[at] ?? 0) * (from + ((to - from) * at) / samples.length);
    },
  };
}

/** Two poles and two zeros, as in the cookbook of Robert Bristow-Johnson. */
function biquad(
  zeros: readonly [number, number, number],
  cosine: number,
  alpha: number,
): (samples: Float32Array) => void {
  const [b0, b1, b2] = zeros.map((zero) => zero / (1 + alpha)) as [number, number, number];
  const [a1, a2] = [(-2 * cosine) / (1 + alpha), (1 - alpha) / (1 + alpha)];
  let one = 0;
  let two = 0;
  return (samples) => {
    for (let at = 0; at < samples.length; at++) {
      const sample = samples[at] ?? 0;
      const out = b0 * sample + one;
      one = b1 * sample - a1 * out + two;
      two = b2 * sample - a2 * out;
      samples[at] = out;
    }
    // What dies away for ever becomes so small that processors get slow over it.
    if (Math.abs(one) < 1e-20) one = 0;
    if (Math.abs(two) < 1e-20) two = 0;
  };
}

function echo(length: number, feedback: number, mix: number): (samples: Float32Array) => void {
  const past = new Float32Array(length);
  let place = 0;
  return (samples) => {
    for (let at = 0; at < samples.length; at++) {
      const [sample, late] = [samples[at] ?? 0, past[place] ?? 0];
      past[place] = sample + late * feedback;
      samples[at] = sample + late * mix;
      place = place + 1 === length ? 0 : place + 1;
    }
  };
}
