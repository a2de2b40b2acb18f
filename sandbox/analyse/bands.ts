// Pitches gathered as the ear does: each band as much wider than the one before as it is higher.

/** Adds up the power of the pitches in each band, from amplitudes as `spectrumOf` answers them. */
export interface Bands {
  readonly count: number;
  /** The power in each band. The same array each time. */
  of(amplitudes: Float32Array): Float64Array;
}

export function bandsOf(count: number, lowest: number, highest: number, size: number, sampleRate: number): Bands {
  const pitch = sampleRate / size;
  const edges = Array.from({ length: count + 1 }, (_, at) => (lowest * (highest / lowest) ** (at / count)) / pitch);
  const powers = new Float64Array(count);
  return {
    count,
    of(amplitudes) {
      for (let band = 0; band < count; band++)
        powers[band] = powerBetween(amplitudes, edges[band] ?? 0, edges[band + 1] ?? 0);
      return powers;
    },
  };
}

/** A pitch that lies across an edge counts on both sides, each by its part: low bands are narrower than a pitch. */
function powerBetween(amplitudes: Float32Array, from: number, to: number): number {
  let power = 0;
  const last = Math.min(amplitudes.length - 1, Math.floor(to + 0.5));
  for (let at = Math.floor(from + 0.5); at <= last; at++) {
    const part = Math.min(at + 0.5, to) - Math.max(at - 0.5, from);
    if (part > 0) power += part * (amplitudes[at] ?? 0) ** 2;
  }
  return power;
}
