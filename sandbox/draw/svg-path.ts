// Paths as SVG writes them, to operations of the display list.
import { FARTHEST, LIST_LENGTH, OP } from './ops.ts';

const ARGUMENTS: Readonly<Record<string, number>> = { M: 2, L: 2, H: 1, V: 1, C: 6, S: 4, Q: 4, T: 2, A: 7, Z: 0 };
const NUMBER = /[\s,]*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y;
const FLAG = /[\s,]*([01])/y;
const COMMAND = /[\s,]*([a-zA-Z])/y;

const CACHED = 100;
const cache = new Map<string, Float64Array>();

/** The path's operations, without a `beginPath` before them. */
export function parsePath(d: string): Float64Array {
  const known = cache.get(d);
  if (known) return known;
  if (typeof d !== 'string') throw new TypeError(`A path is a text such as "M 0 0 L 10 10 Z", not ${typeof d}.`);
  const path = Float64Array.from(new PathReader(d).read());
  if (cache.size >= CACHED) cache.clear();
  cache.set(d, path);
  return path;
}

class PathReader {
  readonly #d: string;
  readonly #ops: number[] = [];
  #at = 0;
  #x = 0;
  #y = 0;
  #startX = 0;
  #startY = 0;
  /** The last control point, which smooth curves mirror, and of which kind of curve it was. */
  #controlX = 0;
  #controlY = 0;
  #curve = '';

  constructor(d: string) {
    this.#d = d;
  }

  read(): number[] {
    let command = '';
    while (this.#skip()) {
      const next = this.#take(COMMAND);
      if (next !== undefined) command = next;
      // More numbers after a command repeat it; after the first point they are lines.
      else if (command.toUpperCase() === 'M') command = command === 'M' ? 'L' : 'l';
      else if (command === '' || command.toUpperCase() === 'Z') this.#fail();
      this.#step(command);
      if (this.#ops.length > LIST_LENGTH) throw new RangeError('A path of so many points is too long for one frame.');
    }
    return this.#ops;
  }

  /** To what comes next, if anything does. */
  #skip(): boolean {
    while (this.#at < this.#d.length && /[\s,]/.test(this.#d.charAt(this.#at))) this.#at += 1;
    return this.#at < this.#d.length;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#d);
    if (found) this.#at = pattern.lastIndex;
    return found?.[1];
  }

  #fail(): never {
    const rest = this.#d.slice(this.#at, this.#at + 20);
    throw new SyntaxError(`The path cannot be read at character ${this.#at}: "${rest}".`);
  }

  #numbers(command: string): number[] {
    const count = ARGUMENTS[command];
    if (count === undefined || (this.#ops.length === 0 && command !== 'M')) this.#fail();
    return Array.from({ length: count }, (_, at) => {
      const isFlag = command === 'A' && (at === 3 || at === 4);
      const value = Number(this.#take(isFlag ? FLAG : NUMBER) ?? this.#fail());
      return Math.abs(value) <= FARTHEST ? value : this.#fail();
    });
  }

  #step(written: string): void {
    const command = written.toUpperCase();
    const values = this.#numbers(command);
    const relative = written !== command;
    const [dx, dy] = relative ? [this.#x, this.#y] : [0, 0];
    if (command === 'Z') return this.#close();
    if (command === 'H') return this.#line((values[0] ?? 0) + dx, this.#y);
    if (command === 'V') return this.#line(this.#x, (values[0] ?? 0) + dy);
    const ends = command === 'A' ? values.slice(5) : values;
    const points = ends.map((value, at) => value + (at % 2 === 0 ? dx : dy));
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = points;
    if (command === 'M') this.#move(a, b);
    else if (command === 'L') this.#line(a, b);
    else if (command === 'C') this.#cubic(a, b, c, d, e, f);
    else if (command === 'S') this.#cubic(...this.#mirrored('C'), a, b, c, d);
    else if (command === 'Q') this.#quadratic(a, b, c, d);
    else if (command === 'T') this.#quadratic(...this.#mirrored('Q'), a, b);
    else this.#arc(values, a, b);
  }

  #to(x: number, y: number, curve = '', controlX = x, controlY = y): void {
    [this.#x, this.#y, this.#curve, this.#controlX, this.#controlY] = [x, y, curve, controlX, controlY];
  }

  #mirrored(curve: string): [number, number] {
    return this.#curve === curve ? [2 * this.#x - this.#controlX, 2 * this.#y - this.#controlY] : [this.#x, this.#y];
  }

  #move(x: number, y: number): void {
    this.#ops.push(OP.moveTo, x, y);
    [this.#startX, this.#startY] = [x, y];
    this.#to(x, y);
  }

  #line(x: number, y: number): void {
    this.#ops.push(OP.lineTo, x, y);
    this.#to(x, y);
  }

