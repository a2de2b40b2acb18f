// What operations are given, looked at before anything is done: a sentence names the argument that cannot be.

const shown = (value: unknown): string => {
  if (typeof value === 'string') return `"${value.slice(0, 40)}"`;
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
};

/** @example numberOf('blur(radius)', 'radius', Number.NaN) // TypeError: blur(radius): radius is a number, not NaN. */
export function numberOf(where: string, name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new TypeError(`${where}: ${name} is a number, not ${shown(value)}.`);
  return value;
}

/** From 0 to 1; what is beyond counts as the nearest of them. */
export function partOfOne(where: string, name: string, value: unknown): number {
  return Math.max(0, Math.min(1, numberOf(where, name, value)));
}

/** So many numbers, copied: what was given may change while it is read. */
export function numbersOf(where: string, name: string, value: unknown, counts: readonly number[]): Float64Array {
  const { length } = (value ?? {}) as { readonly length?: unknown };
  if (typeof value !== 'object' || typeof length !== 'number' || !counts.includes(length))
    throw new TypeError(`${where}: ${name} is a list of ${counts.join(' or ')} numbers${lengthOf(value, length)}.`);
  const list = value as ArrayLike<unknown>;
  const numbers = new Float64Array(length);
  for (let at = 0; at < length; at++) numbers[at] = numberOf(where, `${name}[${at}]`, list[at]);
  return numbers;
}

const lengthOf = (value: unknown, length: unknown) =>
  typeof length === 'number' ? `, not of ${length}` : `, not ${shown(value)}`;
