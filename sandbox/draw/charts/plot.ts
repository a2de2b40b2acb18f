// What stands around the values of a chart: lines with numbers behind, labels below, names above.
import type { Color, LinesStyle, Series } from '@plinth/sdk/effect.ts';
import type { Box } from '../bounds.ts';
import { cssOf, parseColor } from '../css-color.ts';
import type { Shapes } from '../shapes.ts';
import { compactDecimals, formatNumber } from './numbers.ts';
import { rowsOf, type Scale, scaleOf } from './scale.ts';

const COLORS: readonly Color[] = ['#4cc9f0', '#ff5d8f', '#ffd166', '#7ae582', '#b892ff', '#ff9f5a'];
const LETTERS = '#ffffffe0';
const GRID = '#ffffff2e';

/** What bars and lines have in common. */
export type AxesStyle = Pick<
  LinesStyle,
  'colors' | 'min' | 'max' | 'grow' | 'size' | 'color' | 'font' | 'grid' | 'format' | 'ticks' | 'labels' | 'names'
>;

export interface Plot {
  readonly rows: readonly (readonly number[])[];
  /** How many values the longest row has. */
  readonly count: number;
  readonly scale: Scale;
  /** Where the values are. */
  readonly box: Box;
  readonly size: number;
  /** From 0 to 1. */
  readonly grow: number;
  /** How far down a value stands; beyond the box it stands at its edge. */
  down(value: number): number;
  colorOf(row: number): Color;
}

export interface Layout {
  /** Whether the axis begins at nothing. */
  readonly fromZero: boolean;
  /** Whether each value has a place of its own beside the next, as bars have. */
  readonly slots: boolean;
  /** In sizes of the letters: room for what is drawn beyond the values, above them and to their right. */
  readonly above: number;
  readonly beside: number;
}

export const partOf = (value: number | undefined, usual: number): number =>
  value === undefined ? usual : Math.max(0, Math.min(1, Number.isNaN(value) ? 0 : value));

export const colorAt = (colors: readonly Color[] | undefined, at: number): Color => {
  const list = colors && colors.length > 0 ? colors : COLORS;
  return list[at % list.length] ?? LETTERS;
};

/** The colour, seen through. */
export function faded(color: Color, part: number): Color {
  const number = parseColor(color);
  return cssOf(number - (number % 256) + Math.round((number % 256) * part));
}

/** Draws what stands around, and answers where the values go. */
export function drawPlot(canvas: Shapes, values: Series, box: Box, style: AxesStyle, as: Layout): Plot {
  const rows = rowsOf(values);
  const count = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const size = style.size ?? Math.max(6, Math.min(box.height * 0.075, box.width * 0.05));
  const ticks = style.ticks ?? Math.max(2, Math.min(5, Math.floor(box.height / (size * 3))));
  const { min, max } = style;
  const bounds = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  const scale = scaleOf(rows, { ...bounds, ticks: ticks || 4, fromZero: as.fromZero });
  const texts = ticks === 0 ? [] : ticksOf(scale, style);
  const inner = innerOf(canvas, box, style, size, texts, as);
  const height = Math.max(0, inner.height);
  const down = (value: number) => inner.y + height * (1 - partOf((value - scale.min) / (scale.max - scale.min), 0));
  drawGrid(canvas, inner, style, size, scale, texts, down);
  drawLabels(canvas, inner, style, size, count, as.slots);
  drawNames(canvas, box, style, size);
  const colorOf = (row: number) => colorAt(style.colors, row);
  return { rows, count, scale, box: inner, size, grow: partOf(style.grow, 1), down, colorOf };
}

/** The axis' numbers all show as many digits. */
const ticksOf = ({ ticks, decimals }: Scale, { format }: AxesStyle): readonly string[] =>
  ticks.map((tick) =>
    formatNumber(tick, { decimals: format?.notation === 'compact' ? compactDecimals(tick) : decimals, ...format }),
  );