  #cubic(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.#ops.push(OP.curveTo, x1, y1, x2, y2, x, y);
    this.#to(x, y, 'C', x2, y2);
  }

  #quadratic(x1: number, y1: number, x: number, y: number): void {
    this.#ops.push(OP.quadTo, x1, y1, x, y);
    this.#to(x, y, 'Q', x1, y1);
  }

  #close(): void {
    this.#ops.push(OP.close);
    this.#to(this.#startX, this.#startY);
  }

  /** By the centre that SVG 2 B.2.4 finds, as curves of a quarter each at most. */
  #arc(values: readonly number[], x: number, y: number): void {
    const [rx0 = 0, ry0 = 0, degrees = 0, large = 0, sweep = 0] = values;
    if (x === this.#x && y === this.#y) return;
    if (rx0 === 0 || ry0 === 0) return this.#line(x, y);
    const phi = (degrees * Math.PI) / 180;
    const [cos, sin] = [Math.cos(phi), Math.sin(phi)];
    const [halfX, halfY] = [(this.#x - x) / 2, (this.#y - y) / 2];
    const [px, py] = [cos * halfX + sin * halfY, cos * halfY - sin * halfX];
    const grow = Math.max(1, Math.hypot(px / rx0, py / ry0));
    const [rx, ry] = [Math.abs(rx0) * grow, Math.abs(ry0) * grow];
    const off = (px / rx) ** 2 + (py / ry) ** 2;
    const root = (large === sweep ? -1 : 1) * Math.sqrt(Math.max(0, 1 / off - 1));
    const [cx, cy] = [(root * rx * py) / ry, (-root * ry * px) / rx];
    const from = Math.atan2((py - cy) / ry, (px - cx) / rx);
    const to = Math.atan2((-py - cy) / ry, (-px - cx) / rx);
    let turn = to - from;
    if (sweep === 1 && turn < 0) turn += 2 * Math.PI;
    if (sweep === 0 && turn > 0) turn -= 2 * Math.PI;
    const [midX, midY] = [cos * cx - sin * cy + (this.#x + x) / 2, sin * cx + cos * cy + (this.#y + y) / 2];
    const at = (u: number, v: number) =>
      [cos * rx * u - sin * ry * v + midX, sin * rx * u + cos * ry * v + midY] as const;
    const parts = Math.ceil(Math.abs(turn) / (Math.PI / 2) - 1e-9);
    const reach = (4 / 3) * Math.tan(turn / parts / 4);
    for (let part = 0; part < parts; part++) {
      const [a, b] = [from + (turn * part) / parts, from + (turn * (part + 1)) / parts];
      const first = at(Math.cos(a) - reach * Math.sin(a), Math.sin(a) + reach * Math.cos(a));
      const second = at(Math.cos(b) + reach * Math.sin(b), Math.sin(b) - reach * Math.cos(b));
      const end = part === parts - 1 ? ([x, y] as const) : at(Math.cos(b), Math.sin(b));
      this.#ops.push(OP.curveTo, ...first, ...second, ...end);
    }
    this.#to(x, y);
  }
}
