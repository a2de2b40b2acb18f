// A storyboard for the seek bar: sheets of small pictures, and a text that says when and where each of them is.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SpritesRecipe } from '@plinth/sdk/services/media-recipes.ts';
import type { Static } from 'typebox';
import { ANONYMOUS, chain, clipIn, graphed } from '../commands.ts';
import { QUIET } from '../input.ts';
import type { ClipFacts } from '../probe.ts';
import type { Size } from '../window.ts';
import { clipOf } from './clip.ts';
import { fromVideo } from './image.ts';
import { type Job, type Made, run, shown, TOLD } from './job.ts';
import { fitWhole, sizeOf } from './sizes.ts';

type Recipe = Static<typeof SpritesRecipe>;

const USUAL = 100;
const COLUMNS = 10;
const ROWS = 10;
/** From this distance on keyframes are near enough, and the rest of the clip need not be decoded. */
const KEYFRAMES_FROM_SECONDS = 5;

export async function sprites(job: Job, { every: asked, height = 90 }: Recipe): Promise<Made[]> {
  const clip = clipOf(job);
  const every = asked ?? Math.max(1, Math.ceil(clip.duration / USUAL));
  const tile = sizeOf(clip, height);
  const story = { every, tile, count: Math.max(1, Math.ceil(clip.duration / every - 1e-6)) };
  const sheets = Math.ceil(story.count / (COLUMNS * ROWS));
  await run(job, { args: (place) => command(job, clip, story)(place), frames: sheets, seconds: clip.duration });
  await writeFile(join(job.workspace, 'sprites.vtt'), textOf(story, clip.duration));
  const grid = gridOf(story.count);
  const size = { width: grid.columns * tile.width, height: grid.rows * tile.height };
  const pictures = Array.from({ length: sheets }, (_, at) => ({ name: sheetName(at), type: 'image/jpeg', ...size }));
  return [{ name: 'sprites.vtt', type: 'text/vtt', main: true, duration: clip.duration }, ...pictures];
}

interface Story {
  readonly every: number;
  readonly tile: Size;
  readonly count: number;
}

const sheetName = (at: number) => `sprites-${at + 1}.jpg`;

/** All sheets are as large as the first. */
const gridOf = (count: number) => ({
  columns: Math.min(COLUMNS, count),
  rows: Math.min(ROWS, Math.ceil(count / COLUMNS)),
});

const command = (job: Job, clip: ClipFacts, { every, tile, count }: Story) => {
  // As a clip that has that many frames: each shows the middle of its time.
  const slow: ClipFacts = { ...clip, fps: { num: 1000, den: Math.round(1000 * every) }, frames: count };
  const task = shown(job, { clip: slow, window: { first: 0, frames: count, whole: true }, fit: fitWhole(slow, tile) });
  const { columns, rows } = gridOf(count);
  const graph = `[0:${clip.stream}]${chain(task)},tile=${columns}x${rows},${fromVideo('jpeg')}[v]`;
  const sparse = every >= KEYFRAMES_FROM_SECONDS ? ['-skip_frame', 'nokey'] : [];
  return (place: { input(index: number): string; output(name: string): string }) => [
    ...[...QUIET, ...sparse, ...clipIn(task, place), ...graphed(job, graph), '-map', '[v]', '-vsync', 'passthrough'],
    ...['-c:v', 'mjpeg', '-q:v', '5', '-huffman', 'optimal', ...ANONYMOUS, ...TOLD],
    ...['-f', 'image2', '-start_number', '1', place.output('sprites-%d.jpg')],
  ];
};

function textOf({ every, tile, count }: Story, duration: number): string {
  const perSheet = COLUMNS * ROWS;
  const cues = Array.from({ length: count }, (_, index) => {
    const at = index % perSheet;
    const [x, y] = [(at % COLUMNS) * tile.width, Math.floor(at / COLUMNS) * tile.height];
    const until = Math.min(duration, (index + 1) * every);
    const where = `${sheetName(Math.floor(index / perSheet))}#xywh=${x},${y},${tile.width},${tile.height}`;
    return `${clock(index * every)} --> ${clock(until)}\n${where}\n`;
  });
  return ['WEBVTT\n', ...cues].join('\n');
}

/** @example clock(61.5) // '00:01:01.500' */
const clock = (seconds: number) => new Date(Math.round(1000 * seconds)).toISOString().slice(11, 23);
