// Channels mixed from channels.
import type { Area } from './area.ts';
import { numbersOf } from './given.ts';

export function matrix({ bytes, start, stride, width, height }: Area, given: ArrayLike<number>): void {
  const numbers = numbersOf('matrix(numbers)', 'numbers', given, [12, 20]);
  const mixRow = numbers.length === 12 ? mixThree : mixFour;
  for (let y = 0; y < height; y++) mixRow(bytes, (start + y * stride) * 4, (start + y * stride + width) * 4, numbers);
}

function mixThree(bytes: Uint8ClampedArray, start: number, end: number, numbers: Float64Array): void {
  const [rr = 0, rg = 0, rb = 0, r1 = 0, gr = 0, gg = 0, gb = 0, g1 = 0, br = 0, bg = 0, bb = 0, b1 = 0] = numbers;
  for (let at = start; at < end; at += 4) {
    const red = bytes[at] ?? 0;
    const green = bytes[at + 1] ?? 0;
    const blue = bytes[at + 2] ?? 0;
    bytes[at] = rr * red + rg * green + rb * blue + r1;
    bytes[at + 1] = gr * red + gg * green + gb * blue + g1;
    bytes[at + 2] = br * red + bg * green + bb * blue + b1;
  }
}

function mixFour(bytes: Uint8ClampedArray, start: number, end: number, numbers: Float64Array): void {
  for (let at = start; at < end; at += 4) {
    const red = bytes[at] ?? 0;
    const green = bytes[at + 1] ?? 0;
    const blue = bytes[at + 2] ?? 0;
    const alpha = bytes[at + 3] ?? 0;
    for (let channel = 0, one = 0; channel < 4; channel++, one += 5) {
      const color = (numbers[one] ?? 0) * red + (numbers[one + 1] ?? 0) * green + (numbers[one + 2] ?? 0) * blue;
      bytes[at + channel] = color + (numbers[one + 3] ?? 0) * alpha + (numbers[one + 4] ?? 0);
    }
  }
}
