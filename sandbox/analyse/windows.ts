// Stretches of sound around given moments, cut from a stream that comes in pieces.

export interface Windows {
  hear(samples: Float32Array): void;
  /** As if silence followed. */
  end(): void;
}

/**
 * Calls back with `size` samples around each of `count` moments, silence before the first sample and after the last.
 * `middleOf` says the sample that a moment is at, rising. What is handed over is used again.
 */
export function windowsOver(
  { size, count, middleOf }: { readonly size: number; readonly count: number; middleOf(at: number): number },
  onWindow: (samples: Float32Array, at: number) => void,
): Windows {
  const half = size / 2;
  // Twice as long as a window, so that most pieces are appended without moving what is there.
  const kept = new Float32Array(2 * size);
  // Before the first sample there is half a window of silence.
  let [held, first, next] = [half, -half, 0];
  const take = (piece: Float32Array | number) => {
    const length = typeof piece === 'number' ? piece : piece.length;
    if (typeof piece === 'number') kept.fill(0, held, held + piece);
    else kept.set(piece, held);
    held += length;
    for (; next < count && Math.round(middleOf(next)) + half <= first + held; next++) {
      const from = Math.round(middleOf(next)) - half - first;
      onWindow(kept.subarray(from, from + size), next);
    }
    if (held < size) return;
    kept.copyWithin(0, held - size, held);
    first += held - size;
    held = size;
  };
  const pieces = (length: number, give: (from: number, to: number) => void) => {
    for (let at = 0; at < length; at += half) give(at, Math.min(length, at + half));
  };
  return {
    hear: (samples) => pieces(samples.length, (from, to) => take(samples.subarray(from, to))),
    end() {
      while (next < count) take(half);
    },
  };
}
