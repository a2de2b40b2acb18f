import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { render } from '../render/pipeline.ts';
import { provenanceFrom } from '../render/provenance.ts';
import { readProvenance } from '../render/read-provenance.ts';
import { compile } from '../supervisor/compile.ts';
import { aDirectory, ffmpeg, formatOf, H264, pattern } from './clips.ts';

const directory = aDirectory();
const [clip, output] = [join(directory, 'clip.mp4'), join(directory, 'out.mp4')];
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

const DOT = `import { effect, number, text } from '@plinth/sdk/effect';
export default effect({ title: 'Dot "of" dots; é=1', params: { size: number(8), label: text('', { maxLength: 20000 }) },
  frame({ canvas, params }) { canvas.circle(20, 20, params.size); } });`;

beforeAll(() => ffmpeg(...pattern('160x90'), ...H264, clip));

describe('a result', () => {
  it('says with which effects, params, seed and clip it was made, and when', async () => {
    const made = new Date('2026-03-04T05:06:07Z');
    const compiled = await compile('dot.ts', DOT);
    const second = { compiled, params: { size: 3 }, seed: 9, id: 'dots', version: '4' };
    const data = { 'audio.beats': [0.1] };
    const { provenance } = await render({
      ...{ input: clip, output, effects: [{ compiled }, second], data, from: 0.2, to: 0.6, made, seed: 5 },
    });
    const dot = { title: 'Dot "of" dots; é=1', sha256: sha256(DOT) };
    expect(provenance).toEqual({
      schema: 'plinth.provenance@1',
      made: '2026-03-04T05:06:07.000Z',
      effects: [
        { ...dot, id: 'dot.ts', version: sha256(DOT).slice(0, 12), seed: 5, params: { size: 8, label: '' } },
        { ...dot, id: 'dots', version: '4', seed: 9, params: { size: 3, label: '' } },
      ],
      source: { sha256: sha256(readFileSync(clip)), first: 6, frames: 12 },
      data: sha256(JSON.stringify(data)),
    });
    expect(await readProvenance(output)).toEqual(provenance);
    expect(JSON.parse(formatOf(output).tags.plinth ?? '')).toEqual(provenance);
  });

  it('tells the hash of params that are too long to tell', async () => {
    const label = 'x'.repeat(10_000);
    const { provenance } = await render({
      ...{ input: clip, output, effects: [{ compiled: await compile('dot.ts', DOT), params: { label } }] },
    });
    expect(provenance.effects[0]?.params).toEqual({ sha256: sha256(JSON.stringify({ size: 8, label })) });
  });

  it('of somebody else says nothing, and a file that is none is told so', async () => {
    expect(await readProvenance(clip)).toBeUndefined();
    for (const tag of ['', '{', 'null', '[]', '{"schema":"plinth.provenance@1"}'])
      expect(provenanceFrom(tag)).toBeUndefined();
    const text = join(directory, 'text.mp4');
    writeFileSync(text, 'no video');
    await expect(readProvenance(text)).rejects.toMatchObject({ code: 'render.not_a_video' });
  });
});
