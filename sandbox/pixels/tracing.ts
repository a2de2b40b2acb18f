// Calls a kernel once, with values that only note what is done with them.
import type { KernelPixel, Operand, PixelKernel, Traced, TracedColor } from '@plinth/sdk/effect.ts';
import { explain, KERNEL_STEPS } from '../limits.ts';
import { numberOf } from './given.ts';
import type { Kernel, Step } from './kernel.ts';
import { BLUE_PART, GREEN_PART, RED_PART } from './luma.ts';
import type { OperationName } from './operations.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** `where` is named in what is wrong with it, and the pictures' sizes are its arguments'. */
export function traced(where: string, kernel: PixelKernel, sizes: readonly [Size, ...Size[]]): Kernel {
  if (typeof kernel !== 'function') throw new TypeError(`${where}: kernel is a function of a pixel.`);
  const trace = new Trace(where);
  const [own, ...others] = sizes;
  return trace.end(kernel(pixelIn(trace, 0, own), ...others.map((size, at) => pixelIn(trace, at + 1, size))));
}

/** What a kernel has done so far. */
class Trace {
  readonly where: string;
  readonly #steps: Step[] = [];
  readonly #numbers: number[] = [];

  constructor(where: string) {
    this.where = where;
  }

  value(...step: Step): Value {
    if (this.#steps.length >= KERNEL_STEPS) throw new RangeError(`${this.where}: ${explain.kernel()}`);
    this.#steps.push(step);
    return new Value(this, this.#steps.length - 1);
  }

  number(number: number): Value {
    this.#numbers.push(number);
    return this.value('number', this.#numbers.length - 1);
  }

  /** The step of what a creator hands over: a value of this kernel's, or a number. */
  stepOf(given: unknown, name = 'a value'): number {
    const step = Value.stepOf(given, this);
    if (step !== undefined) return step;
    if (Value.isOne(given)) throw new TypeError(`${this.where}: ${name} comes from another kernel.`);
    this.number(numberOf(this.where, name, given));
    return this.#steps.length - 1;
  }

  end(answer: unknown): Kernel {
    const results = this.#resultsOf(answer).map((value, channel) => {
      if (value === undefined) return -1;
      return this.stepOf(value, `the new ${['red', 'green', 'blue', 'alpha'][channel]}`);
    });
    return { steps: this.#steps, numbers: this.#numbers, results };
  }

  #resultsOf(answer: unknown): readonly unknown[] {
    if (Value.isOne(answer) || typeof answer === 'number') return [answer, answer, answer, undefined];
    if (Array.isArray(answer) && (answer.length === 3 || answer.length === 4))
      return [...answer, undefined].slice(0, 4);
    const { r, g, b, a } = (answer ?? {}) as Record<string, unknown>;
    if (r === undefined || g === undefined || b === undefined)
      throw new TypeError(`${this.where}: the kernel answers [r, g, b], [r, g, b, a] or one value for a grey.`);
    return [r, g, b, a];
  }
}

const NOT_YET =
  'A value in a kernel stands for all pixels and is no number yet: r.mul(2) is r * 2, r.gt(9) is r > 9, where(condition, a, b) is an if.';

class Value implements Traced {
  readonly #trace: Trace;
  readonly #at: number;

  constructor(trace: Trace, at: number) {
    this.#trace = trace;
    this.#at = at;
  }

  static isOne(given: unknown): boolean {
    return typeof given === 'object' && given !== null && #at in given;
  }

