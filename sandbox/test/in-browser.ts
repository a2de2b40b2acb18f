// Bundled for a page: what a preview does with the portable rooms.
import { createFrames } from '../colour/frames.ts';
import { FONT_FILES } from '../draw/fonts.ts';
import { rasterise } from '../draw/raster.ts';

/** `files` are the fonts' bytes as base64, in the order of FONT_FILES, `over` the picture below. Both are RGBA, as is what it answers. */
export async function drawInBrowser(
  recording: DrawnThere,
  files: readonly string[],
  over?: readonly number[],
): Promise<number[]> {
  const { width, height, list, strings } = recording;
  const faces = FONT_FILES.map(({ family, weight }, at) => {
    return new FontFace(family, `url(data:font/woff2;base64,${files[at]})`, { weight: String(weight) });
  });
  for (const face of await Promise.all(faces.map((face) => face.load()))) document.fonts.add(face);
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (over) context.putImageData(new ImageData(Uint8ClampedArray.from(over), width, height), 0, 0);
  rasterise(Float64Array.from(list), list.length, strings, context, new Map());
  return [...context.getImageData(0, 0, width, height).data];
}

export interface DrawnThere {
  readonly width: number;
  readonly height: number;
  readonly list: readonly number[];
  readonly strings: readonly string[];
}

/** The bytes of a frame's planes as RGBA. */
export function convertInBrowser(width: number, height: number, planes: readonly number[]): number[] {
  const frames = createFrames({ width, height });
  frames.i420.set(planes);
  frames.toRgba();
  return [...frames.rgba];
}

// The little of a browser's types that this file needs.
declare const document: { readonly fonts: { add(face: FontFace): void } };
declare class FontFace {
  constructor(family: string, source: string, about: { weight: string });
  load(): Promise<FontFace>;
}
declare class ImageData {
  constructor(data: Uint8ClampedArray, width: number, height: number);
}
declare class OffscreenCanvas {
  constructor(width: number, height: number);
  getContext(kind: '2d'): import('../draw/raster.ts').Context2D & {
    getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
    putImageData(picture: ImageData, x: number, y: number): void;
  };
}
