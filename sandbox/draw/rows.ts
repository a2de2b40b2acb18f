// The rows of a picture that are drawn on: a title above and a name below leave most of what lies between alone.

/** From the first row up to the one after the last. */
export interface Rows {
  readonly top: number;
  readonly bottom: number;
}

/** Rows nearer than this are one: what lies between costs less than telling them apart. */
const GAP = 64;
const MOST = 4;

/**
 * The same rows and one more stretch of them, by rising numbers. Where nothing is new, the same list.
 *
 * @example withRows([{ top: 0, bottom: 40 }], { top: 500, bottom: 720 }).length // 2
 */
export function withRows(all: readonly Rows[], { top, bottom }: Rows): readonly Rows[] {
  if (all.some((rows) => rows.top <= top && rows.bottom >= bottom)) return all;
  const near = all.filter((rows) => rows.top - GAP < bottom && rows.bottom + GAP > top);
  const apart = all.filter((rows) => !near.includes(rows));
  const whole = {
    top: near.reduce((least, rows) => Math.min(least, rows.top), top),
    bottom: near.reduce((most, rows) => Math.max(most, rows.bottom), bottom),
  };
  return fewer([...apart, whole].sort((a, b) => a.top - b.top));
}

/** Joins the two that are nearest, where there are too many. */
function fewer(all: readonly Rows[]): readonly Rows[] {
  if (all.length <= MOST) return all;
  const gaps = all.slice(1).map(({ top }, at) => top - (all[at]?.bottom ?? 0));
  const at = gaps.indexOf(Math.min(...gaps));
  const [one, other] = [all[at], all[at + 1]];
  if (!one || !other) return all;
  return [...all.slice(0, at), { top: one.top, bottom: other.bottom }, ...all.slice(at + 2)];
}
