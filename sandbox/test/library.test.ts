import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inspect } from '../render/inspect.ts';
import { compile } from '../supervisor/compile.ts';

const LIBRARY = join(import.meta.dirname, '../library');
const effects = readdirSync(LIBRARY).filter((file) => /\.(ts|py)$/.test(file));

/** What a clip would bring with it. */
const data = {
  captions: [{ from: 0, to: 1, text: 'What is said, when it is said, in as many lines as it takes' }],
  'audio.spectrum': Array.from({ length: 30 }, (_, frame) =>
    Array.from({ length: 16 }, (_, band) => ((frame + band) % 8) / 8),
  ),
  'audio.beats': [0.2, 0.7],
  'live.likes': [0, 0.3],
};
const scene = { width: 320, height: 180, fps: 30, duration: 1, frames: 30, params: {}, data, seed: 7 };

describe.each(effects)('%s', (file) => {
  const open = async (facts: typeof scene) =>
    inspect(await compile(file, readFileSync(join(LIBRARY, file), 'utf8')), facts);

  test('says what it is, and does something in its first second', async () => {
    const { description, seen } = await open(scene);
    expect(description.title).toMatch(/^[A-Z]/);
    expect(description.summary?.length).toBeGreaterThan(20);
    expect(seen.drawnFrames + seen.pixelFrames).toBeGreaterThan(0);
  });

  test('plays upright, and without anything it could ask for', async () => {
    const { seen } = await open({ ...scene, width: 180, height: 320, data: {} as typeof data });
    expect(seen.frames).toBe(30);
  });
});
