/** Waits so long for an answer. What answers later is not heard. */
export function inTime<T>(answer: Promise<T>, ms: number, reason: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(reason)), ms);
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
