import type { BarsStyle, Series } from '@plinth/sdk/effect.ts';
import type { Box } from '../bounds.ts';
import type { Shapes } from '../shapes.ts';
import { formatNumber } from './numbers.ts';
import { drawPlot, type Plot, partOf } from './plot.ts';

const LETTERS = '#ffffffe0';
const CORNER_STEPS = 4;

/** One bar of a row, as far as it has grown. */
interface Bar {
  readonly x: number;
  readonly width: number;
  /** Where it begins, and where it has come to. */
  readonly from: number;
  readonly to: number;
}

export function drawBars(canvas: Shapes, values: Series, box: Box, style: BarsStyle): void {
  const above = style.values ? 1.2 : 0;
  const layout = { fromZero: style.min === undefined, slots: true, above, beside: 0 };
  const plot = drawPlot(canvas, values, box, style, layout);
  const { rows, count, scale, colorOf } = plot;
  if (count === 0 || plot.box.width <= 0 || plot.box.height <= 0) return;
  const base = Math.max(scale.min, Math.min(scale.max, 0));
  for (const [row, numbers] of rows.entries()) {
    for (const [at, value] of numbers.entries()) {
      if (Number.isNaN(value)) continue;
      const shown = base + (value - base) * plot.grow;
      const bar = { ...placeOf(plot, style, row, at), from: plot.down(base), to: plot.down(shown) };
      const radius = Math.min(
        style.radius ?? Math.min(bar.width / 4, plot.size / 2),
        bar.width / 2,
        Math.abs(bar.to - bar.from),
      );
      // Rows have colours of their own; the bars of a single row may have, too.
      const color = colorOf(rows.length === 1 && (style.colors?.length ?? 0) > 1 ? at : row);
      canvas.polygon(outlineOf(bar, Math.max(0, radius)), { fill: color });
      if (style.values) writeValue(canvas, plot, style, bar, shown);
    }
  }
}

function placeOf({ rows, count, box }: Plot, style: BarsStyle, row: number, at: number): Pick<Bar, 'x' | 'width'> {
  const slot = box.width / count;
  const group = slot * (1 - Math.min(0.95, partOf(style.gap, 0.3)));
  const each = group / rows.length;
  const between = rows.length > 1 ? each * 0.12 : 0;
  return { x: box.x + slot * at + (slot - group) / 2 + each * row + between / 2, width: each - between };
}

/** Square where it stands, round where it ends. */
function outlineOf({ x, width, from, to }: Bar, radius: number): (readonly [number, number])[] {
  const inward = to < from ? radius : -radius;
  const corner = (middle: number, start: number) =>
    Array.from({ length: CORNER_STEPS + 1 }, (_, step) => {
      const angle = ((start + step / CORNER_STEPS) * Math.PI) / 2;
      return [middle - radius * Math.cos(angle), to + inward - inward * Math.sin(angle)] as const;
    });
  if (radius === 0)
    return [
      [x, from],
      [x, to],
      [x + width, to],
      [x + width, from],
    ];
  return [[x, from], ...corner(x + radius, 0), ...corner(x + width - radius, 1), [x + width, from]];
}

function writeValue(canvas: Shapes, { size }: Plot, style: BarsStyle, bar: Bar, value: number): void {
  const up = bar.to <= bar.from;
  canvas.text(formatNumber(value, style.format), bar.x + bar.width / 2, bar.to + (up ? -size * 0.35 : size * 1.1), {
    font: style.font ?? 'Sans',
    size,
    weight: 700,
    align: 'center',
    fill: style.color ?? LETTERS,
  });
}
