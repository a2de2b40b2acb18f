// What of the canvas writes shapes, texts and pictures into a display list.
import type { Box, Canvas, Charts, GroupStyle, ShapeStyle, TextStyle } from '@plinth/sdk/effect.ts';
import { linesOf, safeOf, sizeOf } from './measures.ts';
import { DEPTH, FARTHEST, OP } from './ops.ts';
import { numberOf, Pen } from './pen.ts';
import type { Recorder } from './recorder.ts';
import { parsePath } from './svg-path.ts';
import { inItsDirection, textWidth } from './text.ts';

const PLAIN = {};
const USUAL_PAINT = '#ffffff';
const RADIANS = Math.PI / 180;

export type Shapes = Omit<Canvas, keyof Charts>;
/** Natural sizes of the pictures that there are, by their names. */
export type ImageSizes = Readonly<Record<string, { readonly width: number; readonly height: number }>>;

/**
 * Shapes without a paint are white; nothing is drawn of a size that is zero or less, which is where animations begin and
 * overshoot.
 */
export class RecordedShapes implements Shapes {
  readonly width: number;
  readonly height: number;
  readonly unit: number;
  readonly safe: Box;
  readonly #recorder: Recorder;
  readonly #pen: Pen;
  readonly #images: ImageSizes;

  constructor(recorder: Recorder, width: number, height: number, images: ImageSizes = {}) {
    this.width = width;
    this.height = height;
    this.unit = Math.min(width, height) / 720;
    this.safe = safeOf(width, height);
    this.#images = images;
    this.#recorder = recorder;
    this.#pen = new Pen(recorder);
    recorder.onReset = () => this.#pen.reset();
  }

  rect(
    x: number,
    y: number,
    width: number,
    height: number,
    style: ShapeStyle & { readonly radius?: number } = PLAIN,
  ): void {
    if (!(Math.abs(x + y + width + height) <= FARTHEST)) refuse('rect', { x, y, width, height });
    if (width <= 0 || height <= 0) return;
    const radius = Math.min(style.radius ?? 0, width / 2, height / 2);
    this.#recorder.push(OP.beginPath);
    if (radius > 0) this.#recorder.push(OP.roundRect, x, y, width, height, radius);
    else this.#recorder.push(OP.rect, x, y, width, height);
    this.#paint(style);
  }

  circle(x: number, y: number, radius: number, style: ShapeStyle = PLAIN): void {
    if (!(Math.abs(x + y + radius) <= FARTHEST)) refuse('circle', { x, y, radius });
    if (radius <= 0) return;
    this.#recorder.push(OP.beginPath);
    this.#recorder.push(OP.arc, x, y, radius, 0, 2 * Math.PI, 0);
    this.#recorder.push(OP.close);
    this.#paint(style);
  }

  ellipse(
    x: number,
    y: number,
    radiusX: number,
    radiusY: number,
    style: ShapeStyle & { readonly rotate?: number } = PLAIN,
  ): void {
    const rotate = (style.rotate ?? 0) * RADIANS;
    if (!(Math.abs(x + y + radiusX + radiusY + rotate) <= FARTHEST))
      refuse('ellipse', { x, y, radiusX, radiusY, rotate });
    if (radiusX <= 0 || radiusY <= 0) return;
    this.#recorder.push(OP.beginPath);
    this.#recorder.push(OP.ellipse, x, y, radiusX, radiusY, rotate, 0, 2 * Math.PI);
    this.#recorder.push(OP.close);
    this.#paint(style);
  }

  arc(
    x: number,
    y: number,
    radius: number,
    from: number,
    to: number,
    style: ShapeStyle & { readonly inner?: number } = PLAIN,
  ): void {
    if (!(Math.abs(x + y + radius + from + to) <= FARTHEST)) refuse('arc', { x, y, radius, from, to });
    const inner = Math.max(0, Math.min(style.inner ?? 0, radius));
    const whole = Math.abs(to - from) >= 360;
    if (radius <= 0 || from === to) return;
    const start = (Math.min(from, to) - 90) * RADIANS;
    const end = whole ? start + 2 * Math.PI : (Math.max(from, to) - 90) * RADIANS;
    const recorder = this.#recorder;
    recorder.push(OP.beginPath);
    if (inner === 0 && !whole) recorder.push(OP.moveTo, x, y);
    recorder.push(OP.arc, x, y, radius, start, end, 0);
    // The hole of a whole ring is a figure of its own, turned the other way.
    if (inner > 0 && whole) {
      recorder.push(OP.close);
      recorder.push(OP.moveTo, x + inner * Math.cos(end), y + inner * Math.sin(end));
    }
    if (inner > 0) recorder.push(OP.arc, x, y, inner, end, start, 1);
    recorder.push(OP.close);
    this.#paint(style);
  }

  line(x1: number, y1: number, x2: number, y2: number, style: ShapeStyle = PLAIN): void {
    if (!(Math.abs(x1 + y1 + x2 + y2) <= FARTHEST)) refuse('line', { x1, y1, x2, y2 });
    this.#recorder.push(OP.beginPath);
    this.#recorder.push(OP.moveTo, x1, y1);
    this.#recorder.push(OP.lineTo, x2, y2);
    this.#paint(style, true);
  }

  polygon(
    points: readonly (readonly [number, number])[],
    style: ShapeStyle & { readonly open?: boolean } = PLAIN,
  ): void {
    if (points.length < 2) return;
    this.#recorder.push(OP.beginPath);
    for (let at = 0; at < points.length; at++) {
      const [x, y] = points[at] ?? [0, 0];
      if (!(Math.abs(x + y) <= FARTHEST)) refuse(`polygon, point ${at}`, { x, y });
      this.#recorder.push(at === 0 ? OP.moveTo : OP.lineTo, x, y);
    }
    if (!style.open) this.#recorder.push(OP.close);
    this.#paint(style, style.open && style.fill === undefined);
  }

