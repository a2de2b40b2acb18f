// What a frame of 1280x720 costs by itself: its colours to RGBA and back beside the same in plain JavaScript, and a drawing
// of 51 operations from the canvas to the pixels.
import { createCanvas } from '@napi-rs/canvas';
import { createFrames } from '../sandbox/colour/frames.ts';
import { boundsOf } from '../sandbox/draw/bounds.ts';
import { RecordingCanvas } from '../sandbox/draw/canvas.ts';
import { StringTable } from '../sandbox/draw/check.ts';
import { LIST_LENGTH } from '../sandbox/draw/ops.ts';
import { rasterise } from '../sandbox/draw/raster.ts';
import { Recorder } from '../sandbox/draw/recorder.ts';
import { registerFonts } from '../sandbox/render/fonts.ts';
import { type BenchResult, median } from './result.ts';

const [WIDTH, HEIGHT] = [1280, 720];
const ROUNDS = 120;

export default async function frame(): Promise<BenchResult> {
  const frames = createFrames({ width: WIDTH, height: HEIGHT });
  for (let at = 0; at < frames.i420.length; at++) frames.i420[at] = 40 + (((at * 7919) >> 4) % 160);
  const drawing = drawingOf();
  const tasks: Record<string, () => void> = {
    toRgba: frames.toRgba,
    toRgbaPlain: () => plainToRgba(frames.i420, frames.rgba),
    fromRgba: frames.fromRgba,
    blend: () => frames.blend(),
    toYuva: () => void frames.toYuva(),
    ...drawing,
  };
  const times = new Map(Object.keys(tasks).map((name) => [name, [] as number[]]));
  // As in the middle of a render.
  for (let warm = 0; warm < 1_000; warm++) for (const name of ['record', 'bounds']) tasks[name]?.();
  // In turns, so that all meet the same machine.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, task] of Object.entries(tasks)) {
      const start = performance.now();
      task();
      times.get(name)?.push(performance.now() - start);
    }
    // Skia's copies of its pixels are freed only then.
    if (round % 4 === 3) await new Promise(setImmediate);
    if (round === 0) halfCovered(frames.layer);
  }
  const medians = Object.fromEntries([...times].map(([name, all]) => [`${name} ms`, Number(median(all).toFixed(3))]));
  const ratio = median(times.get('toRgbaPlain') ?? []) / median(times.get('toRgba') ?? []);
  return { ratio: { 'toRgba to plain JavaScript': ratio }, medians };
}

function halfCovered(layer: Uint8Array): void {
  for (let at = 0; at < layer.length / 2; at += 4) layer.set([90, 60, 30, ((at >> 4) % 166) + 90], at);
}

function plainToRgba(planes: Uint8Array, rgba: Uint8ClampedArray): void {
  const [size, half] = [WIDTH * HEIGHT, WIDTH / 2];
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, at++) {
      const pair = size + (y >> 1) * half + (x >> 1);
      const light = 76_309 * ((planes[at] ?? 0) - 16);
      const blue = (planes[pair] ?? 0) - 128;
      const red = (planes[pair + size / 4] ?? 0) - 128;
      rgba[4 * at] = (light + 117_489 * red + 32_768) >> 16;
      rgba[4 * at + 1] = (light - 13_975 * blue - 34_925 * red + 32_768) >> 16;
      rgba[4 * at + 2] = (light + 138_438 * blue + 32_768) >> 16;
      rgba[4 * at + 3] = 255;
    }
  }
}

/** 14 gradients, 16 texts, 20 discs and a line of 60 points. */
function drawingOf(): Record<string, () => void> {
  registerFonts();
  const list = new Float64Array(LIST_LENGTH);
  const recorder = new Recorder(list);
  const canvas = new RecordingCanvas(recorder, WIDTH, HEIGHT);
  const context = createCanvas(WIDTH, HEIGHT).getContext('2d');
  const table = new StringTable();
  const images = new Map();
  let frame = 0;
  const record = () => {
    recorder.reset();
    frame += 1;
    for (let at = 0; at < 14; at++) {
      const top = 100 + 20 * Math.sin(frame / 9 + at);
      const fill = {
        from: [0, top],
        to: [0, 300],
        stops: [
          [0, '#ff3b6b'],
          [1, '#3b6bff80'],
        ],
      } as const;
      canvas.rect(at * 90, top, 60, 300 - top, { radius: 8, fill });
    }
    for (let at = 0; at < 16; at++)
      canvas.text(`Line ${at} of the drawing`, 40 + (frame % 50), 40 + at * 40, { size: 28, fill: '#fff' });
    for (let at = 0; at < 20; at++)
      canvas.circle(at * 60 + (frame % 30), 400, 20, { fill: `hsl(${at * 18}, 80%, 50%)` });
    const points = Array.from({ length: 60 }, (_, at) => [at * 20, 500 + 50 * Math.sin(at + frame / 9)] as const);
    canvas.polygon(points, { open: true, stroke: '#0f8', lineWidth: 3 });
    table.add(recorder.takeNewStrings());
  };
  return {
    record,
    bounds: () => void boundsOf(list, recorder.length, table.strings, WIDTH, HEIGHT),
    raster() {
      context.clearRect(0, 0, WIDTH, HEIGHT);
      rasterise(list, recorder.length, table.strings, context, images);
      context.canvas.data();
    },
  };
}
