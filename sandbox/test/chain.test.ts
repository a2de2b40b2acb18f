import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EffectUse } from '../render/effect-use.ts';
import { type RenderOptions, render } from '../render/pipeline.ts';
import { compile } from '../supervisor/compile.ts';
import { aDirectory, colorAt, ffmpeg, H264, plain, soundOf, TAGGED, tone, videoOf } from './clips.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);

const used = async (body: string, more: Partial<EffectUse> = {}): Promise<EffectUse> => {
  const source = `import { color, effect, number } from '@plinth/sdk/effect';\nexport default effect({ title: 'Try', ${body} });`;
  return { compiled: await compile('try.ts', source), ...more };
};

const fill = (r: number, g: number, b: number) => `frame({ pixels: { data } }) {
  for (let at = 0; at < data.length; at += 4) { data[at] = ${r}; data[at + 1] = ${g}; data[at + 2] = ${b}; }
}`;
const INVERT = `frame({ pixels: { data } }) {
  for (let at = 0; at < data.length; at++) if (at % 4 < 3) data[at] = 255 - data[at];
}`;
const NEGATE = `filters: () => [{ name: 'negate' }]`;
const square = (x: number, color: string, size = 40) =>
  `frame({ canvas }) { canvas.rect(${x}, 20, ${size}, ${size}, { fill: '${color}' }); }`;

async function rendered(effects: readonly EffectUse[], options: Partial<RenderOptions> = {}) {
  const output = at(`result-${Math.random()}.mp4`);
  const result = await render({ input: at('red.mp4'), output, effects, ...options });
  const pixel = (x: number, y: number, frame = 7) => colorAt(output, frame, x, y).map(Math.round);
  return { ...result, output, pixel, ways: result.plan.stages.map(({ way }) => way) };
}

function expectColor(found: readonly number[], wanted: readonly number[], within = 5) {
  for (const [index, value] of wanted.entries())
    expect(Math.abs((found[index] ?? 0) - value), `${found} for ${wanted}`).toBeLessThanOrEqual(within);
}

beforeAll(() => {
  ffmpeg(...plain('red', 'bt709'), ...H264, ...TAGGED, at('red-silent.mp4'));
  ffmpeg('-i', at('red-silent.mp4'), ...tone(0.5), '-c:v', 'copy', '-c:a', 'aac', at('red.mp4'));
});

