/** What a benchmark found in one run. Ratios compare two things measured in it; absolute figures depend on the machine. */
export interface BenchResult {
  ratio: Record<string, number>;
  medians: Record<string, unknown>;
}

/** The default export of a file in `bench/`. Options are what was typed after the name. */
export type Bench = (options: readonly string[]) => Promise<BenchResult>;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