const letters = ({ font = 'Sans', color = LETTERS }: AxesStyle, size: number) => ({ font, size, fill: color });

function innerOf(
  canvas: Shapes,
  box: Box,
  style: AxesStyle,
  size: number,
  texts: readonly string[],
  { above, beside }: Layout,
): Box {
  const type = letters(style, size);
  const wide = texts.reduce((widest, text) => Math.max(widest, canvas.measure(text, type).width), 0);
  const left = texts.length === 0 ? 0 : Math.min(box.width / 2, wide + size * 0.6);
  const top = (style.names?.length ? size * 1.9 : 0) + Math.max(texts.length === 0 ? 0 : 0.5, above) * size;
  const bottom = style.labels?.length ? size * 1.7 : texts.length === 0 ? 0 : size * 0.5;
  return {
    x: box.x + left,
    y: box.y + top,
    width: box.width - left - beside * size,
    height: box.height - top - bottom,
  };
}

function drawGrid(
  canvas: Shapes,
  box: Box,
  style: AxesStyle,
  size: number,
  { ticks }: Scale,
  texts: readonly string[],
  down: (value: number) => number,
): void {
  const stroke = style.grid ?? GRID;
  const lineWidth = Math.max(1, size * 0.07);
  const type = { ...letters(style, size), align: 'right', baseline: 'middle' } as const;
  for (const [at, text] of texts.entries()) {
    const y = down(ticks[at] ?? 0);
    canvas.line(box.x, y, box.x + box.width, y, { stroke, lineWidth });
    canvas.text(text, box.x - size * 0.6, y, type);
  }
}

/** Where the value stands that is the `at`th of `count`: in the middle of its slot, or on a line from edge to edge. */
export function across({ x, width }: Box, at: number, count: number, slots: boolean): number {
  if (slots || count < 2) return x + (width * (at + 0.5)) / Math.max(1, count);
  return x + (width * at) / (count - 1);
}

function drawLabels(canvas: Shapes, box: Box, style: AxesStyle, size: number, count: number, slots: boolean): void {
  const labels = (style.labels ?? []).slice(0, count).map(String);
  if (labels.length === 0 || box.width <= 0) return;
  const type = letters(style, size);
  const room = box.width / Math.max(1, slots ? count : count - 1);
  const wide = labels.reduce((widest, label) => Math.max(widest, canvas.measure(label, type).width), 0);
  // Every second, or every third: so many that none runs into the next.
  const every = Math.max(1, Math.min(labels.length, Math.ceil((wide + size * 0.5) / room)));
  const widest = room * every - size * 0.3;
  for (let at = 0; at < labels.length; at += every) {
    const text = shortened(canvas, labels[at] ?? '', widest, type);
    const x = across(box, at, count, slots);
    const half = canvas.measure(text, type).width / 2;
    const within = Math.max(box.x + half, Math.min(box.x + box.width - half, x));
    canvas.text(text, within, box.y + box.height + size * 1.35, { ...type, align: 'center' });
  }
}

/** As much of a text as there is room for. */
function shortened(canvas: Shapes, text: string, room: number, type: ReturnType<typeof letters>): string {
  if (canvas.measure(text, type).width <= room) return text;
  const signs = [...text];
  while (signs.length > 1 && canvas.measure(`${signs.join('')}…`, type).width > room) signs.pop();
  return `${signs.join('').trimEnd()}…`;
}

function drawNames(canvas: Shapes, box: Box, style: AxesStyle, size: number): void {
  const type = letters(style, size);
  let x = box.x;
  for (const [at, name] of (style.names ?? []).entries()) {
    const wide = canvas.measure(name, type).width;
    if (x + size + wide > box.x + box.width && at > 0) return;
    canvas.circle(x + size * 0.4, box.y + size * 0.6, size * 0.36, { fill: colorAt(style.colors, at) });
    canvas.text(name, x + size, box.y + size * 0.95, type);
    x += wide + size * 2.2;
  }
}