  path(d: string, style: ShapeStyle = PLAIN): void {
    const path = parsePath(d);
    if (path.length === 0) return;
    this.#recorder.push(OP.beginPath);
    this.#recorder.append(path);
    this.#paint(style);
  }

  text(text: string, x: number, y: number, style: TextStyle = PLAIN): void {
    if (!(Math.abs(x + y) <= FARTHEST)) refuse('text', { x, y });
    const size = sizeOf(style);
    if (size <= 0 || !this.#pen.opacity(style.opacity)) return;
    const lines = linesOf(text, style, size);
    const step = size * (style.lineHeight ?? 1.25);
    const over = (lines.length - 1) * step;
    const first = y - (style.baseline === 'middle' ? over / 2 : style.baseline === 'bottom' ? over : 0);
    const stroked = style.stroke !== undefined && this.#pen.line(style, 'round');
    this.#pen.type(style, size);
    this.#pen.shadow(style.shadow);
    // The outline lies behind: it must not eat into thin letters.
    if (stroked && style.stroke !== undefined) {
      this.#pen.stroke(style.stroke);
      this.#lines(OP.strokeText, lines, x, first, step);
      if (style.fill === undefined) return;
      this.#pen.shadow(undefined);
    }
    this.#pen.fill(style.fill ?? USUAL_PAINT);
    this.#lines(OP.fillText, lines, x, first, step);
  }

  #lines(code: number, lines: readonly string[], x: number, first: number, step: number): void {
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at];
      if (line) this.#recorder.push(code, this.#recorder.string(inItsDirection(line)), x, first + at * step);
    }
  }

  measure(text: string, style: TextStyle = PLAIN): { width: number; height: number; lines: readonly string[] } {
    const size = Math.max(0, sizeOf(style));
    const lines = linesOf(text, style, size);
    const { font = 'Sans', weight = 400 } = style;
    const width = lines.reduce((widest, line) => Math.max(widest, textWidth(line, font, weight, size)), 0);
    return { width, height: lines.length * size * (style.lineHeight ?? 1.25), lines };
  }

  image(
    name: string | undefined,
    x: number,
    y: number,
    width: number,
    height: number,
    style: { readonly opacity?: number } = PLAIN,
  ): void {
    if (!(Math.abs(x + y + width + height) <= FARTHEST)) refuse('image', { x, y, width, height });
    if (name === undefined || !this.imageSize(name) || width <= 0 || height <= 0) return;
    if (!this.#pen.opacity(style.opacity)) return;
    this.#pen.shadow(undefined);
    this.#recorder.push(OP.image, this.#recorder.string(name), x, y, width, height);
  }

  imageSize(name: string | undefined): ImageSizes[string] | undefined {
    return name !== undefined && Object.hasOwn(this.#images, name) ? this.#images[name] : undefined;
  }

  group(style: GroupStyle, draw: () => void): void {
    const { x = 0, y = 0, rotate = 0, scale = 1 } = style;
    const [sx, sy] = typeof scale === 'number' ? [scale, scale] : scale;
    if (!(Math.abs(x + y + rotate + sx + sy) <= FARTHEST)) refuse('group', { x, y, rotate, scaleX: sx, scaleY: sy });
    if (this.#pen.depth >= DEPTH - 2)
      throw new RangeError(`Groups within groups, more than ${DEPTH - 2} deep, which is the limit.`);
    this.#pen.save();
    let together = false;
    try {
      if (x !== 0 || y !== 0 || rotate !== 0 || sx !== 1 || sy !== 1) {
        const [cos, sin] = [Math.cos(rotate * RADIANS), Math.sin(rotate * RADIANS)];
        this.#recorder.push(OP.transform, cos * sx, sin * sx, -sin * sy, cos * sy, x, y);
      }
      if (style.clip) this.#clip(style.clip);
      together = this.#pen.group(style.opacity ?? 1, style.blend ?? 'normal');
      draw();
    } finally {
      if (together) this.#pen.restore();
      this.#pen.restore();
    }
  }

  #clip([x, y, width, height, radius = 0]: NonNullable<GroupStyle['clip']>): void {
    if (!(Math.abs(x + y + width + height + radius) <= FARTHEST)) refuse('clip', { x, y, width, height, radius });
    const [w, h] = [Math.max(0, width), Math.max(0, height)];
    this.#recorder.push(OP.beginPath);
    this.#recorder.push(OP.roundRect, x, y, w, h, Math.max(0, Math.min(radius, w / 2, h / 2)));
    this.#recorder.push(OP.clip);
  }

  /** Fills and strokes the path; what is only a line has no inside. */
  #paint(style: ShapeStyle, lineOnly = false): void {
    const pen = this.#pen;
    if (!pen.opacity(style.opacity)) return;
    pen.shadow(style.shadow);
    const stroke = style.stroke ?? (lineOnly ? (style.fill ?? USUAL_PAINT) : undefined);
    if (!lineOnly && (style.fill !== undefined || stroke === undefined)) {
      pen.fill(style.fill ?? USUAL_PAINT);
      this.#recorder.push(OP.fill);
      // The shape has its shadow: its outline throws none onto it.
      if (stroke !== undefined) pen.shadow(undefined);
    }
    if (stroke === undefined || !pen.line(style)) return;
    pen.stroke(stroke);
    this.#recorder.push(OP.stroke);
  }
}

function refuse(method: string, values: Readonly<Record<string, number>>): never {
  for (const [name, value] of Object.entries(values)) numberOf(value, `${method}: ${name}`);
  throw new RangeError(`${method}: its numbers are too great together.`);
}
