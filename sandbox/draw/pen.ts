// What a canvas draws with. It writes a style into the list only where it differs from what was set last, so that lists
// stay short.
import type { Blend, Gradient, Paint, Shadow, ShapeStyle, TextStyle } from '@plinth/sdk/effect.ts';
import { parseColor } from './css-color.ts';
import { BLUR, DASHES, FARTHEST, OP, SHEETS, STOPS } from './ops.ts';
import type { Recorder } from './recorder.ts';

const CAPS = { butt: 0, round: 1, square: 2 } as const;
const JOINS = { miter: 0, round: 1, bevel: 2 } as const;
const ALIGNS = { left: 0, center: 1, right: 2 } as const;
const BASELINES = { top: 0, middle: 1, alphabetic: 2, bottom: 3 } as const;
const BLENDS: Readonly<Record<Blend, number>> = {
  normal: 0,
  multiply: 1,
  screen: 2,
  overlay: 3,
  darken: 4,
  lighten: 5,
  add: 6,
  difference: 7,
  'soft-light': 8,
  'hard-light': 9,
};

/** NaN: not set yet, or by something that is not compared. */
const unset = () => ({
  fill: Number.NaN,
  stroke: Number.NaN,
  /** Within a group that cannot be seen. */
  hidden: false,
  /** Groups around that are laid down as one. */
  sheets: 0,
  opacity: 1,
  shadowed: false,
  width: Number.NaN,
  cap: Number.NaN,
  join: Number.NaN,
  dashed: false,
  font: Number.NaN,
  size: Number.NaN,
  weight: Number.NaN,
  italic: Number.NaN,
  align: Number.NaN,
  baseline: Number.NaN,
});

/** One of a few words; an error that names them, if it is another. */
function wordOf(words: Readonly<Record<string, number>>, word: string, what: string): number {
  const number = Object.hasOwn(words, word) ? words[word] : undefined;
  if (number !== undefined) return number;
  throw new TypeError(`"${String(word).slice(0, 40)}" is no ${what}: ${Object.keys(words).join(', ')}.`);
}

/** A number within what a list may hold; an error that says whose it is, if it is not. */
export function numberOf(value: number, what: string): number {
  if (Math.abs(value) <= FARTHEST) return value;
  throw new RangeError(`${what} is ${String(value)}: a number between -${FARTHEST} and ${FARTHEST} was expected.`);
}

export class Pen {
  readonly #recorder: Recorder;
  #now = unset();
  #stack: ReturnType<typeof unset>[] = [];

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  reset(): void {
    this.#now = unset();
    this.#stack = [];
  }

  get depth(): number {
    return this.#stack.length;
  }

  save(): void {
    this.#stack.push({ ...this.#now });
    this.#recorder.push(OP.save);
  }

  restore(): void {
    this.#now = this.#stack.pop() ?? unset();
    this.#recorder.push(OP.restore);
  }

