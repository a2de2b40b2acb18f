// A frame's memory, and the kernels that turn it from video's planes into RGBA and back. One implementation, in the browser
// and on the server, so that both have the same bytes.
import { KERNELS } from './kernels-wasm.ts';
import { coefficients, type Matrix, type Range } from './matrix.ts';

export interface FrameKind {
  readonly width: number;
  readonly height: number;
  readonly matrix?: Matrix;
  readonly range?: Range;
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Frames {
  /** Shared: `rgba` stands at its beginning, for an isolate that is given the buffer. */
  readonly buffer: SharedArrayBuffer;
  /** Rows without gaps, colours of half the width and height, rounded up: as FFmpeg writes yuv420p. */
  readonly i420: Uint8Array;
  readonly rgba: Uint8ClampedArray;
  /** Premultiplied RGBA of the whole frame or, from its beginning, of a box. */
  readonly layer: Uint8Array;
  /** Straight yuva420p of what `toYuva` was asked for, from its beginning. */
  readonly yuva: Uint8Array;
  /** `i420` to `rgba`, opaque. */
  toRgba(): void;
  /** `rgba` to `i420`. */
  fromRgba(): void;
  /** `layer` over `i420`; a box stands on even pixels. */
  blend(box?: Area): void;
  /** `layer` to `yuva`; answers the bytes that were written. */
  toYuva(size?: { readonly width: number; readonly height: number }): Uint8Array;
}

interface Kernels {
  setForward(...factors: number[]): void;
  setBackward(...factors: number[]): void;
  toRgba(y: number, u: number, v: number, rgba: number, width: number, height: number): void;
  fromRgba(rgba: number, y: number, u: number, v: number, width: number, height: number): void;
  blend(layer: number, y: number, u: number, v: number, stride: number, width: number, height: number): void;
  toYuva(rgba: number, y: number, u: number, v: number, a: number, width: number, height: number): void;
}

// The part of WebAssembly that we use; its types come with those of a browser only.
interface Memory {
  readonly buffer: SharedArrayBuffer;
}
declare const WebAssembly: {
  readonly Memory: new (kind: { initial: number; maximum: number; shared: true }) => Memory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: { env: { memory: Memory } }) => { readonly exports: unknown };
};

const PAGE = 65_536;
const LARGEST = 8_192;
let compiled: object | undefined;

function kernels(memory: Memory): Kernels {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(KERNELS), (character) => character.charCodeAt(0)));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as Kernels;
}

/** Bytes of a frame of yuv420p. */
export function planesSize(width: number, height: number): number {
  return width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
}

/**
 * Makes room for one frame.
 *
 * @example
 * const frames = createFrames({ width: 1280, height: 720, matrix: 'bt709', range: 'limited' });
 * readSync(input, frames.i420);
 * frames.toRgba();
 * frames.rgba[0] = 255;
 * frames.fromRgba();
 * writeSync(output, frames.i420);
 */
export function createFrames({ width, height, matrix = 'bt709', range = 'limited' }: FrameKind): Frames {
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1 || side > LARGEST) {
      throw new RangeError(`A frame of ${width}x${height}: sides are whole numbers from 1 to ${LARGEST}.`);
    }
  }
  const [pixels, planes] = [width * height, planesSize(width, height)];
  const [rgbaAt, i420At] = [0, aligned(pixels * 4)];
  const layerAt = i420At + aligned(planes);
  const yuvaAt = layerAt + aligned(pixels * 4);
  const pages = Math.ceil((yuvaAt + aligned(planes + pixels)) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { buffer } = memory;
  const run = kernels(memory);
  const { forward, backward } = coefficients(matrix, range);
  run.setForward(...forward);
  run.setBackward(...backward);
  const half = Math.ceil(width / 2);
  const [uAt, vAt] = [i420At + pixels, i420At + pixels + half * Math.ceil(height / 2)];
  return {
    buffer,
    i420: new Uint8Array(buffer, i420At, planes),
    rgba: new Uint8ClampedArray(buffer, rgbaAt, pixels * 4),
    layer: new Uint8Array(buffer, layerAt, pixels * 4),
    yuva: new Uint8Array(buffer, yuvaAt, planes + pixels),
    toRgba: () => run.toRgba(i420At, uAt, vAt, rgbaAt, width, height),
    fromRgba: () => run.fromRgba(rgbaAt, i420At, uAt, vAt, width, height),
    blend(box = { x: 0, y: 0, width, height }) {
      checkBox(box, width, height);
      const corner = (box.y / 2) * half + box.x / 2;
      run.blend(layerAt, i420At + box.y * width + box.x, uAt + corner, vAt + corner, width, box.width, box.height);
    },
    toYuva(size = { width, height }) {
      checkBox({ x: 0, y: 0, ...size }, Math.max(width, size.width), Math.max(height, size.height));
      const [count, quarter] = [size.width * size.height, Math.ceil(size.width / 2) * Math.ceil(size.height / 2)];
      if (count > pixels) throw new RangeError(`A box of ${size.width}x${size.height} is larger than the frame.`);
      const [u, v] = [yuvaAt + count, yuvaAt + count + quarter];
      run.toYuva(layerAt, yuvaAt, u, v, v + quarter, size.width, size.height);
      return new Uint8Array(buffer, yuvaAt, 2 * count + 2 * quarter);
    },
  };
}

/** Vectors are read and written whole; at an end they may not reach into what comes next. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/** Colours are shared by two columns and two rows: a box that cuts through them could not be laid down cleanly. */
function checkBox({ x, y, width, height }: Area, right: number, bottom: number): void {
  const whole = [x, y, width, height].every((side) => Number.isInteger(side) && side >= 0);
  const even = [x, y].every((side) => side % 2 === 0);
  const ends = (width % 2 === 0 || x + width === right) && (height % 2 === 0 || y + height === bottom);
  if (whole && even && ends && x + width <= right && y + height <= bottom) return;
  throw new RangeError(`The box ${width}x${height} at ${x}, ${y} is not on even pixels of the frame.`);
}
