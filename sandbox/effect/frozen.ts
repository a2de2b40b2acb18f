/** A frame that changed what another frame reads would make the picture depend on what was rendered before. */
export function deepFrozen<T>(value: T): T {
  const isPlain = Array.isArray(value) || (typeof value === 'object' && value !== null && isPlainObject(value));
  if (!isPlain || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value as object)) if (typeof part === 'object') deepFrozen(part);
  return value;
}

function isPlainObject(value: object): boolean {
  const parent = Object.getPrototypeOf(value);
  return parent === Object.prototype || parent === null;
}
