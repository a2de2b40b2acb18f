import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadImage } from '@napi-rs/canvas';
import type { Param, Params } from '@plinth/sdk/effect.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { backdropClip } from '../generate/backdrop-clip.ts';
import { sceneData } from '../generate/scene.ts';
import type { EffectUse } from '../render/effect-use.ts';
import { inspect } from '../render/inspect.ts';
import { render } from '../render/pipeline.ts';
import { renderFrame } from '../render/render-frame.ts';
import { compile } from '../supervisor/compile.ts';
import { aDirectory } from './clips.ts';

const LIBRARY = join(import.meta.dirname, '../library');
const effects = readdirSync(LIBRARY).filter((file) => /\.(ts|py)$/.test(file));
const open = (file: string) => compile(file, readFileSync(join(LIBRARY, file), 'utf8'));

const directory = aDirectory();
const [FPS, SECONDS] = [4, 3];
const FRAMES = FPS * SECONDS;
const SHAPES = { wide: { width: 1280, height: 720 }, upright: { width: 360, height: 640 } } as const;
type Shape = keyof typeof SHAPES;
const SCREEN = '#19c24b';
const clipFor = (file: string, shape: Shape) =>
  join(directory, `${shape}${file.startsWith('chroma') ? '-screen' : ''}.mp4`);

beforeAll(async () => {
  for (const shape of ['wide', 'upright'] as const) {
    const clip = { ...SHAPES[shape], fps: FPS, seconds: SECONDS };
    await backdropClip(join(directory, `${shape}.mp4`), clip);
    await backdropClip(join(directory, `${shape}-screen.mp4`), { ...clip, screen: SCREEN });
  }
}, 120_000);

