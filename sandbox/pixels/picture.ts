// What effects find as `pixels`: looks at what it is given, and hands it to who does it.
import type {
  Blend,
  ChannelTables,
  ChromaKeyStyle,
  Color,
  Displacement,
  DisplaceStyle,
  Histogram,
  LookupTable,
  PixelArea,
  PixelKernel,
  Pixels,
} from '@plinth/sdk/effect.ts';
import { parseColor } from '../draw/css-color.ts';
import { KERNEL_PICTURES } from '../limits.ts';
import { type Area, isOpaque, memoryOf, overlaps, partOf, wholeOf } from './area.ts';
import { BLENDS, blending, isBlend } from './blends.ts';
import { blur, WIDEST_BLUR } from './blur.ts';
import { keying } from './chroma-key.ts';
import { displacing, type Move } from './displacing.ts';
import { numberOf, partOfOne } from './given.ts';
import { type Kernel, looksAround } from './kernel.ts';
import { lookup } from './lookup.ts';
import { mayCompile, type Run, runCompiled } from './loop.ts';
import { histogram, threshold } from './luma.ts';
import { matrix } from './matrix.ts';
import { runInRows } from './rows.ts';
import { Scratch } from './scratch.ts';
import { traced } from './tracing.ts';

/** A picture that effects are given frame after frame. */
export interface OpenedPixels {
  readonly pixels: Pixels;
  /** What was copied for the last frame makes room. */
  newFrame(): void;
}

/** @example const { pixels, newFrame } = openPixels(1280, 720, rgba); */
export function openPixels(width: number, height: number, data: Uint8ClampedArray, run?: Run): OpenedPixels {
  const scratch = new Scratch();
  const pixels = new Whole(wholeOf(memoryOf(data), width, height), { scratch, run: run ?? usualRun });
  return { pixels, newFrame: () => scratch.newFrame() };
}

/** Found out when there is something to run: a page that forbids it makes a note of every attempt. */
let usual: Run | undefined;
const usualRun: Run = (...given) => {
  usual ??= mayCompile() ? runCompiled : runInRows;
  usual(...given);
};

interface Means {
  readonly scratch: Scratch;
  readonly run: Run;
}

class Part implements PixelArea {
  readonly #area: Area;
  readonly #means: Means;
  /** The frame with which it ends, if it is a copy. */
  readonly #frame: number | undefined;

  constructor(area: Area, means: Means, frame?: number) {
    this.#area = area;
    this.#means = means;
    this.#frame = frame;
  }

  get width(): number {
    return this.#area.width;
  }

  get height(): number {
    return this.#area.height;
  }

  /** What is one of ours, from whoever's hands it comes. */
  static areaOf(given: unknown): Area | undefined {
    return typeof given === 'object' && given !== null && #area in given ? given.#now : undefined;
  }

  get #now(): Area {
    if (this.#frame !== undefined && this.#frame !== this.#means.scratch.frame)
      throw new TypeError('A copy lasts until the end of its frame: this one was made in an earlier frame.');
    return this.#area;
  }

