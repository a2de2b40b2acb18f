// How strong each pitch is in a stretch of sound.

export interface Spectrum {
  /** Samples that it looks at: a power of two. */
  readonly size: number;
  /** Amplitudes of `size / 2` pitches, evenly spaced from 0 up to half the sample rate. The same array each time. */
  of(samples: Float32Array): Float32Array;
}

/** A fast Fourier transform through a Hann window. A sine at full scale on a pitch of its own has the amplitude 1. */
export function spectrumOf(size: number): Spectrum {
  const half = size / 2;
  const angles = Array.from({ length: half }, (_, at) => (2 * Math.PI * at) / size);
  const [cosines, sines] = [Float64Array.from(angles, Math.cos), Float64Array.from(angles, Math.sin)];
  const window = Float64Array.from({ length: size }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / size));
  const order = bitReversed(size);
  const [real, imaginary] = [new Float64Array(size), new Float64Array(size)];
  const amplitudes = new Float32Array(half);
  return {
    size,
    of(samples) {
      for (let at = 0; at < size; at++) {
        const from = order[at] ?? 0;
        real[at] = (samples[from] ?? 0) * (window[from] ?? 0);
      }
      imaginary.fill(0);
      transform(real, imaginary, cosines, sines);
      for (let at = 0; at < half; at++) amplitudes[at] = Math.hypot(real[at] ?? 0, imaginary[at] ?? 0) / (size / 4);
      return amplitudes;
    },
  };
}

function bitReversed(size: number): Uint32Array {
  const order = new Uint32Array(size);
  for (let at = 1; at < size; at++) order[at] = ((order[at >> 1] ?? 0) >> 1) | (at & 1 ? size >> 1 : 0);
  return order;
}

/** In place, of values that stand in bit-reversed order. */
function transform(real: Float64Array, imaginary: Float64Array, cosines: Float64Array, sines: Float64Array): void {
  const size = real.length;
  for (let wide = 2; wide <= size; wide *= 2) {
    const [reach, step] = [wide / 2, size / wide];
    for (let group = 0; group < size; group += wide) {
      for (let at = 0; at < reach; at++) {
        const cosine = cosines[at * step] ?? 0;
        const sine = sines[at * step] ?? 0;
        const one = group + at;
        const other = one + reach;
        const re = real[other] ?? 0;
        const im = imaginary[other] ?? 0;
        const turnedRe = re * cosine + im * sine;
        const turnedIm = im * cosine - re * sine;
        real[other] = (real[one] ?? 0) - turnedRe;
        imaginary[other] = (imaginary[one] ?? 0) - turnedIm;
        real[one] = (real[one] ?? 0) + turnedRe;
        imaginary[one] = (imaginary[one] ?? 0) + turnedIm;
      }
    }
  }
}
