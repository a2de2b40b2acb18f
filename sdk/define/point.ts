import type { Static, TSchema } from 'typebox';

/**
 * How the answers of several plugins become one:
 * `all` a list, `first` the first that answers, `pipe` each gets the answer before it, `sum` numbers (or lists of
 * numbers, element by element) added. Plugins answer in order of `phase`, then id: installation order never decides.
 */
export type Combine = 'all' | 'first' | 'pipe' | 'sum';

export interface Point<I extends TSchema = TSchema, O extends TSchema = TSchema, K extends Combine = Combine> {
  readonly kind: 'point';
  readonly id: string;
  readonly input: I;
  readonly output: O;
  readonly combine: K;
  /** How long all answers together may take. */
  readonly budgetMs: number;
  /** What a failing or late answer does: it is left out, or it fails the question. */
  readonly onError: 'skip' | 'fail';
}

/** The combined answer. */
export type Answer<I extends TSchema, O extends TSchema, K extends Combine> = K extends 'all'
  ? Static<O>[]
  : K extends 'first'
    ? Static<O> | undefined
    : K extends 'pipe'
      ? Static<I>
      : Static<O>;

/**
 * A question that other plugins may answer.
 *
 * @example
 * export const Thanks = point('tip-jar.thanks@1', {
 *   input: Type.Object({ text: Type.String() }),
 *   output: Type.Object({ text: Type.String() }),
 *   combine: 'pipe',
 *   budgetMs: 50,
 *   onError: 'skip',
 * });
 */
export function point<const I extends TSchema, const O extends TSchema, const K extends Combine>(
  id: string,
  definition: {
    readonly input: I;
    readonly output: O;
    readonly combine: K;
    readonly budgetMs: number;
    readonly onError: 'skip' | 'fail';
  },
): Point<I, O, K> {
  return { kind: 'point', id, ...definition };
}
