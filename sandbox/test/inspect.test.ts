import { expect, test } from 'vitest';
import { inspect } from '../render/inspect.ts';
import { compile } from '../supervisor/compile.ts';

const SCENE = { width: 64, height: 48, fps: 30, duration: 0.2, frames: 6, seed: 1, params: {}, data: {} };

const rehearsed = async (body: string) =>
  inspect(
    await compile(
      'tried.ts',
      `import { effect } from '@plinth/sdk/effect';\nexport default effect({ title: 'Tried', ${body} });`,
    ),
    SCENE,
    { rehearse: true },
  );

test('an effect that touches pixels is tried on a picture, and its time is told', async () => {
  const { seen, frameMs } = await rehearsed('frame({ pixels }) { pixels.map(({ r, g, b }) => [b, g, r]); }');
  expect(seen.pixelFrames).toBe(6);
  expect(frameMs).toBeGreaterThan(0);
});

test('what fails only where there is a picture is told, by its frame and its place', async () => {
  const failing = rehearsed('frame({ pixels, index }) { pixels.blur(1);\nif (index === 4) pixels.blur(Number.NaN); }');
  await expect(failing).rejects.toMatchObject({
    code: 'render.effect_failed',
    extensions: { frame: 4, error: { file: 'tried.ts', line: 3 } },
  });
});

test('what an effect says of itself is short, as results and galleries repeat it', async () => {
  const saying = async (described: string) =>
    inspect(
      await compile(
        'said.ts',
        `import { effect, text } from '@plinth/sdk/effect';\nexport default effect({ ${described}, frame() {} });`,
      ),
      SCENE,
    );
  const refused = (detail: RegExp) => ({ code: 'render.effect_failed', detail: expect.stringMatching(detail) });
  await expect(saying("title: 'x'.repeat(201)")).rejects.toMatchObject(refused(/title is longer than 200/));
  const long = "title: 'Long', params: { words: text({ default: '', help: 'x'.repeat(300_000) }) }";
  await expect(saying(long)).rejects.toMatchObject(refused(/says of itself is longer/));
  expect((await saying("title: 'x'.repeat(200)")).description.title).toHaveLength(200);
});
