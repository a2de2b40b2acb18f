// A list comes from strangers' code: nothing of it is believed until it was read once from end to end.
import { FONT_NAMES } from './fonts.ts';
import {
  ALIGNS,
  BASELINES,
  BLENDS,
  BLUR,
  CAPS,
  DASHES,
  DEPTH,
  FARTHEST,
  JOINS,
  LIST_LENGTH,
  OP,
  OP_LENGTHS,
  STOPS,
  STRETCH,
  STRING_LENGTH,
  STRINGS,
  STRINGS_LENGTH,
  TEXT_SIZE,
} from './ops.ts';

/** A display list that breaks the rules: it is refused as a whole, and nothing of it is drawn. */
export class ListError extends Error {
  override name = 'ListError';
}

type Check = (value: number, strings: readonly string[]) => boolean;

const at: Check = (value) => Math.abs(value) <= FARTHEST;
const length: Check = (value) => value >= 0 && value <= FARTHEST;
const part: Check = (value) => value >= 0 && value <= 1;
const stretch: Check = (value) => Math.abs(value) <= STRETCH;
const upTo =
  (end: number): Check =>
  (value) =>
    Number.isInteger(value) && value >= 0 && value <= end;
const oneOf = (words: readonly string[]): Check => upTo(words.length - 1);
const text: Check = (value, strings) => Number.isInteger(value) && value >= 0 && value < strings.length;
const color = upTo(0xffffffff);
const flag = upTo(1);
/** NaN in both radii of a gradient along a line. */
const radius: Check = (value) => Number.isNaN(value) || length(value, []);
const gradient = [at, at, radius, at, at, radius, upTo(STOPS)];

const ARGUMENTS: Readonly<Record<number, readonly Check[]>> = {
  [OP.transform]: [stretch, stretch, stretch, stretch, at, at],
  [OP.opacity]: [part],
  [OP.group]: [part, oneOf(BLENDS)],
  [OP.shadow]: [color, (value) => value >= 0 && value <= BLUR, at, at],
  [OP.fillColor]: [color],
  [OP.strokeColor]: [color],
  [OP.fillGradient]: gradient,
  [OP.strokeGradient]: gradient,
  [OP.line]: [(value) => value > 0 && value <= FARTHEST, oneOf(CAPS), oneOf(JOINS)],
  [OP.dash]: [upTo(DASHES)],
  [OP.font]: [
    (value, strings) => FONT_NAMES.includes(strings[value] as (typeof FONT_NAMES)[number]),
    (value) => value > 0 && value <= TEXT_SIZE,
    (value) => value === 400 || value === 700,
    flag,
  ],
  [OP.align]: [oneOf(ALIGNS), oneOf(BASELINES)],
  [OP.fillText]: [text, at, at],
  [OP.strokeText]: [text, at, at],
  [OP.moveTo]: [at, at],
  [OP.lineTo]: [at, at],
  [OP.curveTo]: [at, at, at, at, at, at],
  [OP.quadTo]: [at, at, at, at],
  [OP.arc]: [at, at, length, at, at, flag],
  [OP.ellipse]: [at, at, length, length, at, at, at],
  [OP.rect]: [at, at, at, at],
  [OP.roundRect]: [at, at, at, at, length],
  [OP.image]: [text, at, at, at, at],
};
const NAMES = new Map(Object.entries(OP).map(([name, code]) => [code as number, name]));
const LENGTHS = Uint8Array.from({ length: 32 }, (_, code) => OP_LENGTHS[code] ?? 0);
const NO_CHECKS: readonly Check[] = [];
const CHECKS = Array.from({ length: 32 }, (_, code) => ARGUMENTS[code] ?? NO_CHECKS);

/** How many numbers follow the operation at `position`, with those that it announces itself. */
export function argumentsAt(list: Float64Array, position: number): number {
  const code = list[position] ?? 0;
  const fixed = LENGTHS[code] ?? 0;
  if (code === OP.dash) return fixed + (list[position + 1] ?? 0);
  if (code === OP.fillGradient || code === OP.strokeGradient) return fixed + 2 * (list[position + 7] ?? 0);
  return fixed;
}

