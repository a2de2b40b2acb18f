import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import type { Canvas } from '@plinth/sdk/effect.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { openImages, sizesOf } from '../child/images.ts';
import { IMAGE_PIXELS } from '../limits.ts';
import { renderFrame } from '../render/render-frame.ts';
import { compile } from '../supervisor/compile.ts';
import { aDirectory, ffmpeg, H264, plain } from './clips.ts';
import { drawable, inkOf, raster, record } from './drawing.ts';

/** Left half red, right half blue. */
function halves(width = 40, height = 20) {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = '#ff0000';
  context.fillRect(0, 0, width / 2, height);
  context.fillStyle = '#0000ff';
  context.fillRect(width / 2, 0, width / 2, height);
  return canvas;
}
const svg = (tag: string) =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${tag}><rect width="40" height="20" fill="red"/></svg>`);

const open = async (bytes: Buffer) => {
  const images = await openImages({ logo: bytes.toString('base64') });
  const sizes = sizesOf(images);
  const draw = (canvas: Canvas) => canvas.image('logo', 10, 10, 80, 40);
  return { size: sizes.logo, seen: raster(record(100, 60, draw, sizes), images) };
};

describe('a picture is drawn as it is, from', () => {
  test.each(['image/png', 'image/jpeg', 'image/webp', 'image/avif', 'image/gif'] as const)('%s', async (kind) => {
    const { size, seen } = await open(halves().toBuffer(kind as 'image/png'));
    expect(size).toEqual({ width: 40, height: 20 });
    expect(inkOf(seen)).toEqual({ x: 10, y: 10, width: 80, height: 40 });
    const [red = [], blue = []] = [seen.at(20, 30), seen.at(80, 30)];
    for (const [at, value] of [255, 0, 0].entries()) {
      expect(Math.abs((red[at] ?? 0) - value)).toBeLessThan(12);
      expect(Math.abs((blue[2 - at] ?? 0) - value)).toBeLessThan(12);
    }
  });

  test('SVG, with the size it says or the shape of its view', async () => {
    for (const tag of ['width="40" height="20"', 'viewBox="0 0 40 20"', 'viewBox="0,0,40,20" width="40" height="20"']) {
      const { size, seen } = await open(svg(tag));
      expect(size).toEqual({ width: 40, height: 20 });
      expect(seen.at(80, 30)).toEqual([255, 0, 0, 255]);
    }
  });

  test('a photograph that was taken on its side, upright', async () => {
    const jpeg = halves().toBuffer('image/jpeg');
    const turned = Buffer.from('Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0', 'latin1');
    const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0, turned.length + 2]), turned]);
    const { size, seen } = await open(Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]));
    expect(size).toEqual({ width: 20, height: 40 });
    expect(seen.at(50, 15)[0]).toBeGreaterThan(240);
    expect(seen.at(50, 45)[2]).toBeGreaterThan(240);
  });
});

describe('in a render', () => {
  const directory = aDirectory();
  const clip = join(directory, 'clip.mp4');
  const logo = join(directory, 'logo.png');
  beforeAll(() => {
    ffmpeg(...plain('gray', 'bt709'), ...H264, clip);
    writeFileSync(logo, halves().toBuffer('image/png'));
  });
  const typescript = `import { effect, image } from '@plinth/sdk/effect';
export default effect({ title: 'Logo', params: { logo: image() }, frame({ canvas, params }) {
  const size = canvas.imageSize(params.logo);
  if (size) canvas.image(params.logo, 20, 20, size.width * 3, size.height * 3);
} });`;
  const python = `from plinth import effect, image
@effect(title="Logo", params={"logo": image()})
def frame(f):
    size = f.canvas.image_size(f.params.logo)
    if size:
        f.canvas.image(f.params.logo, 20, 20, size.width * 3, size.height * 3)
`;
  const show = async (file: string, source: string, images: Readonly<Record<string, string>>) => {
    const output = join(directory, `${file}.png`);
    const compiled = await compile(file, source);
    const { effects } = await renderFrame({ input: clip, output, effects: [{ compiled, images }], at: 0.2 });
    const shown = createCanvas(320, 180).getContext('2d');
    shown.drawImage(await loadImage(output), 0, 0);
    return { effects, at: (x: number, y: number) => [...shown.getImageData(x, y, 1, 1).data] };
  };

  test.each([
    ['logo.ts', typescript],
    ['logo.py', python],
  ])('a param draws it by its own size, and nothing while there is none: %s', async (file, source) => {
    const { at } = await show(file, source, { logo });
    expect(at(50, 50)[0]).toBeGreaterThan(230);
    expect(at(50, 50)[2]).toBeLessThan(30);
    expect(at(120, 70)[2]).toBeGreaterThan(230);
    expect(at(145, 50)[0]).toBeGreaterThan(100);
    expect((await show(file, source, {})).effects[0]?.seen.drawnFrames).toBe(0);
  });

  test('files that are not there, or not asked for, are told so', async () => {
    await expect(show('logo.ts', typescript, { logo: join(directory, 'none.png') })).rejects.toThrow(
      /none.png for "logo"/,
    );
    await expect(show('logo.ts', typescript, { picture: logo })).rejects.toThrow(/no such param. There are: logo/);
    const words = typescript
      .replace('image()', "'' as never")
      .replace('image }', 'text }')
      .replace("'' as never", "text('')");
    await expect(show('logo.ts', words, { logo })).rejects.toThrow(/"logo" takes no picture/);
    await expect(show('logo.ts', typescript, { logo: clip })).rejects.toThrow(/The picture for "logo" cannot be read/);
  });
});

describe('what is no picture is refused by the name of its param', () => {
  const refused = /The picture for "logo" cannot be read. It is a PNG, JPEG/;

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a text', Buffer.from('hello')],
    ['a page', Buffer.from('<html><body>hi</body></html>')],
    ['a PNG’s beginning alone', halves().toBuffer('image/png').subarray(0, 20)],
  ])('%s', async (_what, bytes) => {
    await expect(open(bytes)).rejects.toMatchObject({ failure: { message: expect.stringMatching(refused) } });
  });

  test('one that would unpack to more than there is room for, before it is unpacked', async () => {
    const png = halves().toBuffer('image/png');
    const side = Math.ceil(Math.sqrt(IMAGE_PIXELS)) + 1;
    // Width and height in its head.
    png.writeUInt32BE(side, 16);
    png.writeUInt32BE(side, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    await expect(open(png)).rejects.toMatchObject({ failure: { message: expect.stringMatching(refused) } });
  });
});

test('fine lines of a large picture are mixed, not left out', () => {
  const canvas = createCanvas(1_000, 100);
  const context = canvas.getContext('2d');
  context.fillStyle = '#000000';
  context.fillRect(0, 0, 1_000, 100);
  context.fillStyle = '#ffffff';
  for (let x = 0; x < 1_000; x += 9) context.fillRect(x, 0, 3, 100);
  const draw = (one: Canvas) => one.image('lines', 0, 0, 100, 10);
  const seen = raster(record(100, 10, draw, { lines: canvas }), new Map([['lines', drawable(canvas)]]));
  const lights = Array.from({ length: 90 }, (_, x) => seen.at(x + 5, 5)[0] ?? 0);
  // A third of it is white. What takes four pixels for each would swing from 0 to 255.
  expect(Math.min(...lights)).toBeGreaterThan(40);
  expect(Math.max(...lights)).toBeLessThan(140);
});
