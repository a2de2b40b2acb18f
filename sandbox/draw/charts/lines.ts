import type { Color, LinesStyle, Numbers, Series, SparklineStyle } from '@plinth/sdk/effect.ts';
import type { Box } from '../bounds.ts';
import type { Shapes } from '../shapes.ts';
import { lineOf, type Place, runsOf } from './curve.ts';
import { across, colorAt, drawPlot, faded, type Plot, partOf } from './plot.ts';
import { rowsOf } from './scale.ts';

export function drawLines(canvas: Shapes, values: Series, box: Box, style: LinesStyle, filled: boolean): void {
  // Dots are drawn around the values at the edges, too.
  const room = style.dots ? 0.4 : 0;
  const layout = { fromZero: filled && style.min === undefined, slots: false, above: room, beside: room };
  const plot = drawPlot(canvas, values, box, style, layout);
  if (plot.box.width <= 0 || plot.box.height <= 0) return;
  const lineWidth = style.lineWidth ?? Math.max(1.5, plot.size * 0.18);
  const line = { lineWidth, smooth: style.smooth ?? false, filled };
  for (const [row, numbers] of plot.rows.entries()) {
    const places = placesOf(plot, numbers);
    const color = plot.colorOf(row);
    const head = drawRow(canvas, places, plot.box, plot.grow, color, line);
    if (style.dots === true) {
      const end = plot.box.x + plot.box.width * plot.grow;
      for (const [x, y] of places) if (x <= end + 1e-9 && !Number.isNaN(y)) dot(canvas, [x, y], lineWidth, color);
    } else if (style.dots === 'end' && head) dot(canvas, head, lineWidth, color);
  }
}

function placesOf({ box, count, down }: Plot, numbers: readonly number[]): readonly Place[] {
  return numbers.map(
    (value, at) => [across(box, at, count, false), Number.isNaN(value) ? value : down(value)] as const,
  );
}

interface Line {
  readonly lineWidth: number;
  readonly smooth: boolean;
  readonly filled: boolean;
}

/** Answers where the line has come to. */
function drawRow(
  canvas: Shapes,
  places: readonly Place[],
  box: Box,
  grow: number,
  color: Color,
  { lineWidth, smooth, filled }: Line,
): Place | undefined {
  const end = grow === 1 ? Infinity : box.x + box.width * grow;
  const bottom = box.y + box.height;
  let head: Place | undefined;
  for (const run of runsOf(places)) {
    const line = lineOf(run, smooth, end);
    const [first, last] = [line[0], line.at(-1)];
    if (!first || !last) continue;
    head = last;
    // A value between two holes is a line by itself.
    if (line.length === 1) {
      canvas.circle(...first, lineWidth * 0.8, { fill: color });
      continue;
    }
    if (filled) canvas.polygon([...line, [last[0], bottom], [first[0], bottom]], { fill: fade(color, box) });
    canvas.polygon(line, { open: true, stroke: color, lineWidth, cap: 'round', join: 'round' });
  }
  return head;
}

const fade = (color: Color, { x, y, height }: Box) => ({
  from: [x, y] as const,
  to: [x, y + height] as const,
  stops: [
    [0, faded(color, 0.6)],
    [1, faded(color, 0.04)],
  ] as const,
});

function dot(canvas: Shapes, [x, y]: Place, lineWidth: number, color: Color): void {
  canvas.circle(x, y, lineWidth * 1.9, { fill: '#ffffff' });
  canvas.circle(x, y, lineWidth * 1.25, { fill: color });
}

export function drawSparkline(canvas: Shapes, values: Numbers, box: Box, style: SparklineStyle): void {
  if (box.width <= 0 || box.height <= 0) return;
  const [numbers = []] = rowsOf(values);
  const { filled = true, smooth = false } = style;
  // No axis asks for round numbers: the line has all the room there is.
  const known = numbers.filter((value) => !Number.isNaN(value));
  const [min, max] = [style.min ?? Math.min(...known), style.max ?? Math.max(...known)];
  const lineWidth = style.lineWidth ?? Math.max(1, box.height * 0.06);
  // Room for the line itself and for the dot at its end.
  const room = lineWidth * 1.9;
  const inner = { x: box.x + room, y: box.y + room, width: box.width - 2 * room, height: box.height - 2 * room };
  const places = numbers.map((value, at) => {
    const part = Number.isNaN(value) ? value : max > min ? partOf((value - min) / (max - min), 0) : 0.5;
    return [across(inner, at, numbers.length, false), inner.y + inner.height * (1 - part)] as const;
  });
  const color = style.color ?? colorAt(undefined, 0);
  const head = drawRow(canvas, places, inner, partOf(style.grow, 1), color, { lineWidth, smooth, filled });
  if (head) dot(canvas, head, lineWidth, color);
}
