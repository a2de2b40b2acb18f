// Channels mixed from channels.
import type { Area } from './area.ts';
import { numbersOf } from './given.ts';

export function matrix(area: Area, given: ArrayLike<number>): void {
  const numbers = numbersOf('matrix(numbers)', 'numbers', given, [12, 20]);
  if (numbers.length === 12) threeRows(area, numbers);
  else fourRows(area, numbers);
}

function threeRows({ bytes, start, stride, width, height }: Area, numbers: Float64Array): void {
  const [rr = 0, rg = 0, rb = 0, r1 = 0, gr = 0, gg = 0, gb = 0, g1 = 0, br = 0, bg = 0, bb = 0, b1 = 0] = numbers;
  for (let y = 0; y < height; y++) {
    const row = (start + y * stride) * 4;
    for (let at = row; at < row + width * 4; at += 4) {
      const red = bytes[at] ?? 0;
      const green = bytes[at + 1] ?? 0;
      const blue = bytes[at + 2] ?? 0;
      bytes[at] = rr * red + rg * green + rb * blue + r1;
      bytes[at + 1] = gr * red + gg * green + gb * blue + g1;
      bytes[at + 2] = br * red + bg * green + bb * blue + b1;
    }
  }
}

function fourRows({ bytes, start, stride, width, height }: Area, numbers: Float64Array): void {
  for (let y = 0; y < height; y++) {
    const row = (start + y * stride) * 4;
    for (let at = row; at < row + width * 4; at += 4) {
      const red = bytes[at] ?? 0;
      const green = bytes[at + 1] ?? 0;
      const blue = bytes[at + 2] ?? 0;
      const alpha = bytes[at + 3] ?? 0;
      for (let channel = 0; channel < 4; channel++) {
        const one = channel * 5;
        bytes[at + channel] =
          (numbers[one] ?? 0) * red +
          (numbers[one + 1] ?? 0) * green +
          (numbers[one + 2] ?? 0) * blue +
          (numbers[one + 3] ?? 0) * alpha +
          (numbers[one + 4] ?? 0);
      }
    }
  }
}
