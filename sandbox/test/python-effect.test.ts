import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { inspect } from '../render/inspect.ts';
import { renderFrame } from '../render/render-frame.ts';
import { compile } from '../supervisor/compile.ts';
import { aDirectory, ffmpeg, H264, pattern } from './clips.ts';

const directory = aDirectory();
const clip = join(directory, 'clip.mp4');
beforeAll(() => ffmpeg(...pattern(), ...H264, clip));

const scene = { width: 320, height: 180, fps: 30, duration: 1, frames: 30, params: {}, data: {}, seed: 7 };
const open = async (text: string, more = {}) => inspect(await compile('mine.py', text), { ...scene, ...more });

const head = 'from plinth import *\nimport random\n';

test('params come with their defaults, and setup is called once before the first frame', async () => {
  const text = `${head}
def setup(scene):
    return {"wide": scene.width * scene.params.part}

@effect(title="Mine", params={"part": number(0.5, max=1)}, setup=setup)
def frame(f):
    if f.state["wide"] != 160:
        raise ValueError(f.state)
    f.canvas.rect(0, 0, f.state["wide"], 10)
`;
  const { description, seen } = await open(text);
  expect(description).toMatchObject({ title: 'Mine', params: { part: { kind: 'number', default: 0.5, max: 1 } } });
  expect(seen).toMatchObject({ drawnFrames: 30, pixelFrames: 0, drawings: 1 });
  await expect(open(text, { params: { part: 2 } })).rejects.toThrow(/at most 1/);
});

test('an error is told by its frame and its place', async () => {
  const text = `${head}\n@effect(title="Mine")\ndef frame(f):\n    if f.index == 3:\n        f.nothing()\n`;
  await expect(open(text)).rejects.toMatchObject({
    extensions: { frame: 3, error: { file: 'mine.py', line: 7, code: 'sandbox.threw' } },
  });
});

test('a file without an effect is told so', async () => {
  await expect(open('x = 1')).rejects.toThrow(/no effect/);
});

test('Python’s own chance gives the same picture for the same seed, and another for another', async () => {
  const text = `${head}
@effect(title="Mine")
def frame(f):
    f.canvas.circle(random.random() * f.width, f.random() * f.height, 30, fill="#ffffff")
`;
  const effects = [{ compiled: await compile('mine.py', text) }];
  const pictureOf = async (seed: number) => {
    const output = join(directory, `${crypto.randomUUID()}.png`);
    await renderFrame({ input: clip, output, effects, at: 0.5, seed });
    return readFileSync(output).toString('base64');
  };
  const [first, again, other] = [await pictureOf(1), await pictureOf(1), await pictureOf(2)];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});