/** A copy of the list that nobody else can change, every number of which is what it should be. */
export function checkedList(shared: Float64Array, length: number, strings: readonly string[]): Float64Array {
  if (!Number.isInteger(length) || length < 0 || length > Math.min(shared.length, LIST_LENGTH)) {
    throw new ListError(`A list of ${length} numbers.`);
  }
  const list = shared.slice(0, length);
  let depth = 0;
  for (let position = 0; position < length; ) {
    const code = list[position] ?? 0;
    if (!NAMES.has(code)) throw new ListError(`No operation has the code ${code} (at ${position}).`);
    if (code === OP.save || code === OP.group) depth += 1;
    if (code === OP.restore) depth -= 1;
    if (depth < 0 || depth > DEPTH) throw new ListError(`Saved and restored beyond bounds (at ${position}).`);
    position = checkOperation(list, position, strings);
  }
  return list;
}

function checkOperation(list: Float64Array, position: number, strings: readonly string[]): number {
  const code = list[position] ?? 0;
  const checks = CHECKS[code] ?? NO_CHECKS;
  if (position + checks.length >= list.length && checks.length > 0) refuse(code, position, 'ends too soon');
  for (let at = 0; at < checks.length; at++) {
    if (!checks[at]?.(list[position + 1 + at] ?? Number.NaN, strings))
      refuse(code, position, wrong(list, position, at));
  }
  const end = position + 1 + argumentsAt(list, position);
  if (end > list.length) refuse(code, position, 'ends too soon');
  if (end > position + 1 + checks.length) checkRest(list, position, position + 1 + checks.length, end);
  const isGradient = code === OP.fillGradient || code === OP.strokeGradient;
  if (isGradient && Number.isNaN(list[position + 3]) !== Number.isNaN(list[position + 6])) {
    refuse(code, position, 'has one radius');
  }
  return end;
}

function checkRest(list: Float64Array, position: number, from: number, end: number): void {
  const code = list[position] ?? 0;
  for (let rest = from; rest < end; rest++) {
    const check = code === OP.dash ? length : (rest - from) % 2 === 0 ? part : color;
    if (!check(list[rest] ?? Number.NaN, [])) refuse(code, position, wrong(list, position, rest - position - 1));
  }
}

const wrong = (list: Float64Array, position: number, at: number) =>
  `has ${list[position + 1 + at]} for its argument ${at + 1}`;

function refuse(code: number, position: number, why: string): never {
  throw new ListError(`The operation "${NAMES.get(code)}" ${why} (at ${position}).`);
}

/** The strings that lists name, with those that came anew. They come from strangers' code like the lists. */
export class StringTable {
  /** Another list when it begins anew: who keeps a list of numbers keeps the strings that it names. */
  strings: string[] = [];
  #characters = 0;

  add(fresh: unknown): void {
    const { from, strings } = (fresh ?? {}) as { readonly from?: unknown; readonly strings?: unknown };
    if (!Array.isArray(strings)) throw new ListError('The strings of a list are no array.');
    if (from === 0 && strings.length > 0) [this.strings, this.#characters] = [[], 0];
    if (from !== this.strings.length && strings.length > 0) throw new ListError('Strings are missing.');
    for (const one of strings) {
      if (typeof one !== 'string' || one.length > STRING_LENGTH) throw new ListError('A string is none, or too long.');
      this.#characters += one.length;
      if (this.strings.length >= MOST_STRINGS || this.#characters > 2 * STRINGS_LENGTH)
        throw new ListError('Too many strings.');
      // Half a character cannot be drawn.
      this.strings.push(one.toWellFormed());
    }
  }
}

/** What was there before a frame, and as many as its list has room to name. */
const MOST_STRINGS = STRINGS + LIST_LENGTH;
