// Draws a display list. The same few calls reach Skia in a render and the browser's canvas in a preview.
import { argumentsAt, checkedList, ListError } from './check.ts';
import type { Context2D, Images, Origin, Ramp } from './context.ts';
import { cssOf } from './css-color.ts';
import { cssFont } from './fonts.ts';
import { levelFor } from './images.ts';
import { ALIGNS, BASELINES, CAPS, JOINS, OP } from './ops.ts';
import { prepare } from './prepare-context.ts';
import { Sheets } from './sheets.ts';
import { Survey } from './survey.ts';

export type { Context2D, Images, Origin } from './context.ts';

/**
 * Draws the list over what the context holds, or refuses it with a `ListError` before anything was drawn. `origin`: where
 * its canvas begins.
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
  origin: Origin = { x: 0, y: 0 },
): void {
  const checked = checkedList(list, length, strings);
  const { width, height } = context.canvas;
  const { groups } = new Survey(checked, strings, { x: origin.x, y: origin.y, width, height });
  const sheets = new Sheets(context, origin);
  context.save();
  prepare(context, origin);
  let met = 0;
  try {
    for (let position = 0; position < length; position += 1 + argumentsAt(checked, position)) {
      const group = checked[position] === OP.group ? groups[met++] : undefined;
      if (group) sheets.begin(group, checked[position + 1] ?? 1, checked[position + 2] ?? 0);
      else draw(checked, position, strings, sheets, images);
    }
    while (sheets.isOpen) sheets.restore();
  } catch (error) {
    throw new ListError(`The drawing could not be drawn: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    while (sheets.isOpen) sheets.drop();
    context.restore();
  }
}

function draw(list: Float64Array, position: number, strings: readonly string[], sheets: Sheets, images: Images): void {
  const { context } = sheets;
  const a = list[position + 1] ?? 0;
  const b = list[position + 2] ?? 0;
  const c = list[position + 3] ?? 0;
  const d = list[position + 4] ?? 0;
  const e = list[position + 5] ?? 0;
  const f = list[position + 6] ?? 0;
  switch (list[position]) {
    case OP.save:
      return sheets.save();
    case OP.restore:
      return sheets.restore();
    case OP.opacity:
      context.globalAlpha = a * sheets.fade;
      return;
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
