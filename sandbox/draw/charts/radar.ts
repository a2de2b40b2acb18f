import type { RadarStyle, Series } from '@plinth/sdk/effect.ts';
import type { Shapes } from '../shapes.ts';
import { colorAt, faded, partOf } from './plot.ts';
import { rowsOf, scaleOf } from './scale.ts';

const [LETTERS, GRID] = ['#ffffffe0', '#ffffff2e'];
const MOST_RINGS = 20;

interface Round {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

export function drawRadar(canvas: Shapes, values: Series, round: Round, style: RadarStyle): void {
  const rows = rowsOf(values);
  const corners = Math.max(...rows.map((row) => row.length), style.labels?.length ?? 0);
  if (corners < 3 || round.radius <= 0) return;
  const { min = 0, max, rings = 4 } = style;
  const scale = scaleOf(rows, { min, ...(max === undefined ? {} : { max }), ticks: 4, fromZero: true });
  const at = (corner: number, part: number): readonly [number, number] => {
    const angle = (corner / corners) * 2 * Math.PI;
    return [round.x + Math.sin(angle) * round.radius * part, round.y - Math.cos(angle) * round.radius * part];
  };
  drawWeb(canvas, round, style, corners, Math.max(1, Math.min(MOST_RINGS, Math.round(rings) || 1)), at);
  const grow = partOf(style.grow, 1);
  const lineWidth = Math.max(1.5, round.radius * 0.015);
  for (const [row, numbers] of rows.entries()) {
    const color = colorAt(style.colors, row);
    const points = Array.from({ length: corners }, (_, corner) => {
      const part = ((numbers[corner] ?? scale.min) - scale.min) / (scale.max - scale.min);
      return at(corner, partOf(part, 0) * grow);
    });
    canvas.polygon(points, { fill: faded(color, 0.35), stroke: color, lineWidth, join: 'round' });
    for (const [x, y] of points) canvas.circle(x, y, lineWidth * 1.6, { fill: color });
  }
}

function drawWeb(
  canvas: Shapes,
  { x, y, radius }: Round,
  { labels = [], size = radius * 0.12, color = LETTERS, grid = GRID, font = 'Sans' }: RadarStyle,
  corners: number,
  rings: number,
  at: (corner: number, part: number) => readonly [number, number],
): void {
  const lineWidth = Math.max(1, radius * 0.008);
  for (let ring = 1; ring <= rings; ring++) {
    const points = Array.from({ length: corners }, (_, corner) => at(corner, ring / rings));
    canvas.polygon([...points, points[0] ?? [x, y]], { open: true, stroke: grid, lineWidth });
  }
  for (let corner = 0; corner < corners; corner++) {
    canvas.line(x, y, ...at(corner, 1), { stroke: grid, lineWidth });
    const label = labels[corner];
    if (label === undefined) continue;
    const [labelX, labelY] = at(corner, 1 + (size * 0.7) / radius);
    const side = Math.abs(labelX - x) < radius * 0.1 ? 'center' : labelX > x ? 'left' : 'right';
    // Above the highest corner, below the lowest, beside the others.
    const baseline = side !== 'center' ? 'middle' : labelY < y ? 'alphabetic' : 'top';
    canvas.text(String(label), labelX, labelY, { font, size, align: side, baseline, fill: color });
  }
}
