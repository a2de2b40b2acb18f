// Goes through a checked list as a canvas would, without drawing: where does it draw, and how much work is it?
import type { Box } from './bounds.ts';
import { argumentsAt, ListError } from './check.ts';
import { OpenGroup } from './open-group.ts';
import { OP, SHEETS } from './ops.ts';
import { PathBox } from './path-box.ts';
import { PER_BLURRED_PIXEL, PER_MIXED_PIXEL, PER_PIXEL, Reach, type Span, within } from './reach.ts';
import type { Rows } from './rows.ts';
import { type State, startingState } from './survey-state.ts';
import { textExtents } from './text-extents.ts';
import { multiplied } from './transform.ts';

/** The raster sets it: how far the point of a sharp corner may reach, in half line widths. */
export const MITER_LIMIT = 4;
const DIAGONAL = Math.SQRT2;
/** A group within a group is never a single shape of it. */
const MANY = 2;
const [SQUARE_CAP, MITER_JOIN] = [2, 0];

export class Survey {
  /** Nothing is drawn outside; absent where nothing is drawn at all. */
  readonly box: Box | undefined;
  readonly rows: readonly Rows[];
  /** Whether it mixes colours with what lies below, instead of covering it. */
  blends = false;
  readonly cost: number;
  /** In the order in which they begin. */
  readonly groups: OpenGroup[] = [];
  readonly #list: Float64Array;
  readonly #strings: readonly string[];
  readonly #path = new PathBox();
  readonly #reach = new Reach();
  readonly #stack: State[] = [];
  #now: State;

  /** Of a list that was checked, drawn onto `area`. */
  constructor(list: Float64Array, strings: readonly string[], area: Box) {
    this.#list = list;
    this.#strings = strings;
    this.#now = startingState(area);
    for (let position = 0; position < list.length; position += 1 + argumentsAt(list, position)) {
      this.#reach.operation();
      this.#step(position);
    }
    while (this.#stack.length > 0) this.#restore();
    this.#reach.operation();
    this.box = this.#reach.box;
    this.rows = this.#reach.rows;
    this.cost = this.#reach.cost;
  }

  #step(position: number): void {
    const list = this.#list;
    const now = this.#now;
    const a = list[position + 1] ?? 0;
    const b = list[position + 2] ?? 0;
    const c = list[position + 3] ?? 0;
    const d = list[position + 4] ?? 0;
    const e = list[position + 5] ?? 0;
    const f = list[position + 6] ?? 0;
    switch (list[position]) {
      case OP.save:
        this.#stack.push({ ...now });
        break;
      case OP.restore:
        this.#restore();
        break;
      case OP.group:
        this.#begin(b);
        break;
      case OP.transform:
        now.m = multiplied(now.m, { a, b, c, d, e, f });
        break;
      case OP.shadow:
        now.shadow = a % 256 > 0 ? { blur: b, x: c, y: d } : undefined;
        break;
      case OP.fillColor:
        now.mixedFill = a % 256 < 255;
        break;
      case OP.strokeColor:
        now.mixedStroke = a % 256 < 255;
        break;
      case OP.fillGradient:
        now.mixedFill = true;
        break;
      case OP.strokeGradient:
        now.mixedStroke = true;
        break;
      case OP.line:
        [now.lineWidth, now.cap, now.join] = [a, b, c];
        break;
      case OP.dash:
        now.dashes = dashesIn(list.subarray(position + 2, position + 2 + a));
        break;
      case OP.font:
        [now.font, now.size, now.weight] = [this.#strings[a] ?? '', b, c];
        break;
      case OP.align:
        [now.align, now.baseline] = [a, b];
        break;
      default:
        this.#draw(position, a, b, c, d, e);
    }
  }

  #begin(blend: number): void {
    const now = this.#now;
    this.#stack.push({ ...now });
    const group = new OpenGroup(blend, now.group);
    if (group.depth > SHEETS)
      throw new ListError(
        `Groups with an opacity or a blend, more than ${SHEETS} within each other, which is the limit.`,
      );
    this.groups.push(group);
    [now.group, now.shadow, now.dashes] = [group, undefined, 0];
  }

  #restore(): void {
    const { group } = this.#now;
    this.#now = this.#stack.pop() ?? this.#now;
    if (!group || group === this.#now.group) return;
    if (group.paints > 0 && group.blend > 0 && !group.parent) this.blends = true;
    if (!group.isSingle) this.#reach.sheet(group);
    group.parent?.hold(group, MANY);
  }

