// Drawings with much room between them: what lies between is neither made nor handed over, and the picture is the same.
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { render } from '../render/pipeline.ts';
import { compile } from '../supervisor/compile.ts';
import { aDirectory, colorAt, ffmpeg, H264, plain, TAGGED } from './clips.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);

beforeAll(() => {
  ffmpeg(...plain('red', 'bt709', '320x320'), ...H264, ...TAGGED, at('clip.mp4'));
});

const renderedAs = async (name: string, frame: string) => {
  const text = `import { effect } from '@plinth/sdk/effect';\nexport default effect({ title: 'Try', frame({ canvas, index }) { ${frame} } });`;
  const output = at(`${name}.mp4`);
  const { plan, why } = await render({
    input: at('clip.mp4'),
    output,
    effects: [{ compiled: await compile(`${name}.ts`, text) }],
  });
  return { output, stage: plan.stages[0], why };
};

const TITLE = "canvas.rect(20, 10, 100 + index, 30, { fill: '#00ff00' });";
const NAME = "canvas.circle(160, 280, 25, { fill: '#0000ffcc' });";

test('a title above and a name below are laid over as two boxes', async () => {
  const { output, stage, why } = await renderedAs('apart', TITLE + NAME);
  expect(stage).toMatchObject({ way: 'overlay', boxes: [{ y: 8 }, { y: 254 }] });
  expect(why).toMatch(/within \d+x34 at \d+,8 and \d+x5\d at \d+,254/);
  const near = (x: number, y: number, wanted: readonly number[]) =>
    colorAt(output, 10, x, y).forEach((value, channel) => {
      expect(Math.abs(value - (wanted[channel] ?? 0)), `${x},${y}`).toBeLessThan(12);
    });
  near(60, 25, [0, 255, 0]);
  near(60, 5, [255, 0, 0]);
  near(60, 160, [255, 0, 0]);
  near(160, 280, [51, 0, 204]);
  near(160, 312, [255, 0, 0]);
});

test('what is near each other is one box', async () => {
  const { stage } = await renderedAs('near', `${TITLE} canvas.rect(20, 60, 100, 30);`);
  expect(stage).toMatchObject({ way: 'overlay', boxes: [{ y: 8, height: 84 }] });
});
