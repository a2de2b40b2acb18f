// Draws a display list. The same few calls reach Skia in a render and the browser's canvas in a preview.
import { argumentsAt, checkedList, ListError } from './check.ts';
import { cssOf } from './css-color.ts';
import { cssFont } from './fonts.ts';
import { type DrawableImage, levelFor } from './images.ts';
import { ALIGNS, BASELINES, BLENDS, CAPS, JOINS, OP } from './ops.ts';
import { MITER_LIMIT, Survey } from './survey.ts';

/** What we use of a 2D context; both @napi-rs/canvas and browsers have it. */
export interface Context2D {
  readonly canvas: { readonly width: number; readonly height: number };
  save(): void;
  restore(): void;
  transform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  getTransform(): { readonly a: number; readonly b: number };
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  globalAlpha: number;
  globalCompositeOperation: (typeof BLENDS)[number] | string;
  shadowColor: string;
  shadowBlur: number;
  shadowOffsetX: number;
  shadowOffsetY: number;
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  lineCap: (typeof CAPS)[number] | string;
  lineJoin: (typeof JOINS)[number] | string;
  miterLimit: number;
  font: string;
  /** Left to the machine, some letters would look different on another. */
  lang?: string;
  textAlign: (typeof ALIGNS)[number] | string;
  textBaseline: (typeof BASELINES)[number] | string;
  setLineDash(lengths: number[]): void;
  createLinearGradient(x0: number, y0: number, x1: number, y1: number): Ramp;
  createRadialGradient(x0: number, y0: number, r0: number, x1: number, y1: number, r1: number): Ramp;
  fillText(text: string, x: number, y: number): void;
  strokeText(text: string, x: number, y: number): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void;
  quadraticCurveTo(x1: number, y1: number, x: number, y: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number, counterclockwise?: boolean): void;
  ellipse(x: number, y: number, rx: number, ry: number, rotation: number, from: number, to: number): void;
  rect(x: number, y: number, width: number, height: number): void;
  roundRect(x: number, y: number, width: number, height: number, radius: number): void;
  closePath(): void;
  fill(): void;
  stroke(): void;
  clip(): void;
  drawImage(image: unknown, x: number, y: number, width: number, height: number): void;
}
interface Ramp {
  addColorStop(offset: number, color: string): void;
}

/** Pictures by the names that a list gives them; what is not there is not drawn. */
export type Images = ReadonlyMap<string, DrawableImage>;

/**
 * Draws the list over what the context holds, or refuses it with a `ListError` before anything was drawn. `origin` is the
 * point of the picture at which the context's canvas begins, for a canvas that is only a box of it.
 *
 * @example
 * context.clearRect(0, 0, box.width, box.height);
 * rasterise(list, length, table.strings, context, images, box);
 */
