// Lines through values: straight, or bent so that they never go beyond a value (Fritsch and Carlson's monotone curves).

export type Place = readonly [x: number, y: number];

/** Runs of places without a hole between them. */
export function runsOf(places: readonly Place[]): readonly (readonly Place[])[] {
  const runs: Place[][] = [];
  let run: Place[] = [];
  for (const place of places) {
    if (!Number.isNaN(place[1])) run.push(place);
    else if (run.length > 0) {
      runs.push(run);
      run = [];
    }
  }
  return run.length > 0 ? [...runs, run] : runs;
}

/** In pixels: a bend is drawn as straight pieces of about this length. */
const PIECE = 3;
const MOST_PIECES = 24;

/** The run as a line that goes up to `end`, where it may stop between two values. */
export function lineOf(run: readonly Place[], smooth: boolean, end: number): readonly Place[] {
  const slopes = smooth ? slopesOf(run) : [];
  const line: Place[] = [];
  for (const [at, place] of run.entries()) {
    if (place[0] > end + 1e-9) break;
    line.push(place);
    const next = run[at + 1];
    if (next) line.push(...piece(place, next, slopes[at], slopes[at + 1], end));
  }
  return line;
}

/** What lies between two values, without them. */
function piece([x0, y0]: Place, [x1, y1]: Place, m0: number | undefined, m1: number | undefined, end: number): Place[] {
  const width = x1 - x0;
  const stop = end >= x1 ? 1 : (end - x0) / width;
  const straight = m0 === undefined || m1 === undefined || (Math.abs(m0 - m1) < 1e-9 && y0 === y1);
  const height = (t: number) => {
    if (straight) return y0 + (y1 - y0) * t;
    const [t2, t3] = [t * t, t * t * t];
    return (
      (2 * t3 - 3 * t2 + 1) * y0 + (t3 - 2 * t2 + t) * width * m0 + (3 * t2 - 2 * t3) * y1 + (t3 - t2) * width * m1
    );
  };
  const pieces = straight ? 1 : Math.max(2, Math.min(MOST_PIECES, Math.round(width / PIECE)));
  const places: Place[] = [];
  for (let at = 1; at < pieces && at / pieces < stop; at++)
    places.push([x0 + (width * at) / pieces, height(at / pieces)]);
  if (stop < 1 && stop > 0) places.push([end, height(stop)]);
  return places;
}

function slopesOf(run: readonly Place[]): readonly number[] {
  const steps = run.slice(1).map(([x, y], at) => (y - (run[at]?.[1] ?? 0)) / (x - (run[at]?.[0] ?? 0)));
  return run.map((_, at) => {
    const [before, after] = [steps[at - 1], steps[at]];
    if (before === undefined || after === undefined) return before ?? after ?? 0;
    // Level at a peak; elsewhere the harmonic mean, which overshoots nowhere.
    return before * after <= 0 ? 0 : (2 * before * after) / (before + after);
  });
}
