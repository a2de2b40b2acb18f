// A node that is killed while it stores, again and again: what it acknowledged is there, what it did not leaves nothing.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aSite, type Site } from './storage-site.ts';

let site: Site;
beforeAll(async () => {
  site = await aSite();
});
afterAll(() => site.close());

interface Acknowledged {
  readonly objectId: string;
  readonly sha256: string;
}

/** Stores without end, and says what was stored. */
function aNode(seed: number): { child: ChildProcess; said: Acknowledged[]; enough(count: number): Promise<void> } {
  const given = JSON.stringify({ connection: site.connection, dir: site.dir, tenantId: site.ada.facts.id, seed });
  const child = spawn(process.execPath, [new URL('./storage-node.ts', import.meta.url).pathname, given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: Acknowledged[] = [];
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => said.push(JSON.parse(line)));
  const enough = async (count: number) => {
    while (said.length < count) await once(lines, 'line');
  };
  return { child, said, enough };
}

test('whatever was acknowledged before or between kills is there and whole; the rest leaves no trace', async () => {
  const acknowledged: Acknowledged[] = [];
  for (let round = 0; round < 3; round++) {
    const [one, two] = [aNode(round * 2), aNode(round * 2 + 1)];
    await Promise.all([one.enough(500), two.enough(500)]);
    for (const { child } of [one, two]) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    acknowledged.push(...one.said, ...two.said);
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(3000);

  for (const { objectId, sha256 } of acknowledged) {
    const bytes = await (await site.storage.read(site.ada.facts.id, objectId)).toArray();
    expect(createHash('sha256').update(Buffer.concat(bytes)).digest('hex')).toBe(sha256);
  }

  site.wait(50 * 3_600_000);
  for (const name of ['reconcile', 'sweep'] as const) await site.job(name);
  site.wait(2 * 3_600_000);
  await site.job('sweep');
  const objects = await site.rows<{ state: string; bytes: number; sha256: string }>(
    'select state, bytes::float8 as bytes, sha256 from kernel.storage_object',
  );
  expect(objects.every(({ state }) => state === 'stored')).toBe(true);
  expect(await site.usage(site.ada)).toBe(objects.reduce((sum, { bytes }) => sum + bytes, 0));
  const files = (await site.files()).map((file) => file.split('/').at(-1)).sort();
  expect(files).toEqual([...new Set(objects.map(({ sha256 }) => sha256))].sort());
});