export function rasterise(
  list: Float64Array,
  length: number,
  strings: readonly string[],
  context: Context2D,
  images: Images,
  origin: { readonly x: number; readonly y: number } = { x: 0, y: 0 },
): void {
  const checked = checkedList(list, length, strings);
  const { width, height } = context.canvas;
  new Survey(checked, strings, { x: origin.x, y: origin.y, width, height });
  context.save();
  prepare(context, origin);
  let depth = 0;
  try {
    for (let position = 0; position < length; position += 1 + argumentsAt(checked, position)) {
      const code = checked[position];
      depth += code === OP.save ? 1 : code === OP.restore ? -1 : 0;
      draw(checked, position, strings, context, images);
    }
  } catch (error) {
    throw new ListError(`The drawing could not be drawn: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    for (; depth >= 0; depth--) context.restore();
  }
}

/** What every list starts from, whatever was drawn before. */
function prepare(context: Context2D, origin: { readonly x: number; readonly y: number }): void {
  context.setTransform(1, 0, 0, 1, -origin.x, -origin.y);
  context.globalAlpha = 1;
  context.globalCompositeOperation = 'source-over';
  context.shadowColor = '#00000000';
  context.shadowBlur = 0;
  context.setLineDash([]);
  context.lineWidth = 1;
  context.lineCap = 'butt';
  context.lineJoin = 'miter';
  context.miterLimit = MITER_LIMIT;
  context.lang = 'en';
  context.font = cssFont('Sans', 32, 400, false);
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  context.fillStyle = '#000000';
  context.strokeStyle = '#000000';
  context.beginPath();
}

function draw(
  list: Float64Array,
  position: number,
  strings: readonly string[],
  context: Context2D,
  images: Images,
): void {
  const a = list[position + 1] ?? 0;
  const b = list[position + 2] ?? 0;
  const c = list[position + 3] ?? 0;
  const d = list[position + 4] ?? 0;
  const e = list[position + 5] ?? 0;
  const f = list[position + 6] ?? 0;
  switch (list[position]) {
    case OP.save:
      return context.save();
    case OP.restore:
      return context.restore();
    case OP.transform:
      return context.transform(a, b, c, d, e, f);
    case OP.beginPath:
      return context.beginPath();
    case OP.moveTo:
      return context.moveTo(a, b);
    case OP.lineTo:
      return context.lineTo(a, b);
    case OP.curveTo:
      return context.bezierCurveTo(a, b, c, d, e, f);
    case OP.quadTo:
      return context.quadraticCurveTo(a, b, c, d);
    case OP.arc:
      return context.arc(a, b, c, d, e, f === 1);
    case OP.ellipse:
      return context.ellipse(a, b, c, d, e, f, list[position + 7] ?? 0);
    case OP.rect:
      return context.rect(a, b, c, d);
    case OP.roundRect:
      return context.roundRect(a, b, c, d, e);
    case OP.close:
      return context.closePath();
    case OP.fill:
      return context.fill();
    case OP.stroke:
      return context.stroke();
    case OP.clip:
      return context.clip();
    case OP.fillText:
      return context.fillText(strings[a] ?? '', b, c);
    case OP.strokeText:
      return context.strokeText(strings[a] ?? '', b, c);
    case OP.image: {
      const image = images.get(strings[a] ?? '');
      if (!image) return;
      const { a: across, b: down } = context.getTransform();
      return context.drawImage(levelFor(image, Math.abs(d) * Math.hypot(across, down)), b, c, d, e);
    }
    default:
      return style(list, position, strings, context);
  }
}

function style(list: Float64Array, position: number, strings: readonly string[], context: Context2D): void {
  const a = list[position + 1] ?? 0;
  const b = list[position + 2] ?? 0;
  switch (list[position]) {
    case OP.opacity:
      context.globalAlpha = a;
      return;
    case OP.blend:
      context.globalCompositeOperation = BLENDS[a] ?? 'source-over';
      return;
    case OP.shadow:
      context.shadowColor = cssOf(a);
      context.shadowBlur = b;
      context.shadowOffsetX = list[position + 3] ?? 0;
      context.shadowOffsetY = list[position + 4] ?? 0;
      return;
    case OP.fillColor:
      context.fillStyle = cssOf(a);
      return;
    case OP.strokeColor:
      context.strokeStyle = cssOf(a);
      return;
    case OP.fillGradient:
      context.fillStyle = ramp(list, position, context);
      return;
    case OP.strokeGradient:
      context.strokeStyle = ramp(list, position, context);
      return;
    case OP.line:
      context.lineWidth = a;
      context.lineCap = CAPS[b] ?? 'butt';
      context.lineJoin = JOINS[list[position + 3] ?? 0] ?? 'miter';
      return;
    case OP.dash:
      return context.setLineDash([...list.subarray(position + 2, position + 2 + a)]);
    case OP.font:
      context.font = cssFont(strings[a] ?? '', b, list[position + 3] ?? 400, list[position + 4] === 1);
      return;
    case OP.align:
      context.textAlign = ALIGNS[a] ?? 'left';
      context.textBaseline = BASELINES[b] ?? 'alphabetic';
  }
}

function ramp(list: Float64Array, position: number, context: Context2D): Ramp {
  const [x0 = 0, y0 = 0, r0 = 0, x1 = 0, y1 = 0, r1 = 0, stops = 0] = list.subarray(position + 1, position + 8);
  const made = Number.isNaN(r0)
    ? context.createLinearGradient(x0, y0, x1, y1)
    : context.createRadialGradient(x0, y0, r0, x1, y1, r1);
  for (let at = position + 8; at < position + 8 + 2 * stops; at += 2)
    made.addColorStop(list[at] ?? 0, cssOf(list[at + 1] ?? 0));
  return made;
}
