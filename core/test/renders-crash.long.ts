// A worker is killed in the middle of a render: another one renders it anew, once, and nothing of the first is left.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { descendants, isAlive } from '@plinth/sandbox/test/clips.ts';
import type { Render } from '@plinth/sdk/services/renders.ts';
import { afterEach, expect, test, vi } from 'vitest';
import { createTestKernel, type TestKernel } from '../testing/kernel.ts';
import { aClip, filmLab, SLOW, submit, toldTo } from './renders-site.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function aWorker(kernel: TestKernel, dataDir: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./renders-node.ts', import.meta.url));
  const given = JSON.stringify({ dataDir, owner: kernel.owner });
  const child = spawn(process.execPath, [script, given], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

test('a render whose worker is killed is finished by another, once', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'plinth-crash-'));
  // This node answers requests, and leaves the work to others.
  await using kernel = await createTestKernel({ plugins: [filmLab()], config: { workSlots: 0, dataDir } });
  const site = await kernel.tenant();
  const ana = await site.person();
  const first = await aWorker(kernel, dataDir);
  const objectId = await aClip(kernel, site, { seconds: 8 });
  const { renderId } = await submit(ana, { effects: [SLOW], objectId });
  const look = async () => (await ana.get<Render>(`/api/film-lab/renders/${renderId}`)).body;
  const patience = { timeout: 60_000 };
  await vi.waitFor(async () => expect((await look()).progress).toBeGreaterThan(0.05), patience);
  const processes = descendants(first.pid);
  expect(processes.length).toBeGreaterThan(0);
  first.kill('SIGKILL');

  await vi.waitFor(async () => expect((await look()).state).toBe('waiting'), patience);
  expect(processes.filter(isAlive)).toEqual([]);
  const second = await aWorker(kernel, dataDir);
  await vi.waitFor(async () => expect((await look()).state).toBe('done'), patience);
  const { result } = await look();
  expect(result).toMatchObject({ frames: 200 });
  const { body } = await ana.get<{ attempts: number }>(`/api/kernel/work/${renderId}`);
  expect(body.attempts).toBe(2);
  // Once: one object beside the clip, which stays, and one event.
  const objects = await kernel.kernel.storage.listOf(site.id, 'film-lab');
  expect(objects.map(({ id, expiresAt }) => [id, expiresAt]).toSorted()).toEqual(
    [
      [objectId, undefined],
      [result?.objectId, undefined],
    ].toSorted(),
  );
  await kernel.settle();
  expect(await toldTo(site, renderId)).toMatchObject({ event: { renderId } });
  expect(await kernel.count(`select from kernel.outbox where payload ->> 'renderId' = '${renderId}'`)).toBe(1);

  second.kill('SIGTERM');
  await once(second, 'exit');
  expect(readdirSync(join(dataDir, 'work'))).toEqual([]);
  rmSync(dataDir, { recursive: true, force: true });
});