  /** Lays all that follows, until `restore`, over what is below as one. Answers whether there is any need to. */
  group(opacity: number, blend: Blend): boolean {
    const [part, number] = [partOf(opacity), wordOf(BLENDS, blend, 'blend')];
    if (part === 0) this.#now.hidden = true;
    if (this.#now.hidden || (part === 1 && number === 0)) return false;
    const sheets = this.#now.sheets + 1;
    if (sheets > SHEETS)
      throw new RangeError(
        `Groups with an opacity or a blend, more than ${SHEETS} within each other, which is the limit.`,
      );
    this.#stack.push(this.#now);
    this.#now = { ...unset(), sheets };
    this.#recorder.push(OP.group, part, number);
    return true;
  }

  /** Whether anything can be seen with it. */
  opacity(opacity: number | undefined): boolean {
    const part = opacity === undefined ? 1 : partOf(opacity);
    if (this.#now.hidden || part === 0) return false;
    if (part !== this.#now.opacity) {
      this.#now.opacity = part;
      this.#recorder.push(OP.opacity, part);
    }
    return true;
  }

  fill(paint: Paint): void {
    if (typeof paint === 'object') {
      this.#now.fill = Number.NaN;
      return this.#gradient(OP.fillGradient, paint);
    }
    const color = parseColor(paint);
    if (color === this.#now.fill) return;
    this.#now.fill = color;
    this.#recorder.push(OP.fillColor, color);
  }

  stroke(paint: Paint): void {
    if (typeof paint === 'object') {
      this.#now.stroke = Number.NaN;
      return this.#gradient(OP.strokeGradient, paint);
    }
    const color = parseColor(paint);
    if (color === this.#now.stroke) return;
    this.#now.stroke = color;
    this.#recorder.push(OP.strokeColor, color);
  }

  #gradient(code: number, { from, to, radius, stops }: Gradient): void {
    if (stops.length > STOPS) throw new RangeError(`A gradient of ${stops.length} stops: ${STOPS} is the limit.`);
    const [x0, y0] = [numberOf(from[0], 'The gradient’s "from"'), numberOf(from[1], 'The gradient’s "from"')];
    const [x1, y1] = to ? [numberOf(to[0], 'The gradient’s "to"'), numberOf(to[1], 'The gradient’s "to"')] : [x0, y0];
    const round = radius !== undefined;
    const r1 = round ? Math.max(0, numberOf(radius, 'The gradient’s radius')) : Number.NaN;
    this.#recorder.push(code, x0, y0, round ? 0 : Number.NaN, x1, y1, r1, stops.length);
    const numbers: number[] = [];
    for (const [offset, color] of stops) numbers.push(partOf(offset), parseColor(color));
    this.#recorder.append(numbers);
  }

  shadow(shadow: Shadow | undefined): void {
    if (shadow) {
      const blur = Math.max(0, Math.min(BLUR, numberOf(shadow.blur, 'The shadow’s blur')));
      const [x, y] = [numberOf(shadow.x ?? 0, 'The shadow’s x'), numberOf(shadow.y ?? 0, 'The shadow’s y')];
      this.#recorder.push(OP.shadow, parseColor(shadow.color), blur, x, y);
    } else if (this.#now.shadowed) this.#recorder.push(OP.shadow);
    this.#now.shadowed = shadow !== undefined;
  }

  /** Whether the line can be seen. */
  line({ lineWidth = 1, cap = 'butt', join, dash }: ShapeStyle, usualJoin: 'miter' | 'round' = 'miter'): boolean {
    const now = this.#now;
    const width = numberOf(lineWidth, 'The lineWidth');
    if (width <= 0) return false;
    const [capAt, joinAt] = [wordOf(CAPS, cap, 'cap'), wordOf(JOINS, join ?? usualJoin, 'join')];
    if (width !== now.width || capAt !== now.cap || joinAt !== now.join) {
      [now.width, now.cap, now.join] = [width, capAt, joinAt];
      this.#recorder.push(OP.line, width, capAt, joinAt);
    }
    if (dash) {
      if (dash.length > DASHES) throw new RangeError(`A dash of ${dash.length} lengths: ${DASHES} is the limit.`);
      this.#recorder.push(OP.dash, dash.length);
      this.#recorder.append(dash.map((length) => Math.max(0, numberOf(length, 'A dash'))));
    } else if (now.dashed) this.#recorder.push(OP.dash, 0);
    now.dashed = dash !== undefined;
    return true;
  }

  type(
    { font = 'Sans', weight = 400, italic = false, align = 'left', baseline = 'alphabetic' }: TextStyle,
    size: number,
  ): void {
    const now = this.#now;
    const [fontAt, italicAt] = [this.#recorder.string(font), italic ? 1 : 0];
    const nearest = weight >= 600 ? 700 : 400;
    if (fontAt !== now.font || size !== now.size || nearest !== now.weight || italicAt !== now.italic) {
      [now.font, now.size, now.weight, now.italic] = [fontAt, size, nearest, italicAt];
      this.#recorder.push(OP.font, fontAt, size, nearest, italicAt);
    }
    const [alignAt, baselineAt] = [wordOf(ALIGNS, align, 'align'), wordOf(BASELINES, baseline, 'baseline')];
    if (alignAt === now.align && baselineAt === now.baseline) return;
    [now.align, now.baseline] = [alignAt, baselineAt];
    this.#recorder.push(OP.align, alignAt, baselineAt);
  }
}

/** From 0 to 1, whatever an easing overshoots to. */
function partOf(value: number): number {
  if (Number.isNaN(value))
    throw new RangeError('An opacity or an offset is not a number: one from 0 to 1 was expected.');
  return Math.max(0, Math.min(1, value));
}
