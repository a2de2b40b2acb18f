// What a survey adds up: the box that is drawn on, and what the drawing costs.
import type { Box } from './bounds.ts';
import { ListError } from './check.ts';
import { COST, DASH_COUNT } from './ops.ts';
import { type Rows, withRows } from './rows.ts';

// Nanoseconds, measured on Skia without a GPU and rounded up.
const PER_OPERATION = 100;
const PER_PAINT = 2_000;
const PER_TEXT = 30_000;
const PER_CHARACTER = 1_000;
const PER_EDGE_ROW = 300;
const PER_DASH = 300;
export const PER_PIXEL = 1;
export const PER_MIXED_PIXEL = 5;
export const PER_BLURRED_PIXEL = 20;

export interface Span {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** With room for edges, which are smoothed. */
export function within(clip: Span, { left, top, right, bottom }: Span): Span {
  return {
    left: Math.max(clip.left, Math.floor(left) - 1),
    top: Math.max(clip.top, Math.floor(top) - 1),
    right: Math.min(clip.right, Math.ceil(right) + 1),
    bottom: Math.min(clip.bottom, Math.ceil(bottom) + 1),
  };
}

export class Reach {
  cost = 0;
  #dashes = 0;
  #left = Infinity;
  #top = Infinity;
  #right = -Infinity;
  #bottom = -Infinity;
  #rows: readonly Rows[] = [];

  get box(): Box | undefined {
    const [width, height] = [this.#right - this.#left, this.#bottom - this.#top];
    return width > 0 && height > 0 ? { x: this.#left, y: this.#top, width, height } : undefined;
  }

  /** The rows that are drawn on, from the top down, with what lies far enough between them left out. */
  get rows(): readonly Rows[] {
    return this.#rows;
  }

  operation(): void {
    this.cost += PER_OPERATION;
    if (this.cost <= COST) return;
    throw new ListError(
      `This frame would take more than ${COST / 1e9} s to draw, which is the limit. ` +
        'Fewer or smaller blurred shadows, fewer texts and fewer large shapes on one another help most.',
    );
  }

  text(characters: number): void {
    this.cost += PER_TEXT + characters * PER_CHARACTER;
  }

  dashes(count: number): void {
    this.#dashes += count;
    this.cost += count * PER_DASH;
    if (this.#dashes <= DASH_COUNT) return;
    throw new ListError(`This frame has more than ${DASH_COUNT} dashes, which is the limit. Make them longer.`);
  }

  /** A shape of so many edges, drawn over a part of the clip. */
  shape(clip: Span, span: Span, perPixel: number, points: number, rise: number): void {
    this.cost += PER_PAINT;
    const width = Math.min(span.right, clip.right) - Math.max(span.left, clip.left);
    const height = Math.min(span.bottom, clip.bottom) - Math.max(span.top, clip.top);
    if (!(width > 0 && height > 0)) return;
    this.cost += width * height * perPixel + Math.min(points * height, rise + points) * PER_EDGE_ROW;
  }

  /** A sheet that is cleared and laid down. */
  sheet({ left, top, right, bottom }: Span): void {
    this.cost += PER_PAINT;
    if (left < right && top < bottom) this.cost += (right - left) * (bottom - top) * (PER_PIXEL + PER_MIXED_PIXEL);
  }

  touch(clip: Span, span: Span): void {
    const { left, top, right, bottom } = within(clip, span);
    if (!(left < right && top < bottom)) return;
    this.#left = Math.min(this.#left, left);
    this.#top = Math.min(this.#top, top);
    this.#right = Math.max(this.#right, right);
    this.#bottom = Math.max(this.#bottom, bottom);
    this.#rows = withRows(this.#rows, { top, bottom });
  }
}
