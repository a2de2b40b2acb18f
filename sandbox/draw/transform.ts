import { ListError } from './check.ts';
import { SHIFT, STRETCH } from './ops.ts';

/** As canvases count: x goes to `a x + c y + e`, y to `b x + d y + f`. */
export interface Transform {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

/** First `by`, then `m`. Refused where numbers would lose themselves. */
export function multiplied(m: Transform, by: Transform): Transform {
  const made = {
    a: m.a * by.a + m.c * by.b,
    b: m.b * by.a + m.d * by.b,
    c: m.a * by.c + m.c * by.d,
    d: m.b * by.c + m.d * by.d,
    e: m.a * by.e + m.c * by.f + m.e,
    f: m.b * by.e + m.d * by.f + m.f,
  };
  const stretch = Math.max(Math.abs(made.a), Math.abs(made.b), Math.abs(made.c), Math.abs(made.d));
  if (stretch <= STRETCH && Math.max(Math.abs(made.e), Math.abs(made.f)) <= SHIFT) return made;
  throw new ListError(`The groups together scale by more than ${STRETCH} or move by more than ${SHIFT} pixels.`);
}