  static stepOf(given: unknown, trace: Trace): number | undefined {
    if (typeof given !== 'object' || given === null || !(#at in given)) return undefined;
    return given.#trace === trace ? given.#at : undefined;
  }

  #with(operation: OperationName, ...others: readonly Operand[]): Value {
    const steps = others.map((other) => this.#trace.stepOf(other));
    return this.#trace.value(operation, this.#at, ...steps);
  }

  add(other: Operand): Traced {
    return this.#with('add', other);
  }
  sub(other: Operand): Traced {
    return this.#with('sub', other);
  }
  mul(other: Operand): Traced {
    return this.#with('mul', other);
  }
  div(other: Operand): Traced {
    return this.#with('div', other);
  }
  mod(other: Operand): Traced {
    return this.#with('mod', other);
  }
  pow(other: Operand): Traced {
    return this.#with('pow', other);
  }
  min(other: Operand): Traced {
    return this.#with('min', other);
  }
  max(other: Operand): Traced {
    return this.#with('max', other);
  }
  lt(other: Operand): Traced {
    return this.#with('lt', other);
  }
  le(other: Operand): Traced {
    return this.#with('le', other);
  }
  gt(other: Operand): Traced {
    return this.#with('gt', other);
  }
  ge(other: Operand): Traced {
    return this.#with('ge', other);
  }
  eq(other: Operand): Traced {
    return this.#with('eq', other);
  }
  ne(other: Operand): Traced {
    return this.#with('ne', other);
  }
  and(other: Operand): Traced {
    return this.#with('and', other);
  }
  or(other: Operand): Traced {
    return this.#with('or', other);
  }
  not(): Traced {
    return this.#with('not');
  }
  neg(): Traced {
    return this.#with('neg');
  }
  abs(): Traced {
    return this.#with('abs');
  }
  floor(): Traced {
    return this.#with('floor');
  }
  round(): Traced {
    return this.#with('round');
  }
  sqrt(): Traced {
    return this.#with('sqrt');
  }
  sin(): Traced {
    return this.#with('sin');
  }
  cos(): Traced {
    return this.#with('cos');
  }
  exp(): Traced {
    return this.#with('exp');
  }
  log(): Traced {
    return this.#with('log');
  }
  atan2(x: Operand): Traced {
    return this.#with('atan2', x);
  }
  clamp(low: Operand, high: Operand): Traced {
    return this.max(low).min(high);
  }
  mix(other: Operand, part: Operand): Traced {
    const far = new Value(this.#trace, this.#trace.stepOf(other)).sub(this);
    return far.mul(part).add(this);
  }

  /** What every calculation and comparison of JavaScript's own asks for. */
  [Symbol.toPrimitive](): never {
    throw new TypeError(NOT_YET);
  }
}

/** Only what is looked at becomes a step. */
function pixelIn(trace: Trace, picture: number, { width, height }: Size): KernelPixel {
  const color = (at: (channel: number) => Traced): TracedColor => ({
    get r() {
      return at(0);
    },
    get g() {
      return at(1);
    },
    get b() {
      return at(2);
    },
    get a() {
      return at(3);
    },
  });
  const here = color((channel) => trace.value('read', picture, channel));
  return Object.defineProperties(
    here,
    Object.getOwnPropertyDescriptors({
      get luma() {
        return here.r.mul(RED_PART).add(here.g.mul(GREEN_PART)).add(here.b.mul(BLUE_PART)).div(256).floor();
      },
      get x() {
        return trace.value('x');
      },
      get y() {
        return trace.value('y');
      },
      get u() {
        return trace.value('u');
      },
      get v() {
        return trace.value('v');
      },
      width,
      height,
      sample(x: Operand, y: Operand, style: { readonly smooth?: boolean } = {}) {
        const place = [trace.stepOf(x, 'x of sample(x, y)'), trace.stepOf(y, 'y of sample(x, y)')];
        const how = style.smooth ? 'smooth' : 'near';
        return color((channel) => trace.value(how, picture, channel, ...place));
      },
      where(condition: Operand, yes: Operand, no: Operand) {
        return trace.value('where', trace.stepOf(condition), trace.stepOf(yes), trace.stepOf(no));
      },
      noise: (salt: Operand) => trace.value('noise', trace.stepOf(salt, 'salt of noise(salt)')),
      value: (number: number) => trace.number(numberOf(trace.where, 'number of value(number)', number)),
    }),
  ) as KernelPixel;
}
