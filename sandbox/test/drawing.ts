// Draws for tests, as a render does: canvas, list, raster.
import { createCanvas } from '@napi-rs/canvas';
import type { Canvas } from '@plinth/sdk/effect.ts';
import { type Box, boundsOf } from '../draw/bounds.ts';
import { RecordingCanvas } from '../draw/canvas.ts';
import { StringTable } from '../draw/check.ts';
import { type DrawableImage, drawableOf } from '../draw/images.ts';
import { LIST_LENGTH } from '../draw/ops.ts';
import { type Context2D, type Images, rasterise } from '../draw/raster.ts';
import { Recorder } from '../draw/recorder.ts';
import type { ImageSizes } from '../draw/shapes.ts';
import { registerFonts, registerFontsFor } from '../render/fonts.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** RGBA, not premultiplied. */
  readonly data: Uint8ClampedArray;
  at(x: number, y: number): readonly number[];
}

export function record(width: number, height: number, draw: (canvas: Canvas) => void, images: ImageSizes = {}) {
  const list = new Float64Array(LIST_LENGTH);
  const recorder = new Recorder(list);
  const canvas = new RecordingCanvas(recorder, width, height, images);
  recorder.reset();
  draw(canvas);
  const table = new StringTable();
  table.add(recorder.takeNewStrings());
  return { width, height, list: list.slice(0, recorder.length), strings: table.strings };
}
export type Recording = ReturnType<typeof record>;

export function raster(
  { width, height, list, strings }: Recording,
  images: Images = new Map(),
  origin = { x: 0, y: 0 },
): Picture {
  registerFonts();
  registerFontsFor(strings);
  const context = createCanvas(width, height).getContext('2d');
  rasterise(list, list.length, strings, context, images, origin);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data, at: (x, y) => [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)] };
}

/** A canvas as a picture that can be drawn. */
export function drawable(canvas: { readonly width: number; readonly height: number }): DrawableImage {
  return drawableOf(
    canvas,
    canvas,
    (width, height) => createCanvas(width, height).getContext('2d') as unknown as Context2D,
  );
}

/** What a small canvas looks like after drawing on it. */
export function picture(draw: (canvas: Canvas) => void, width = 100, height = 100): Picture {
  return raster(record(width, height, draw));
}

/** The box that holds every pixel that is not wholly transparent. */
export function inkOf({ width, height, data }: Picture): Box | undefined {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let at = 3; at < data.length; at += 4) {
    if (data[at] === 0) continue;
    const [x, y] = [((at - 3) / 4) % width, Math.floor((at - 3) / 4 / width)];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  }
  return right < 0 ? undefined : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

export function boundsOfRecording({ list, strings, width, height }: Recording): Box | undefined {
  return boundsOf(list, list.length, strings, width, height);
}
