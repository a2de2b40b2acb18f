// Pictures that people upload, decoded behind the wall: a file that breaks the decoder breaks nothing but its own render.
import './skia-settings.ts';
import { createCanvas, Image } from '@napi-rs/canvas';
import { type DrawableImage, drawableOf } from '../draw/images.ts';
import type { ImageSizes } from '../draw/shapes.ts';
import { IMAGE_PIXELS } from '../limits.ts';
import { GuestFailure } from './guest.ts';

/** By the params that name them: their bytes as base64, since what comes here comes as text. */
export type ImageFiles = Readonly<Record<string, string>>;

/** Drawings in vectors have no size that they lose anything at: they are drawn once, this large. */
const VECTOR_SIDE = 2_048;

/** @example const pictures = await openImages({ logo: bytes.toString('base64') }); */
export async function openImages(files: ImageFiles): Promise<ReadonlyMap<string, DrawableImage>> {
  const pictures = new Map<string, DrawableImage>();
  let room = IMAGE_PIXELS;
  for (const [name, file] of Object.entries(files)) {
    const picture = await openImage(Buffer.from(file, 'base64'), room).catch(() => refuse(name));
    room -= picture.levels[0]?.pixels ?? 0;
    pictures.set(name, picture);
  }
  return pictures;
}

export const sizesOf = (pictures: ReadonlyMap<string, DrawableImage>): ImageSizes =>
  Object.fromEntries([...pictures].map(([name, { width, height }]) => [name, { width, height }]));

function refuse(name: string): never {
  throw new GuestFailure(
    'threw',
    `The picture for "${name}" cannot be read. It is a PNG, JPEG, WebP, AVIF, GIF or SVG, and all pictures of an effect have at most ${IMAGE_PIXELS} pixels together.`,
  );
}

async function openImage(bytes: Buffer, room: number): Promise<DrawableImage> {
  const image = new Image();
  // Only its beginning is read here: what it would unpack to is known before it does.
  image.src = bytes;
  const vector = vectorSize(bytes, image);
  if (vector) [image.width, image.height] = [vector.drawn.width, vector.drawn.height];
  const pixels = image.width * image.height;
  if (!(pixels > 0 && pixels <= room)) throw new RangeError(`A picture of ${pixels} pixels.`);
  await image.decode();
  // Photographs that were taken on the side are turned by now.
  const { width, height } = vector?.drawn ?? { width: image.naturalWidth, height: image.naturalHeight };
  const makeCanvas = (w: number, h: number) => createCanvas(w, h).getContext('2d') as unknown as ReturnType<MakeCanvas>;
  const picture = drawableOf(image, { width, height }, makeCanvas);
  return vector ? { ...picture, ...vector.natural } : picture;
}
type MakeCanvas = Parameters<typeof drawableOf>[2];

interface Vector {
  readonly natural: { readonly width: number; readonly height: number };
  readonly drawn: { readonly width: number; readonly height: number };
}

const HEAD = 4_096;

function vectorSize(bytes: Buffer, { width, height }: Image): Vector | undefined {
  const head = bytes.toString('latin1', 0, HEAD);
  const [, tag] = /<svg\b([^>]*)>/i.exec(head) ?? [];
  if (tag === undefined) return undefined;
  const [, boxWidth, boxHeight] = /\bviewBox\s*=\s*["']\s*\S+[\s,]+\S+[\s,]+([\d.]+)[\s,]+([\d.]+)/i.exec(tag) ?? [];
  const isSized = /\swidth\s*=/i.test(tag) && /\sheight\s*=/i.test(tag);
  const natural =
    isSized || boxWidth === undefined ? { width, height } : { width: Number(boxWidth), height: Number(boxHeight) };
  const scale = VECTOR_SIDE / Math.max(natural.width, natural.height);
  return { natural, drawn: { width: Math.round(natural.width * scale), height: Math.round(natural.height * scale) } };
}
