/** How long to wait after failures in a row, in milliseconds. */
export interface Backoff {
  readonly first: number;
  readonly factor: number;
  readonly most: number;
}

/**
 * Exponential, and up to a fifth longer by chance: what failed together does not come back together.
 *
 * @example backoff({ first: 1_000, factor: 4, most: 3_600_000 }, 3) // 16 to 19.2 seconds
 */
export function backoff({ first, factor, most }: Backoff, failures: number): number {
  return Math.round(Math.min(first * factor ** (failures - 1), most) * (1 + Math.random() / 5));
}