/** What each frame looks like from afar: the mean colours of a few fields. */
const GRID = { wide: [16, 9], upright: [9, 16] } as const;
function framesOf(clip: string, shape: Shape): readonly Buffer[] {
  const [across, down] = GRID[shape];
  const args = [
    '-v',
    'error',
    '-i',
    clip,
    '-vf',
    `scale=${across}:${down}:flags=area,format=rgb24`,
    '-f',
    'rawvideo',
    '-',
  ];
  const bytes = execFileSync('ffmpeg', args);
  const size = across * down * 3;
  return Array.from({ length: bytes.length / size }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

const far = (one: Buffer, other: Buffer) => one.map((value, at) => Math.abs(value - (other[at] ?? 0)));
const mean = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

async function rendered(file: string, shape: Shape): Promise<string> {
  const output = join(directory, `${file}-${shape}-${crypto.randomUUID()}.mp4`);
  const made = new Date('2026-01-01T00:00:00Z');
  const data = sceneData(FRAMES, FPS);
  await render({ input: clipFor(file, shape), output, effects: [{ compiled: await open(file) }], data, made });
  return output;
}

/** One frame as it is before it is encoded: that x264 makes the same of the same is its own promise. */
async function pictured(file: string): Promise<string> {
  const output = join(directory, `${file}-${crypto.randomUUID()}.png`);
  const data = sceneData(FRAMES, FPS);
  const effects = [{ compiled: await open(file) }];
  await renderFrame({ input: clipFor(file, 'upright'), output, effects, data, at: 2 });
  return output;
}

/** Written anew with GOLDEN=write, when an effect is meant to look different; look at its poster then. */
const GOLDEN = join(import.meta.dirname, 'library-golden.json');
const golden: Record<string, string> = existsSync(GOLDEN) ? JSON.parse(readFileSync(GOLDEN, 'utf8')) : {};
const isWriting = process.env.GOLDEN === 'write';
/** Frames that are compared: early, and when most has come. */
const SEEN = { wide: [5, 11], upright: [9] } as const;

describe.each(effects)('%s', (file) => {
  test.each(['wide', 'upright'] as const)(
    'shows itself, as it was, in a %s picture',
    { timeout: 60_000 },
    async (shape) => {
      const [clip, result] = [framesOf(clipFor(file, shape), shape), framesOf(await rendered(file, shape), shape)];
      expect(result.length).toBe(FRAMES);
      const changed = result.map((frame, at) => Math.max(...far(frame, clip[at] ?? frame)));
      // What is only encoded anew differs by one or two.
      expect(Math.max(...changed)).toBeGreaterThan(4);
      for (const at of SEEN[shape]) {
        const [name, seen] = [`${file} ${shape} ${at}`, result[at] ?? Buffer.alloc(0)];
        if (isWriting) golden[name] = seen.toString('base64');
        const off = far(seen, Buffer.from(golden[name] ?? '', 'base64'));
        // Anti-aliasing and encoders differ by one or two; a text that is gone or elsewhere by far more.
        expect(mean(off)).toBeLessThan(2.5);
        expect(Math.max(...off)).toBeLessThan(26);
      }
      if (isWriting) writeFileSync(GOLDEN, `${JSON.stringify(golden, undefined, 2)}\n`);
    },
  );

  test('has a poster that is small enough to be looked at with all others', async () => {
    const poster = readFileSync(join(LIBRARY, 'posters', file.replace(/\..*$/, '.webp')));
    expect(poster.length).toBeLessThan(20 * 1024);
    expect(await loadImage(poster)).toMatchObject({ width: 480, height: 270 });
  });
});

test('every effect says what it is, and helps with its params', async () => {
  for (const file of effects) {
    const { description } = await inspect(await open(file), scene);
    expect(description.title, file).toMatch(/^[A-Z]/);
    expect(description.summary?.length, file).toBeGreaterThan(30);
    const params = Object.entries(description.params);
    expect(params.length, file).toBeGreaterThan(1);
    if (params.length > 5) expect(params.filter(([, { group }]) => group).length, file).toBeGreaterThan(2);
    for (const [name, { kind, min, max }] of params)
      if (kind === 'number' || kind === 'integer')
        expect([min, max].every(Number.isFinite), `${file}: ${name}`).toBe(true);
  }
  const kinds = (ending: string) => effects.filter((file) => file.endsWith(ending)).length;
  expect(effects.length).toBeGreaterThanOrEqual(24);
  expect(kinds('.ts') * 2).toBeGreaterThanOrEqual(effects.length);
  expect(kinds('.py') * 3).toBeGreaterThanOrEqual(effects.length);
}, 60_000);

const scene = { width: 64, height: 36, fps: FPS, duration: 1, frames: FPS, params: {}, data: {}, seed: 7 };

/** The ends of what may be asked for. */
function extreme({ kind, min, max, options, maxLength, default: usual }: Param<unknown>, most: boolean): unknown {
  if (kind === 'number' || kind === 'integer') return most ? max : min;
  if (kind === 'boolean') return most;
  if (kind === 'choice') return most ? options?.at(-1) : options?.[0];
  if (kind === 'text')
    return most
      ? 'Wörter 漢字 مرحبا 👩‍🚀 '
          .repeat(200)
          .slice(0, maxLength ?? 2_000)
          .toWellFormed()
      : '';
  if (kind === 'color') return most ? '#00ff00ff' : '#00000000';
  if (kind === 'point') return most ? { x: 1.5, y: 1.5 } : { x: -0.5, y: -0.5 };
  if (kind === 'font') return most ? 'Display' : 'Serif';
  return kind === 'dataset' ? (most ? STRANGE_ROWS : []) : usual;
}
const STRANGE_ROWS = [
  { name: 'A name that is far too long for any bar or corner', value: 1e12, more: -5, lat: 89, lon: 179 },
  { name: null, value: 'twelve', lat: -89, lon: -179 },
  { value: null, lat: 0, lon: 0 },
  {},
];
const extremes = (params: Params, most: boolean) =>
  Object.fromEntries(Object.entries(params).map(([name, param]) => [name, extreme(param, most)]));

/** So many at once: each has an isolate of its own in one process. */
const TOGETHER = 4;
const groups = ['.ts', '.py'].flatMap((ending) => {
  const files = effects.filter((file) => file.endsWith(ending));
  return Array.from({ length: Math.ceil(files.length / TOGETHER) }, (_, at) =>
    files.slice(at * TOGETHER, (at + 1) * TOGETHER),
  );
});

describe.each(groups.map((files) => [files.join(', '), files] as const))('%s', (names, files) => {
  test.each([
    ['least', false],
    ['most', true],
  ] as const)('take the %s that may be asked of them', { timeout: 60_000 }, async (what, most) => {
    const uses: EffectUse[] = [];
    for (const file of files) {
      const compiled = await open(file);
      const { description } = await inspect(compiled, scene);
      uses.push({ compiled, params: extremes(description.params, most) });
    }
    const output = join(directory, `${what}-${names.length}.mp4`);
    const data = sceneData(FRAMES, FPS);
    // One after the other over one clip: where one of them fails, all of it does, and says which.
    await render({ input: join(directory, 'upright.mp4'), output, effects: uses, data, from: 1, to: 2 });
    expect(framesOf(output, 'upright').length).toBe(FPS);
  });
});

test('the same clip and the same seed give the same pictures, byte by byte', { timeout: 60_000 }, async () => {
  const drawnAndMixed = ['confetti.ts', 'film-grain.ts', 'glitch.py', 'matrix-rain.py', 'vhs.ts'];
  for (const file of drawnAndMixed) {
    const [one, other] = await Promise.all([pictured(file), pictured(file)]);
    expect(readFileSync(one).equals(readFileSync(other)), file).toBe(true);
  }
});
