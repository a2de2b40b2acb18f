// What a survey knows of a path: where it lies after the transform, how long it is, and whether it has corners.
import type { Transform } from './survey.ts';

const TURN = 2 * Math.PI;

export class PathBox {
  left = Infinity;
  top = Infinity;
  right = -Infinity;
  bottom = -Infinity;
  /** In pixels, or longer. */
  length = 0;
  points = 0;
  /** Two that meet may make a corner. */
  segments = 0;
  #x = 0;
  #y = 0;
  #started = false;

  begin(): void {
    [this.left, this.top, this.right, this.bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    [this.length, this.points, this.segments, this.#started] = [0, 0, 0, false];
  }

  move(m: Transform, x: number, y: number): void {
    [this.#x, this.#y] = this.#include(m, x, y);
    this.#started = true;
  }

  /** A line or, through its control points, a curve: neither leaves their hull. */
  through(m: Transform, points: Float64Array): void {
    if (!this.#started) this.move(m, points[0] ?? 0, points[1] ?? 0);
    for (let at = 0; at < points.length; at += 2) {
      const [x, y] = this.#include(m, points[at] ?? 0, points[at + 1] ?? 0);
      this.length += Math.abs(x - this.#x) + Math.abs(y - this.#y);
      [this.#x, this.#y] = [x, y];
    }
    this.segments += 1;
  }

  /** Any part of an ellipse, counted as the whole. */
  ellipse(m: Transform, x: number, y: number, rx: number, ry: number, from: number, to: number): void {
    const reach = Math.max(rx, ry);
    const whole = Math.abs(to - from) >= TURN - 1e-9;
    if (this.#started || !whole) this.segments += this.#started ? 2 : 1;
    this.rect(m, x - reach, y - reach, 2 * reach, 2 * reach);
    // Where it ends is of no account: what follows starts from a corner of its box at the farthest.
    this.#started = true;
  }

  /** Right angles, so no corner to speak of. */
  rect(m: Transform, x: number, y: number, width: number, height: number): void {
    const [x0, y0] = this.#include(m, x, y);
    const [x1, y1] = this.#include(m, x + width, y);
    const [x2, y2] = this.#include(m, x + width, y + height);
    this.#include(m, x, y + height);
    this.length += 2 * (Math.abs(x1 - x0) + Math.abs(y1 - y0) + Math.abs(x2 - x1) + Math.abs(y2 - y1));
    [this.#x, this.#y] = [x0, y0];
  }

  close(): void {
    if (this.segments > 0) this.segments += 1;
  }

  #include(m: Transform, x: number, y: number): [number, number] {
    const [px, py] = [m.a * x + m.c * y + m.e, m.b * x + m.d * y + m.f];
    if (px < this.left) this.left = px;
    if (px > this.right) this.right = px;
    if (py < this.top) this.top = py;
    if (py > this.bottom) this.bottom = py;
    this.points += 1;
    return [px, py];
  }
}