describe('effects in a chain', () => {
  it('each see the picture that the one before made', async () => {
    const chain = [await used(fill(200, 120, 60)), await used(INVERT), await used(square(20, '#00ff00'))];
    const { pixel, ways, output } = await rendered(chain);
    expect(ways).toEqual(['planes']);
    expectColor(pixel(150, 100), [55, 135, 195]);
    expectColor(pixel(40, 40), [0, 255, 0]);
    expect(videoOf(output).frames).toBe(15);
    expect(soundOf(output)).toEqual(soundOf(at('red.mp4')));
  });

  it('draw before whoever looks at the picture, and are seen', async () => {
    const { pixel } = await rendered([await used(square(20, '#00ff00')), await used(INVERT)]);
    expectColor(pixel(150, 100), [0, 255, 255]);
    expectColor(pixel(40, 40), [255, 0, 255]);
  });

  it('may be as many as one process has no room for, and no more than may be', async () => {
    const many = await Promise.all(Array.from({ length: 9 }, () => used(INVERT)));
    const { pixel, ways } = await rendered(many);
    expectColor(pixel(150, 100), [0, 255, 255]);
    expect(ways).toHaveLength(3);
    await expect(rendered([...many, ...many])).rejects.toMatchObject({ code: 'render.long_chain' });
  });

  it('that only draw are one overlay, in their order', async () => {
    const chain = [await used(square(20, '#00ff00')), await used(square(40, '#0000ff'))];
    const { pixel, ways, plan } = await rendered(chain);
    expect(ways).toEqual(['overlay']);
    expect(plan.stages[0]).toMatchObject({ boxes: [{ x: 16, width: 72 }] });
    expectColor(pixel(28, 40), [0, 255, 0]);
    expectColor(pixel(50, 40), [0, 0, 255]);
    const reversed = await rendered([...chain].reverse());
    expectColor(reversed.pixel(50, 40), [0, 255, 0]);
  });

  it('ask for filters after what others drew or painted', async () => {
    const painted = await rendered([await used(fill(200, 120, 60)), await used(NEGATE)]);
    expect(painted.ways).toEqual(['planes', 'filters']);
    expectColor(painted.pixel(150, 100), [55, 135, 195], 8);
    const drawn = await rendered([
      await used(square(20, '#00ff00')),
      await used(NEGATE),
      await used(square(100, '#fff')),
    ]);
    expect(drawn.ways).toEqual(['overlay', 'planes']);
    expectColor(drawn.pixel(40, 40), [255, 0, 255]);
    expectColor(drawn.pixel(120, 40), [255, 255, 255]);
    expectColor(drawn.pixel(200, 120), [0, 255, 255]);
    expect(drawn.why).toMatch(/^An overlay: .* Then: 1 filter of FFmpeg first\. Planes/);
  });

  it('ask for filters before anything is drawn, and need no more than FFmpeg for all of them', async () => {
    const chain = [await used(NEGATE), await used(`filters: () => [{ name: 'hflip' }], ${square(20, '#00ff00')}`)];
    const { pixel, ways } = await rendered(chain);
    expect(ways).toEqual(['overlay']);
    expectColor(pixel(40, 40), [0, 255, 0]);
    expectColor(pixel(150, 100), [0, 255, 255]);
  });

  it('have params and seeds of their own', async () => {
    const size = `params: { size: number(10) }, frame({ canvas, params, random }) {
      canvas.rect(20, 20, params.size, 20, { fill: '#00ff00' });
      canvas.rect(200, 100, 20, 20, { fill: random() === random() ? '#000' : 'hsl(' + Math.floor(random() * 360) + ', 100%, 50%)' });
    }`;
    const one = await used(size, { params: { size: 60 }, seed: 3 });
    const [first, other] = [await rendered([one]), await rendered([await used(NEGATE), { ...one, seed: 4 }])];
    expectColor(first.pixel(70, 30), [0, 255, 0]);
    expect(first.pixel(210, 110)).not.toEqual(other.pixel(210, 110));
    expect(other.provenance.effects.map(({ seed }) => seed)).toEqual([1, 4]);
  });

  it('of different parties never share a process', async () => {
    const both = [await used(square(20, '#00ff00'), { party: 'a' }), await used(square(40, '#0000ff'), { party: 'b' })];
    const drawn = await rendered(both);
    expect(drawn.ways).toEqual(['overlay', 'planes']);
    expectColor(drawn.pixel(28, 40), [0, 255, 0]);
    expectColor(drawn.pixel(50, 40), [0, 0, 255]);
    const painting = [await used(fill(200, 120, 60), { party: 'a' }), await used(INVERT, { party: 'b' })];
    const painted = await rendered(painting);
    expect(painted.ways).toEqual(['planes', 'planes']);
    expectColor(painted.pixel(150, 100), [55, 135, 195]);
    expect(videoOf(painted.output).frames).toBe(15);
  });

  it('fail with the name of the one that failed', async () => {
    const source = `import { effect } from '@plinth/sdk/effect';
export default effect({ title: 'Second', frame({ pixels, index }) { if (index === 4) throw new Error('No four!'); } });`;
    const chain = [await used(fill(1, 2, 3)), { compiled: await compile('second.ts', source) }];
    await expect(rendered(chain)).rejects.toThrow(/second\.ts: .*No four!/);
    await expect(rendered(chain)).rejects.toMatchObject({ extensions: { frame: 4, error: { line: 2 } } });
  });

  it('may be written in both languages', async () => {
    const python = `from plinth import effect\n@effect(title="Green")\ndef frame(f):\n    f.canvas.rect(20, 20, 40, 40, fill="#00ff00")\n`;
    const { pixel } = await rendered([{ compiled: await compile('green.py', python) }, await used(INVERT)]);
    expectColor(pixel(40, 40), [255, 0, 255]);
  });
});

describe('a drawing that mixes its colours', () => {
  const mixed = (blend: string, color: string) =>
    used(`frame({ canvas }) {
      canvas.group({ blend: '${blend}' }, () => canvas.rect(21, 21, 60, 60, { fill: '${color}' }));
      canvas.circle(200, 100, 10, { fill: '#0000ff' });
    }`);

  it('mixes them with the picture', async () => {
    const multiplied = await rendered([await mixed('multiply', '#808080')]);
    expect(multiplied.ways).toEqual(['planes']);
    expect(multiplied.why).toMatch(/15 of 15 frames mix their colours with the picture/);
    expectColor(multiplied.pixel(50, 50), [128, 0, 0]);
    expectColor(multiplied.pixel(200, 100), [0, 0, 255]);
    expectColor(multiplied.pixel(280, 150), [255, 0, 0]);
    const screened = await rendered([await mixed('screen', '#004080')]);
    expectColor(screened.pixel(50, 50), [255, 64, 128]);
    const difference = await rendered([await mixed('difference', '#ffffff')]);
    expectColor(difference.pixel(50, 50), [0, 255, 255]);
  });

  it('mixes them with what an effect before it painted', async () => {
    const { pixel } = await rendered([await used(fill(200, 100, 50)), await mixed('multiply', '#808080')]);
    expectColor(pixel(50, 50), [100, 50, 25]);
    expectColor(pixel(150, 150), [200, 100, 50]);
  });
});