  lookup(table: LookupTable | ChannelTables): this {
    lookup(this.#now, table);
    return this;
  }

  matrix(numbers: ArrayLike<number>): this {
    matrix(this.#now, numbers);
    return this;
  }

  blur(radius: number): this {
    const wide = Math.round(numberOf('blur(radius)', 'radius', radius));
    blur(this.#now, Math.max(0, Math.min(WIDEST_BLUR, wide)), this.#means.scratch);
    return this;
  }

  threshold(level: number, { light = '#ffffff', dark = '#000000' } = {}): this {
    const packed = (color: Color) => {
      const [r = 0, g = 0, b = 0] = channelsOf(color);
      return r | (g << 8) | (b << 16);
    };
    threshold(this.#now, numberOf('threshold(level)', 'level', level), packed(light), packed(dark));
    return this;
  }

  displace(dx: Displacement, dy: Displacement, { scale = 16, smooth = false }: DisplaceStyle = {}): this {
    const where = 'displace(dx, dy)';
    const maps: PixelArea[] = [];
    const move = (name: string, channel: 'r' | 'g', given: Displacement): Move => {
      if (typeof given === 'function') return given;
      if (!Part.areaOf(given)) return numberOf(where, name, given);
      return { picture: maps.push(given as PixelArea) - 1, channel };
    };
    const [x, y] = [move('dx', 'r', dx), move('dy', 'g', dy)];
    return this.#map(where, displacing(x, y, numberOf(where, 'scale', scale), Boolean(smooth)), maps);
  }

  blend(other: Color | PixelArea, mode: Blend = 'normal', opacity = 1): this {
    const where = 'blend(other, mode, opacity)';
    if (!isBlend(mode))
      throw new TypeError(`${where}: mode is one of ${BLENDS.join(', ')}, not "${String(mode).slice(0, 40)}".`);
    const laying = { mode, opacity: partOfOne(where, 'opacity', opacity), isOpaque: isOpaque(this.#now) };
    if (typeof other !== 'string') return this.#map(where, blending(laying), [other]);
    return this.#map(where, blending({ ...laying, color: channelsOf(other) }), []);
  }

  chromaKey(color: Color, { tolerance = 0.2, softness = 0.1, spill = 0.5, background }: ChromaKeyStyle = {}): this {
    const where = 'chromaKey(color)';
    const style = {
      tolerance: partOfOne(where, 'tolerance', tolerance),
      softness: partOfOne(where, 'softness', softness),
      spill: partOfOne(where, 'spill', spill),
      ...(typeof background === 'string' ? { background: channelsOf(background) } : {}),
    };
    const behind = background === undefined || typeof background === 'string' ? [] : [background];
    return this.#map(where, keying(channelsOf(color), style), behind);
  }

  histogram(): Histogram {
    return histogram(this.#now);
  }

  copy(): Pixels {
    const { scratch } = this.#means;
    return new Whole(scratch.copyOf(this.#now), this.#means, scratch.frame);
  }

  region(x: number, y: number, width: number, height: number): PixelArea {
    const where = 'region(x, y, width, height)';
    const box = { x, y, width, height };
    for (const [name, value] of Object.entries(box)) numberOf(where, name, value);
    return new Part(partOf(this.#now, x, y, width, height), this.#means, this.#frame);
  }

  map(kernel: PixelKernel, ...others: readonly PixelArea[]): this {
    return this.#map('map(kernel)', kernel, others);
  }

  #map(where: string, kernel: PixelKernel, others: readonly PixelArea[]): this {
    const areas = areasOf(where, this.#now, others);
    runOn(areas, traced(where, kernel, areas), this.#means);
    return this;
  }

  /** Runs a kernel that was traced elsewhere, and does not know yet which pictures it is for. */
  static run(part: PixelArea, others: readonly PixelArea[], kernelFor: (pictures: number) => Kernel): void {
    if (!(#area in part)) throw new TypeError('That is no picture.');
    const areas = areasOf('map(kernel)', part.#now, others);
    runOn(areas, kernelFor(areas.length), part.#means);
  }
}

class Whole extends Part implements Pixels {
  readonly data: Uint8ClampedArray;

  constructor(area: Area, means: Means, frame?: number) {
    super(area, means, frame);
    this.data = area.bytes;
  }
}

export const runKernel = Part.run;

type Areas = readonly [Area, ...Area[]];

function areasOf(where: string, own: Area, others: readonly PixelArea[]): Areas {
  if (others.length >= KERNEL_PICTURES)
    throw new RangeError(`${where}: it takes at most ${KERNEL_PICTURES - 1} further pictures, not ${others.length}.`);
  const areas = others.map((other) => {
    const area = Part.areaOf(other);
    if (!area) throw new TypeError(`${where}: the other is a picture, as copy() and region() answer it, or a colour.`);
    if (area.width !== own.width || area.height !== own.height)
      throw new RangeError(`${where}: the other is ${sizeOf(area)} and this ${sizeOf(own)}. Take a region of it.`);
    return area;
  });
  return [own, ...areas];
}

const sizeOf = ({ width, height }: Area) => `${width}x${height}`;

/** What is read elsewhere than it is written is read from a copy: no pixel may see what became of another. */
function runOn([own, ...others]: Areas, kernel: Kernel, { scratch, run }: Means): void {
  if (own.width === 0 || own.height === 0) return;
  scratch.during(() => {
    const from = looksAround(kernel) ? scratch.copyOf(own) : own;
    run(kernel, own, [from, ...others.map((other) => (overlaps(own, other) ? scratch.copyOf(other) : other))]);
  });
}

function channelsOf(color: Color): readonly [number, number, number, number] {
  const packed = parseColor(color);
  return [packed >>> 24, (packed >>> 16) & 255, (packed >>> 8) & 255, packed & 255];
}
