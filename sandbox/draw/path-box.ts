// What a survey knows of a path: where it lies after the transform, how long it is, and whether it has corners.
import type { Transform } from './transform.ts';

const TURN = 2 * Math.PI;

export class PathBox {
  left = Infinity;
  top = Infinity;
  right = -Infinity;
  bottom = -Infinity;
  /** In pixels, or more. */
  length = 0;
  points = 0;
  /** Up and down together: how many rows its edges cross. */
  rise = 0;
  /** Two that meet may make a corner. */
  segments = 0;
  #x = 0;
  #y = 0;
  #started = false;

  begin(): void {
    this.left = this.top = Infinity;
    this.right = this.bottom = -Infinity;
    this.length = this.rise = this.points = this.segments = 0;
    this.#started = false;
  }

  move(m: Transform, x: number, y: number): void {
    this.#include(m, x, y);
    this.#started = true;
  }

  /** A line or, through its control points, a curve: neither leaves their hull. */
  through(m: Transform, list: Float64Array, from: number, count: number): void {
    if (!this.#started) this.move(m, list[from] ?? 0, list[from + 1] ?? 0);
    for (let at = from; at < from + count; at += 2) {
      const [x, y] = [this.#x, this.#y];
      this.#include(m, list[at] ?? 0, list[at + 1] ?? 0);
      this.length += Math.abs(x - this.#x) + Math.abs(y - this.#y);
      this.rise += Math.abs(y - this.#y);
    }
    this.segments += 1;
  }

  /** Any part of an ellipse, counted as the whole. What is drawn on from it begins at most its box away. */
  ellipse(m: Transform, x: number, y: number, rx: number, ry: number, from: number, to: number): void {
    const reach = Math.max(rx, ry);
    const whole = Math.abs(to - from) >= TURN - 1e-9;
    if (this.#started) this.segments += 2;
    else if (!whole) this.segments += 1;
    const [fromX, fromY] = [this.#x, this.#y];
    this.rect(m, x - reach, y - reach, 2 * reach, 2 * reach);
    if (this.#started) this.length += Math.abs(fromX - this.#x) + Math.abs(fromY - this.#y);
    this.#started = true;
  }

  /** Right angles, so no corner to speak of. */
  rect(m: Transform, x: number, y: number, width: number, height: number): void {
    for (let corner = 1; corner <= 4; corner++) {
      this.#include(m, x + (corner === 1 || corner === 2 ? width : 0), y + (corner > 1 && corner < 4 ? height : 0));
    }
    const rise = 2 * (Math.abs(m.b * width) + Math.abs(m.d * height));
    this.length += rise + 2 * (Math.abs(m.a * width) + Math.abs(m.c * height));
    this.rise += rise;
    // It ends where it began, and what follows goes on from there.
    this.#started = true;
  }

  close(): void {
    if (this.segments > 0) this.segments += 1;
  }

  #include(m: Transform, x: number, y: number): void {
    const px = m.a * x + m.c * y + m.e;
    const py = m.b * x + m.d * y + m.f;
    if (px < this.left) this.left = px;
    if (px > this.right) this.right = px;
    if (py < this.top) this.top = py;
    if (py > this.bottom) this.bottom = py;
    this.#x = px;
    this.#y = py;
    this.points += 1;
  }
}
