// Where a list draws, so that only that box is laid over the video; and what it will cost, so that nobody draws for ever.
import { checkedList } from './check.ts';
import type { Rows } from './rows.ts';
import { Survey } from './survey.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What a list does to the picture that it is drawn on. */
export interface Surveyed {
  readonly box: Box | undefined;
  /** The rows of the box that are drawn on. */
  readonly rows: readonly Rows[];
  /** It mixes colours with the picture: it can be drawn on nothing else. */
  readonly blends: boolean;
}

export function surveyOf(
  list: Float64Array,
  length: number,
  strings: readonly string[],
  width: number,
  height: number,
): Surveyed {
  const { box, rows, blends } = new Survey(checkedList(list, length, strings), strings, { x: 0, y: 0, width, height });
  return { box: evenBox(box, width, height), rows, blends };
}

/**
 * The box outside which the list leaves the picture as it is, on even pixels (or the picture's edge) as video wants it;
 * nothing, if it draws nothing. It may be a little too large, never too small.
 *
 * @example
 * const box = boundsOf(list, recorder.length, table.strings, 1280, 720);
 */
export function boundsOf(
  list: Float64Array,
  length: number,
  strings: readonly string[],
  width: number,
  height: number,
): Box | undefined {
  return surveyOf(list, length, strings, width, height).box;
}

/** The smallest box around both. */
export function around(one: Box | undefined, other: Box | undefined): Box | undefined {
  if (!one || !other) return one ?? other;
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  const right = Math.max(one.x + one.width, other.x + other.width);
  const bottom = Math.max(one.y + one.height, other.y + other.height);
  return { x, y, width: right - x, height: bottom - y };
}

function evenBox(box: Box | undefined, width: number, height: number): Box | undefined {
  if (!box) return undefined;
  const [x, y] = [2 * Math.floor(box.x / 2), 2 * Math.floor(box.y / 2)];
  const right = Math.min(width, 2 * Math.ceil((box.x + box.width) / 2));
  const bottom = Math.min(height, 2 * Math.ceil((box.y + box.height) / 2));
  return { x, y, width: right - x, height: bottom - y };
}

/** Whether two lists, of one program, draw the same. */
export function sameList(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at] && !Object.is(a[at], b[at])) return false;
  return true;
}
