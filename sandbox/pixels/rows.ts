// A kernel without compiling: step by step, a row at a time. For pages that let no text become code; it makes the same
// bytes, and takes some times as long.
import type { Area } from './area.ts';
import { pruned, type Step } from './kernel.ts';
import type { Run } from './loop.ts';
import { noise, operationOf, placeWithin } from './operations.ts';

type Row = Float64Array;

/** What each step makes of the row at hand. */
const rows: Row[] = [];

export const runInRows: Run = (kernel, target, pictures) => {
  const { width, height } = target;
  const { needed, results } = pruned(kernel);
  const made = kernel.steps.map((_, at) => rowAt(at, width));
  for (let y = 0; y < height; y++) {
    for (const [at, step] of kernel.steps.entries())
      if (needed[at]) fill(made[at] ?? rowAt(at, width), step, y, made, kernel.numbers, pictures, target);
    const put = (target.start + y * target.stride) * 4;
    for (const [channel, result] of results.entries()) {
      const row = made[result];
      if (row) for (let x = 0; x < width; x++) target.bytes[put + x * 4 + channel] = row[x] ?? 0;
    }
  }
};

function rowAt(at: number, width: number): Row {
  const kept = rows[at];
  if (kept && kept.length >= width) return kept.subarray(0, width);
  const row = new Float64Array(width);
  rows[at] = row;
  return row;
}

function fill(
  row: Row,
  [operation, ...of]: Step,
  y: number,
  made: readonly Row[],
  numbers: readonly number[],
  pictures: readonly Area[],
  { width, height }: Area,
): void {
  const [first = 0, second = 0, third = 0, fourth = 0] = of;
  if (operation === 'number') row.fill(numbers[first] ?? 0);
  else if (operation === 'y') row.fill(y);
  else if (operation === 'v') row.fill((y + 0.5) / height);
  else if (operation === 'x') for (let x = 0; x < width; x++) row[x] = x;
  else if (operation === 'u') for (let x = 0; x < width; x++) row[x] = (x + 0.5) / width;
  else if (operation === 'noise') for (let x = 0; x < width; x++) row[x] = noise(x, y, made[first]?.[x] ?? 0);
  else if (operation === 'read') read(row, pictures[first], second, y);
  else if (operation === 'near' || operation === 'smooth')
    fetch(row, operation === 'near' ? nearOf : smoothOf, pictures[first], second, made[third], made[fourth]);
  else calculate(row, operation, made[first], made[second], made[third]);
}

function calculate(row: Row, operation: string, a: Row = row, b: Row = a, c: Row = a): void {
  const { of } = operationOf(operation) ?? {};
  if (!of) throw new TypeError(`There is no operation "${operation}".`);
  for (let x = 0; x < row.length; x++) row[x] = of(a[x] ?? 0, b[x] ?? 0, c[x] ?? 0);
}

function read(row: Row, picture: Area | undefined, channel: number, y: number): void {
  if (!picture) return;
  const start = (picture.start + y * picture.stride) * 4 + channel;
  for (let x = 0; x < row.length; x++) row[x] = picture.bytes[start + x * 4] ?? 0;
}

type Fetched = (picture: Area, channel: number, x: number, y: number) => number;

function fetch(row: Row, of: Fetched, picture?: Area, channel = 0, xs: Row = row, ys: Row = row): void {
  if (!picture) return;
  for (let x = 0; x < row.length; x++) row[x] = of(picture, channel, xs[x] ?? 0, ys[x] ?? 0);
}

const at = ({ bytes, start, stride }: Area, channel: number, x: number, y: number) =>
  bytes[(start + y * stride + x) * 4 + channel] ?? 0;

const nearOf: Fetched = (picture, channel, x, y) =>
  at(picture, channel, placeWithin(x, picture.width - 1), placeWithin(y, picture.height - 1));

const smoothOf: Fetched = (picture, channel, x, y) => {
  const [right, bottom] = [picture.width - 1, picture.height - 1];
  const [column, row] = [x > 0 ? Math.min(x, right) : 0, y > 0 ? Math.min(y, bottom) : 0];
  const [left, top] = [Math.floor(column), Math.floor(row)];
  const mixed = (line: number) => {
    const [one, other] = [at(picture, channel, left, line), at(picture, channel, Math.min(left + 1, right), line)];
    return one + (other - one) * (column - left);
  };
  const [above, under] = [mixed(top), mixed(Math.min(top + 1, bottom))];
  return above + (under - above) * (row - top);
};
