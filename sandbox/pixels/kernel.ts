// A kernel as data: what is worked out for each pixel, in order. Both languages trace to this.
import { explain, KERNEL_STEPS } from '../limits.ts';
import { operationOf } from './operations.ts';

/**
 * An operation with the places of what it works on, all of them before it. Besides those of `operations.ts`:
 * `number` [which], `x`, `y`, `u`, `v`, `read` [picture, channel], `near` and `smooth` [picture, channel, x, y],
 * `noise` [salt].
 */
export type Step = readonly [operation: string, ...of: number[]];

export interface Kernel {
  readonly steps: readonly Step[];
  /** The numbers that it holds, apart: another one tomorrow is the same kernel still. */
  readonly numbers: readonly number[];
  /** For red, green, blue and alpha: the step that works it out, or -1 where it stays. */
  readonly results: readonly number[];
}

const PLACES: readonly string[] = ['x', 'y', 'u', 'v'];
const isIndex = (value: unknown, end: number): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < end;

/** For one that comes as JSON: answers it, if every step is one and works on what is there. */
export function checkedKernel(given: unknown, pictures: number): Kernel {
  const { steps, numbers, results } = (given ?? {}) as Partial<Record<keyof Kernel, unknown>>;
  if (!Array.isArray(steps) || !Array.isArray(numbers) || !Array.isArray(results)) throw new TypeError(NO_KERNEL);
  if (steps.length > KERNEL_STEPS || numbers.length > KERNEL_STEPS) throw new RangeError(explain.kernel());
  const isWell =
    steps.every((step, at) => isStep(step, at, numbers.length, pictures)) &&
    numbers.every((number) => typeof number === 'number' && Number.isFinite(number)) &&
    results.length === 4 &&
    results.every((result) => result === -1 || isIndex(result, steps.length));
  if (!isWell) throw new TypeError(NO_KERNEL);
  return { steps, numbers, results };
}

const NO_KERNEL = 'That is no kernel.';

function isStep(step: unknown, at: number, numbers: number, pictures: number): step is Step {
  if (!Array.isArray(step) || typeof step[0] !== 'string') return false;
  const [operation, ...of] = step as [string, ...unknown[]];
  if (PLACES.includes(operation)) return of.length === 0;
  if (operation === 'number') return of.length === 1 && isIndex(of[0], numbers);
  const isPicture = isIndex(of[0], pictures) && isIndex(of[1], 4);
  if (operation === 'read') return of.length === 2 && isPicture;
  if (operation === 'near' || operation === 'smooth')
    return of.length === 4 && isPicture && isIndex(of[2], at) && isIndex(of[3], at);
  const takes = operation === 'noise' ? 1 : operationOf(operation)?.takes;
  return of.length === takes && of.every((place) => isIndex(place, at));
}

/**
 * Which steps are worked out, and where each channel is found in the end: writing rounds by itself, and a channel that
 * stays is not written.
 */
export function pruned({ steps, results }: Kernel): {
  readonly needed: readonly boolean[];
  readonly results: readonly number[];
} {
  const kept = results.map((result, channel) => {
    let [at, step] = [result, steps[result]];
    while (step?.[0] === 'byte') {
      at = step[1] ?? -1;
      step = steps[at];
    }
    return step?.[0] === 'read' && step[1] === 0 && step[2] === channel ? -1 : at;
  });
  const needed = steps.map((_, at) => kept.includes(at));
  for (let at = steps.length - 1; at >= 0; at--) {
    if (needed[at]) for (const place of placesOf(steps[at])) needed[place] = true;
  }
  return { needed, results: kept };
}

function placesOf([operation, ...of]: Step = ['x']): readonly number[] {
  if (operation === 'number' || operation === 'read') return [];
  return operation === 'near' || operation === 'smooth' ? of.slice(2) : of;
}

/** Whether it looks at other pixels of its own picture than the one it makes. */
export const looksAround = ({ steps }: Kernel): boolean =>
  steps.some(([operation, picture]) => (operation === 'near' || operation === 'smooth') && picture === 0);
