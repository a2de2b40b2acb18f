// A kernel as one loop over the bytes, compiled once for all kernels of the same shape.
import { KERNELS_KEPT } from '../limits.ts';
import type { Area } from './area.ts';
import { type Kernel, pruned, type Step } from './kernel.ts';
import { noise, operationOf, placeWithin } from './operations.ts';

/** Writes what the kernel makes of the pictures into `target`, which may be the first of them. */
export type Run = (kernel: Kernel, target: Area, pictures: readonly Area[]) => void;

type Loop = (numbers: ArrayLike<number>, target: Area, pictures: readonly Area[]) => void;

/** Its own: a program may change those that it sees. */
const Compiler = Function;
const TOOLS = { noise, placeWithin };
const loops = new Map<string, Loop>();

/** Whether this place lets text become code: a page may forbid it. */
export function mayCompile(): boolean {
  try {
    return Compiler('return true')() === true;
  } catch {
    return false;
  }
}

export const runCompiled: Run = (kernel, target, pictures) => {
  loopOf(kernel, pictures.length)(Float64Array.from(kernel.numbers), target, pictures);
};

/** Kernels that differ in their numbers only have the same. */
export function loopOf(kernel: Kernel, pictures: number): Loop {
  const shape = `${pictures};${kernel.results};${kernel.steps.join(';')}`;
  const loop = loops.get(shape) ?? (Compiler('tools', textOf(kernel, pictures))(TOOLS) as Loop);
  // Those used last are the last to go.
  loops.delete(shape);
  loops.set(shape, loop);
  const [oldest] = loops.keys();
  if (loops.size > KERNELS_KEPT && oldest !== undefined) loops.delete(oldest);
  return loop;
}

/** How often something has to be worked out: once, for each row, for each pixel. */
type Level = 0 | 1 | 2;

interface Named {
  readonly name: string;
  readonly level: Level;
  readonly isTruth: boolean;
}

/** The loop's text. Only our own words and whole numbers go into it. */
export function textOf(kernel: Kernel, pictures: number): string {
  const writer = new Writer();
  const made: Named[] = [];
  const { needed, results } = pruned(kernel);
  for (const [at, step] of kernel.steps.entries()) if (needed[at]) made[at] = writer.step(step, made);
  const put = results.flatMap((result, channel) => {
    const value = made[result];
    return value ? [`to[p0 + ${channel}] = ${numberOf(value)};`] : [];
  });
  const each = Array.from({ length: pictures }, (_, at) => at);
  const names = each.map((at) => `d${at}, s${at}, t${at}`).join(', ');
  // A row is a function of its own: V8 makes good code of what is called often sooner than of what runs for long.
  return `'use strict';
const { noise, placeWithin } = tools;
const { abs, atan2, cos, exp, floor, log, max, min, pow, sin, sqrt } = Math;
const row = (numbers, y, width, height, to, start, ${names}) => {
const right = width - 1, bottom = height - 1;
${writer.lines[0].join('\n')}
${writer.lines[1].join('\n')}
${each.map((at) => `let p${at} = ${at === 0 ? 'start' : `(s${at} + y * t${at}) * 4`};`).join('\n')}
for (let x = 0; x < width; x++) {
${writer.lines[2].join('\n')}
${put.join('\n')}
${each.map((at) => `p${at} += 4;`).join(' ')}
}
};
return (numbers, target, pictures) => {
const { bytes, width, height, start, stride } = target;
${each.map((at) => `const { bytes: d${at}, start: s${at}, stride: t${at} } = pictures[${at}];`).join('\n')}
for (let y = 0; y < height; y++) row(numbers, y, width, height, bytes, (start + y * stride) * 4, ${names});
};`;
}

const numberOf = ({ name, isTruth }: Named) => (isTruth ? `(${name} ? 1 : 0)` : name);

/** Names what is worked out; what was worked out before keeps its name. */
class Writer {
  readonly lines: readonly [string[], string[], string[]] = [[], [], []];
  readonly #known = new Map<string, Named>();

  step([operation, ...of]: Step, made: readonly Named[]): Named {
    const [first = 0, second = 0] = of;
    if (operation === 'number') return this.#name(`numbers[${first}]`, 0);
    if (operation === 'x' || operation === 'y')
      return { name: operation, level: operation === 'y' ? 1 : 2, isTruth: false };
    if (operation === 'u') return this.#name('(x + 0.5) / width', 2);
    if (operation === 'v') return this.#name('(y + 0.5) / height', 1);
    // Its own pixel is still there, even where what lies around is looked at in a copy.
    if (operation === 'read') return this.#name(`${first === 0 ? 'to' : `d${first}`}[p${first} + ${second}]`, 2);
    const values = (places: readonly number[]) => places.flatMap((place) => made[place] ?? []);
    if (operation === 'near' || operation === 'smooth') {
      const [x = '0', y = '0'] = values(of.slice(2)).map(numberOf);
      return operation === 'near' ? this.#near(first, second, x, y) : this.#smooth(first, second, x, y);
    }
    const given = values(of);
    if (operation === 'noise') return this.#name(`noise(x, y, ${given.map(numberOf)})`, 2);
    return this.#calculated(operation, given);
  }

  #calculated(operation: string, given: readonly Named[]): Named {
    const known = operationOf(operation);
    if (!known) throw new TypeError(`There is no operation "${operation}".`);
    const level = Math.max(0, ...given.map((one) => one.level)) as Level;
    // Only a condition is taken as it is.
    const asked = known.takes === 3 ? 1 : known.takes;
    const names = given.map((one, at) => (known.asks && at < asked ? one.name : numberOf(one)));
    return this.#name(known.text(...names), level, known.isTruth);
  }

  #near(picture: number, channel: number, x: string, y: string): Named {
    const column = this.#name(`placeWithin(${x}, right)`, 2).name;
    const row = this.#name(`placeWithin(${y}, bottom)`, 2).name;
    return this.#at(picture, channel, column, row);
  }

  #at(picture: number, channel: number, column: string, row: string): Named {
    const place = this.#name(`(s${picture} + ${row} * t${picture} + ${column}) * 4`, 2).name;
    return this.#name(`d${picture}[${place} + ${channel}]`, 2);
  }

  /** The same as `smoothOf` in rows.ts, in the same order. */
  #smooth(picture: number, channel: number, x: string, y: string): Named {
    const within = (value: string, last: string) => this.#name(`${value} > 0 ? min(${value}, ${last}) : 0`, 2).name;
    const [column, row] = [within(x, 'right'), within(y, 'bottom')];
    const [left, top] = [this.#name(`floor(${column})`, 2).name, this.#name(`floor(${row})`, 2).name];
    const next = (value: string, last: string) => this.#name(`min(${value} + 1, ${last})`, 2).name;
    const [right, below] = [next(left, 'right'), next(top, 'bottom')];
    const across = this.#name(`${column} - ${left}`, 2).name;
    const mixed = (at: string) => {
      const [one, other] = [this.#at(picture, channel, left, at).name, this.#at(picture, channel, right, at).name];
      return this.#name(`${one} + (${other} - ${one}) * ${across}`, 2).name;
    };
    const [above, under] = [mixed(top), mixed(below)];
    return this.#name(`${above} + (${under} - ${above}) * (${row} - ${top})`, 2);
  }

  #name(text: string, level: Level, isTruth = false): Named {
    const known = this.#known.get(text);
    if (known) return known;
    const named = { name: `n${this.#known.size}`, level, isTruth };
    this.#known.set(text, named);
    this.lines[level].push(`const ${named.name} = ${text};`);
    return named;
  }
}
