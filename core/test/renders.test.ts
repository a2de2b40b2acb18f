// `renders@1` as a plugin uses it: on real clips, through the real sandbox and FFmpeg.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Render } from '@plinth/sdk/services/renders.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestKernel, type TestKernel, type TestPerson, type TestTenant } from '../testing/kernel.ts';
import { aClip, FAILING, filmLab, SQUARE, submit } from './renders-site.ts';

let kernel: TestKernel;
let site: TestTenant;
let ana: TestPerson;
beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [filmLab()], config: { workSlots: 1 } });
  site = await kernel.tenant();
  ana = await site.person();
});
afterAll(() => kernel?.[Symbol.asyncDispose]());

async function done(renderId: string, person = ana): Promise<Render> {
  await kernel.settle();
  return (await person.get<Render>(`/api/film-lab/renders/${renderId}`)).body;
}

test('a plugin has a clip rendered, and gets an object of its own', async () => {
  const objectId = await aClip(kernel, site);
  const { renderId, state } = await submit(ana, { effects: [SQUARE], objectId });
  expect(state).toBe('waiting');
  const render = await done(renderId);
  expect(render).toMatchObject({ state: 'done', progress: 1, result: { width: 64, height: 48, frames: 25, fps: 25 } });
  const { result } = render;
  const object = await kernel.kernel.storage.stat(site.id, result?.objectId ?? '');
  expect(object).toMatchObject({
    plugin: 'film-lab',
    accountId: ana.accountId,
    visibility: 'private',
    type: 'video/mp4',
  });
  expect(object?.expiresAt).toBeUndefined();
  const file = join(mkdtempSync(join(tmpdir(), 'plinth-out-')), 'out.mp4');
  writeFileSync(file, Buffer.concat(await (await kernel.kernel.storage.read(site.id, object?.id ?? '')).toArray()));
  const rgb = execFileSync('ffmpeg', [
    '-v',
    'error',
    '-i',
    file,
    '-frames:v',
    '1',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-',
  ]);
  const [red = 0, green = 0, blue = 0] = rgb.subarray(3 * (5 * 64 + 5));
  expect(red).toBeGreaterThan(200);
  expect(Math.max(green, blue)).toBeLessThan(60);
});

test('a failing effect says its file, line and column', async () => {
  const objectId = await aClip(kernel, site);
  const { renderId } = await submit(ana, { effects: [FAILING], objectId });
  expect(await done(renderId)).toMatchObject({
    state: 'failed',
    error: {
      code: 'render.effect_failed',
      detail: 'Error: no third frame',
      frame: 3,
      place: { file: 'failing.ts', line: 6, column: 28 },
    },
  });
});
