// A rectangle of a picture's memory: what every operation works on.

/** RGBA in memory, by bytes and by whole pixels. */
export interface Memory {
  readonly bytes: Uint8ClampedArray;
  /** The same, red in the lowest byte: every machine that runs this keeps the lowest byte first. */
  readonly words: Int32Array;
}

export interface Area extends Memory {
  readonly width: number;
  readonly height: number;
  /** Of its first pixel, and from one row to the next, in pixels. */
  readonly start: number;
  readonly stride: number;
}

export function memoryOf(bytes: Uint8ClampedArray): Memory {
  return { bytes, words: new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) };
}

export function wholeOf(memory: Memory, width: number, height: number): Area {
  return { ...memory, width, height, start: 0, stride: width };
}

/** What lies both in the area and in the rectangle; in whole pixels. */
export function partOf(area: Area, x: number, y: number, width: number, height: number): Area {
  const within = (value: number, end: number) => Math.max(0, Math.min(end, Math.round(value)));
  const [left, right] = [within(x, area.width), within(x + width, area.width)];
  const [top, bottom] = [within(y, area.height), within(y + height, area.height)];
  return {
    ...area,
    width: Math.max(0, right - left),
    height: Math.max(0, bottom - top),
    start: area.start + top * area.stride + left,
  };
}

/** Whether nothing of it is transparent. */
export function isOpaque({ words, start, stride, width, height }: Area): boolean {
  for (let y = 0, row = start; y < height; y++, row += stride) if (!isRowOpaque(words, row, row + width)) return false;
  return true;
}

function isRowOpaque(words: Int32Array, start: number, end: number): boolean {
  let all = -1;
  for (let at = start; at < end; at++) all &= words[at] ?? 0;
  return all >>> 24 === 255;
}

/** Whether one pixel may be in both, at different places of them. */
export function overlaps(one: Area, other: Area): boolean {
  return one.words.buffer === other.words.buffer && (one.start !== other.start || one.stride !== other.stride);
}

export function copyInto(target: Area, from: Area): void {
  for (let y = 0; y < from.height; y++) {
    const at = from.start + y * from.stride;
    target.words.set(from.words.subarray(at, at + from.width), target.start + y * target.stride);
  }
}