  #draw(position: number, a: number, b: number, c: number, d: number, e: number): void {
    const path = this.#path;
    const { m } = this.#now;
    const list = this.#list;
    switch (list[position]) {
      case OP.fillText:
        return this.#text(a, b, c, false);
      case OP.strokeText:
        return this.#text(a, b, c, true);
      case OP.beginPath:
        return path.begin();
      case OP.moveTo:
        return path.move(m, a, b);
      case OP.lineTo:
        return path.through(m, list, position + 1, 2);
      case OP.curveTo:
        return path.through(m, list, position + 1, 6);
      case OP.quadTo:
        return path.through(m, list, position + 1, 4);
      case OP.arc:
        return path.ellipse(m, a, b, c, c, d, e);
      case OP.ellipse:
        return path.ellipse(m, a, b, c, d, list[position + 6] ?? 0, list[position + 7] ?? 0);
      case OP.rect:
      case OP.roundRect:
        return path.rect(m, a, b, c, d);
      case OP.close:
        return path.close();
      case OP.fill:
        return this.#paint(path, path, this.#now.mixedFill);
      case OP.stroke:
        return this.#stroke();
      case OP.clip:
        return this.#clip();
      case OP.image:
        return this.#quad({ left: b, top: c, right: b + d, bottom: c + e });
    }
  }

  #clip(): void {
    this.#count(this.#path, this.#path, PER_PIXEL);
    this.#now.clip = within(this.#now.clip, this.#path);
  }

  #stroke(): void {
    const { m, lineWidth, cap, join, dashes, mixedStroke } = this.#now;
    const path = this.#path;
    const sharp = join === MITER_JOIN && path.segments > 1;
    const half = (lineWidth / 2) * (sharp ? MITER_LIMIT : cap === SQUARE_CAP || join === MITER_JOIN ? DIAGONAL : 1);
    if (dashes > 0) this.#dashed(path.length, dashes);
    // Lengths on the page are lengths before the transform times what it stretches by.
    const [x, y] = [half * Math.hypot(m.a, m.c), half * Math.hypot(m.b, m.d)];
    const reached = { left: path.left - x, top: path.top - y, right: path.right + x, bottom: path.bottom + y };
    this.#paint(reached, path, mixedStroke, 2);
  }

  #dashed(length: number, dashes: number): void {
    const { a, b, c, d } = this.#now.m;
    // The least that the transform stretches by: there the most dashes fit.
    const least = Math.abs(a * d - b * c) / Math.max(1e-12, Math.hypot(a, b, c, d));
    if (least < 1e-9) return;
    this.#reach.dashes((length / least) * dashes);
  }

  #text(number: number, x: number, y: number, stroked: boolean): void {
    const now = this.#now;
    const text = this.#strings[number] ?? '';
    const { left, top, right, bottom } = textExtents(text, now);
    const half = stroked ? (now.lineWidth / 2) * (now.join === MITER_JOIN ? MITER_LIMIT : DIAGONAL) : 0;
    if (stroked && now.dashes > 0) this.#dashed(text.length * 12 * now.size, now.dashes);
    this.#reach.text(text.length);
    this.#quad({ left: x + left - half, top: y + top - half, right: x + right + half, bottom: y + bottom + half });
  }

  /** Something upright before the transform. */
  #quad({ left, top, right, bottom }: Span): void {
    const quad = new PathBox();
    quad.rect(this.#now.m, left, top, right - left, bottom - top);
    this.#paint(quad, quad, true);
  }

  #paint(span: Span, path: PathBox, mixed: boolean, times = 1): void {
    const { clip, shadow, group } = this.#now;
    if (shadow) {
      const reach = shadow.blur * 1.5 + 1;
      const cast = {
        left: span.left + shadow.x - reach,
        top: span.top + shadow.y - reach,
        right: span.right + shadow.x + reach,
        bottom: span.bottom + shadow.y + reach,
      };
      this.#count(cast, path, shadow.blur > 0 ? PER_BLURRED_PIXEL : PER_MIXED_PIXEL, times);
      this.#reach.touch(clip, cast);
      group?.hold(within(clip, cast));
    }
    this.#count(span, path, mixed ? PER_MIXED_PIXEL : PER_PIXEL, times);
    this.#reach.touch(clip, span);
    group?.hold(within(clip, span));
  }

  #count(span: Span, path: PathBox, perPixel: number, times = 1): void {
    this.#reach.shape(this.#now.clip, span, perPixel, path.points * times, path.rise * times);
  }
}

/** Two for each turn through the pattern and length; none where the pattern has no length, which is a plain line. */
function dashesIn(pattern: Float64Array): number {
  const sum = pattern.reduce((total, one) => total + one, 0);
  return sum > 0 ? (pattern.length + 1) / sum : 0;
}
