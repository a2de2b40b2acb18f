// What a kernel can do with numbers: as text for the loop that is compiled, and as a function where nothing may be.

interface Operation {
  readonly takes: 1 | 2 | 3;
  readonly text: (...names: string[]) => string;
  readonly of: (a: number, b: number, c: number) => number;
  /** What it answers, or takes first, is true or false: the loop need not make a number of it. */
  readonly isTruth?: true;
  readonly asks?: true;
}

/** Adding and taking this away again leaves a double rounded, halves to the even one. */
const ROUNDER = 6_755_399_441_055_744;

const one = (text: (a: string) => string, of: (a: number) => number): Operation => ({
  takes: 1,
  text: text as Operation['text'],
  of,
});
const two = (text: (a: string, b: string) => string, of: (a: number, b: number) => number): Operation => ({
  takes: 2,
  text: text as Operation['text'],
  of,
});
const compared = (sign: string, of: (a: number, b: number) => boolean): Operation => ({
  takes: 2,
  isTruth: true,
  text: (a, b) => `${a} ${sign} ${b}`,
  of: (a, b) => (of(a, b) ? 1 : 0),
});
const joined = (sign: string, of: (a: number, b: number) => boolean): Operation => ({
  ...compared(sign, of),
  asks: true,
});

const TABLE = {
  add: two(
    (a, b) => `${a} + ${b}`,
    (a, b) => a + b,
  ),
  sub: two(
    (a, b) => `${a} - ${b}`,
    (a, b) => a - b,
  ),
  mul: two(
    (a, b) => `${a} * ${b}`,
    (a, b) => a * b,
  ),
  div: two(
    (a, b) => `${a} / ${b}`,
    (a, b) => a / b,
  ),
  mod: two(
    (a, b) => `${a} - ${b} * floor(${a} / ${b})`,
    (a, b) => a - b * Math.floor(a / b),
  ),
  pow: two((a, b) => `pow(${a}, ${b})`, Math.pow),
  // Both take as many as they are given, and would take what is not theirs.
  min: two(
    (a, b) => `min(${a}, ${b})`,
    (a, b) => Math.min(a, b),
  ),
  max: two(
    (a, b) => `max(${a}, ${b})`,
    (a, b) => Math.max(a, b),
  ),
  atan2: two((a, b) => `atan2(${a}, ${b})`, Math.atan2),
  lt: compared('<', (a, b) => a < b),
  le: compared('<=', (a, b) => a <= b),
  gt: compared('>', (a, b) => a > b),
  ge: compared('>=', (a, b) => a >= b),
  eq: compared('===', (a, b) => a === b),
  ne: compared('!==', (a, b) => a !== b),
  and: joined('&&', (a, b) => Boolean(a && b)),
  or: joined('||', (a, b) => Boolean(a || b)),
  not: { takes: 1, isTruth: true, asks: true, text: (a) => `!${a}`, of: (a) => (a ? 0 : 1) },
  neg: one(
    (a) => `-${a}`,
    (a) => -a,
  ),
  abs: one((a) => `abs(${a})`, Math.abs),
  floor: one((a) => `floor(${a})`, Math.floor),
  round: one(
    (a) => `${a} + ${ROUNDER} - ${ROUNDER}`,
    (a) => a + ROUNDER - ROUNDER,
  ),
  sqrt: one((a) => `sqrt(${a})`, Math.sqrt),
  sin: one((a) => `sin(${a})`, Math.sin),
  cos: one((a) => `cos(${a})`, Math.cos),
  exp: one((a) => `exp(${a})`, Math.exp),
  log: one((a) => `log(${a})`, Math.log),
  /** As a byte keeps it. */
  byte: one((a) => `${a} > 0 ? (${a} < 255 ? ${a} + ${ROUNDER} - ${ROUNDER} : 255) : 0`, byte),
  where: {
    takes: 3,
    asks: true,
    text: (condition, yes, no) => `${condition} ? ${yes} : ${no}`,
    of: (condition, yes, no) => (condition ? yes : no),
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof TABLE;
export const operationOf = (name: string): Operation | undefined =>
  Object.hasOwn(TABLE, name) ? TABLE[name as OperationName] : undefined;

const kept = new Uint8ClampedArray(1);
/** @example byte(300) // 255 */
function byte(value: number): number {
  kept[0] = value;
  return kept[0] ?? 0;
}

/** From 0 up to 1, by place and salt: the same everywhere, as it is made of whole numbers. */
export function noise(x: number, y: number, salt: number): number {
  const whole = Math.floor(salt);
  let bits = Math.imul(x + 1, 0x9e3779b1) ^ Math.imul(y + 1, 0x85ebca6b);
  bits ^= Math.imul(whole | 0, 0xc2b2ae35) ^ ((salt - whole) * 4_294_967_296);
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return ((bits ^ (bits >>> 16)) >>> 0) / 4_294_967_296;
}

/** The nearest whole place from 0 to `last`; 0 for what is none. */
export function placeWithin(place: number, last: number): number {
  if (!(place > 0)) return 0;
  return place < last ? Math.floor(place + 0.5) : last;
}
